"""`camdrift models evaluate`, as its users meet it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.quality.figures import JUDGED, Figure
from models.zoo import ZOO
from monitor.commands.quality import measured, quality_json, quality_table

pytestmark = pytest.mark.timeout(240)

Run = Callable[..., tuple[int, str, str]]
Refusal = Callable[..., str]

FACE = (112.0, 52.0, 172.0, 128.0)
"""Around the landmarks of the face in `photograph`, by hand."""


@pytest.fixture
def data(tmp_path: Path, photograph: np.ndarray) -> Path:
    """A data folder with two portraits: one with its face, one of grey with a face in its list only."""
    folder = tmp_path / "data/faces/pytorch_tutorial_faces"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "one.png"), photograph)
    cv2.imwrite(str(folder / "none.png"), np.full((240, 320, 3), 128, np.uint8))
    rng = np.random.default_rng(0)
    inside = rng.uniform(FACE[:2], FACE[2:], (66, 2))
    points = np.concatenate([inside, np.array([FACE[:2], FACE[2:]])]).ravel()
    line = ",".join(f"{v:.2f}" for v in points)
    heading = ",".join(f"part_{i}_{axis}" for i in range(68) for axis in "xy")
    (folder / "face_landmarks.csv").write_text(
        f"image_name,{heading}\none.png,{line}\nnone.png,{line}\n"
    )
    return tmp_path / "data"


def test_a_model_is_judged_on_a_folder_of_pictures(run: Run, data: Path) -> None:
    code, out, err = run("models", "evaluate", "faces", "--data", data)
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines.index("faces") + 1 == lines.index("recall face portraits; 1 of 2 objects 0.500")
    assert "score threshold 0.5" in out


def test_json_is_for_programs(run: Run, data: Path) -> None:
    code, out, err = run(
        "models", "evaluate", "faces", "--data", data, "--json", "--threshold", "0.3"
    )
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "threshold": 0.3,
        "models": {
            "faces": [
                {
                    "figure": "recall face",
                    "on": "portraits",
                    "value": 0.5,
                    "target": None,
                    "target_is": "at least",
                    "reached": None,
                    "counted": "1 of 2 objects",
                }
            ]
        },
    }


def test_a_higher_threshold_finds_less(run: Run, data: Path) -> None:
    _, out, _ = run("models", "evaluate", "faces", "--data", data, "--json", "--threshold", "0.99")
    assert json.loads(out)["models"]["faces"][0]["value"] == 0.0


def test_what_cannot_be_judged_is_one_line(refusal: Refusal, data: Path, tmp_path: Path) -> None:
    evaluate = ("models", "evaluate")
    assert "nearest is faces" in refusal(*evaluate, "face", "--data", data)
    err = refusal(*evaluate, "imagenet", "--data", data)
    assert f"no pictures to judge it on; take one of {', '.join(JUDGED)}" in err
    err = refusal(*evaluate, "faces", "--data", tmp_path / "nowhere")
    assert "nowhere: no such folder; --data names the folder of real pictures" in err
    err = refusal(*evaluate, "faces", "--data", tmp_path)
    assert "face_landmarks.csv: No such file or directory; is " in err
    assert "the right folder?" in err
    assert "--threshold" in refusal(*evaluate, "faces", "--threshold", "2")


def test_damaged_pictures_and_lists_are_one_line(refusal: Refusal, data: Path) -> None:
    folder = data / "faces/pytorch_tutorial_faces"
    (folder / "none.png").write_text("no picture")
    assert "none.png: not a picture" in refusal("models", "evaluate", "faces", "--data", data)
    (folder / "face_landmarks.csv").write_text("image_name\nnone.png,a,b\n")
    err = refusal("models", "evaluate", "faces", "--data", data)
    assert "face_landmarks.csv: not the annotation" in err
    (folder / "face_landmarks.csv").write_text("image_name,x,y\n")
    err = refusal("models", "evaluate", "faces", "--data", data)
    assert "none of the pictures is there that faces is judged on" in err


def test_every_judged_model_is_in_the_zoo_and_judged_without_a_name(
    refusal: Refusal, data: Path
) -> None:
    assert set(JUDGED) <= set(ZOO)
    # The folder holds portraits only: the first model without pictures is named.
    assert str(data) in refusal("models", "evaluate", "--data", data)


def test_names_are_judged_in_their_order(data: Path) -> None:
    assert list(measured(["faces"], data, 0.5)) == ["faces"]


FOUND = {
    "ball": [
        Figure("AP50 ball", "here", 0.912, 0.90, False, "37 objects"),
        Figure("false boxes a picture", "there", 0.2, 0.05, True, "79 pictures"),
        Figure("recall ball", "nowhere", None, 0.85, False, "0 of 0 objects"),
    ]
}


@pytest.mark.parametrize("width", [80, 160])
def test_a_table_says_what_was_reached_and_missed(width: int) -> None:
    from rich.console import Console

    console = Console(width=width)
    with console.capture() as caught:
        console.print(quality_table(FOUND, 0.5))
    lines = [" ".join(line.split()) for line in caught.get().splitlines()]
    assert "ball" in lines
    assert "AP50 ball here; 37 objects 0.912 at least 0.9: reached" in lines
    assert "false boxes a picture there; 79 pictures 0.200 at most 0.05: missed" in lines
    assert any(line.startswith("recall ball nowhere; 0 of 0") for line in lines)
    assert any(line.endswith("- at least 0.85") for line in lines)


def test_json_says_which_way_a_target_is() -> None:
    rows = json.loads(quality_json(FOUND, 0.5))["models"]["ball"]
    assert [row["target_is"] for row in rows] == ["at least", "at most", "at least"]
    assert [row["reached"] for row in rows] == [True, False, None]
