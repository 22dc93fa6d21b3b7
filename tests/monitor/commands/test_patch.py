"""`camdrift patch`, as its users meet it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor.commands import patch as command
from monitor.commands.patch import held_out_text
from monitor.patches.patch import NOTE, load, made_names

pytestmark = pytest.mark.timeout(240)

Run = Callable[..., tuple[int, str, str]]
Refusal = Callable[..., str]

QUICK = (
    *("--source", "scene:portrait", "--place", "on:0.5", "--width", 160),
    *("--frames", 6, "--steps", 3, "--batch", 1, "--side", 16),
)


def test_the_patches_that_come_along_are_listed(run: Run) -> None:
    code, out, err = run("patch")
    assert (code, err) == (0, "")
    for name in made_names():
        assert name in out
        assert held_out_text(load(name).facts).split()[0] in out
    assert "test material" in out


def test_a_patch_is_trained_kept_worn_and_gone_on_with(
    run: Run, refusal: Refusal, tmp_path: Path
) -> None:
    code, out, err = run("patch", "train", "mine.png", *QUICK)
    assert code == 0, err
    assert "training: 3 of 3" in err
    assert out.splitlines()[0] == "patch:    mine.png"
    assert "wear it:  camdrift live --model faces --attack patch:mine.png" in out
    facts = load(str(tmp_path / "mine.png")).facts
    assert (facts.model, facts.goal, facts.steps) == ("faces", "vanish", 3)
    assert facts.trained_on == ("scene:portrait",)
    assert set(facts.held_out) == {"patch", "grey", "random", "of"}
    assert facts.note == NOTE

    line = refusal("patch", "train", "mine.png", *QUICK)
    assert "--resume goes on with it, --anew begins again" in line
    before = (tmp_path / "mine.png").read_bytes()
    assert run("patch", "train", "mine.png", *QUICK, "--resume")[0] == 0
    assert (tmp_path / "mine.png").read_bytes() == before
    assert "with other settings" in refusal(
        "patch", "train", "mine.png", *QUICK, "--rate", 0.1, "--resume"
    )
    assert run("patch", "train", "mine.png", *QUICK, "--seed", 1, "--anew")[0] == 0
    assert (tmp_path / "mine.png").read_bytes() != before

    words = ("scene:portrait?frames=3", "--width", 160, "--attack", "patch:mine.png")
    code, out, err = run("evaluate", *words, "--runs", "runs")
    assert code == 0, err
    folder = next((tmp_path / "runs").iterdir())
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    condition = summary["condition"]
    assert (condition["attack"], condition["norm"]) == ("patch", "l0")
    assert condition["eps_text"] == "5 % of the frame"
    assert 0 < summary["l0_max"] <= 0.05 * 160 * 120
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["patch"]["name"] == "mine.png"
    assert len(manifest["patch"]["pixels_sha256"]) == 64
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "5 % of the frame" in page
    assert "--patch mine.png" in " ".join(page.split())


def test_a_folder_of_photographs_is_trained_on(
    run: Run, photograph: np.ndarray, tmp_path: Path
) -> None:
    folder = tmp_path / "photographs" / "deeper"
    folder.mkdir(parents=True)
    for i in range(3):
        cv2.imwrite(str(folder / f"{i}.png"), np.roll(photograph, 5 * i, axis=1))
    (folder / "broken.jpg").write_bytes(b"no picture")
    code, _, err = run(
        *("patch", "train", "a", "--source", "photographs", "--width", 160),
        *("--frames", 3, "--steps", 1, "--batch", 1, "--side", 8),
    )
    assert code == 0, err
    assert load(str(tmp_path / "a")).pixels.shape == (8, 8, 3)


def test_a_stop_keeps_what_was_done(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "train", stopped)
    code, out, err = run("patch", "train", "a.png", *QUICK)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == (
        "camdrift: stopped; the same command with --resume goes on from the last checkpoint"
    )


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--source", "nowhere.mp4"), "nowhere.mp4"),
        (("--source", "scene:road", "--model", "imagenet"), "labels the whole frame"),
        (("--source", "scene:road", "--model", "sings"), "no such model"),
        (("--source", "scene:road", "--victims", "stop"), "no class 'stop'"),
        (("--source", "scene:road", "--place", "under"), "patch_at = 'under'"),
        (("--source", "scene:road", "--place", "0,0 1,0 1,1 0,1"), "a plane is followed"),
        (("--source", "scene:road", "--side", "4"), "side = 4"),
        (("--source", "scene:road", "--mask", "0,0,2,1"), "mask = '0,0,2,1'"),
        (("--source", "scene:road", "--goal", "mislabel"), "goal = mislabel"),
        (("--source", "scene:road", "--resume"), "no such training to go on with"),
        (("--source", "scene:road", "--resume", "--anew"), "give one of them"),
        ((), "Missing option '--source'"),
    ],
)
def test_what_cannot_be_trained_is_one_line(
    words: tuple[str, ...], part: str, refusal: Refusal
) -> None:
    assert part in refusal("patch", "train", "a.png", *words)


def test_a_name_that_is_no_png_is_refused_before_anything_is_read(refusal: Refusal) -> None:
    assert "a patch is saved as a PNG" in refusal("patch", "train", "a.jpg", "--source", "nowhere")


def test_an_empty_folder_and_a_scene_without_victims_are_told(
    refusal: Refusal, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert "a folder without pictures" in refusal("patch", "train", "a", "--source", "empty")
    cv2.imwrite(str(tmp_path / "empty" / "grey.png"), np.full((64, 64, 3), 99, np.uint8))
    code, _, err = run("patch", "train", "a", "--source", "empty", "--width", 64)
    assert code == 2
    assert "found no object in its frames" in err.splitlines()[-1]


def test_a_patch_is_exported_at_its_size(run: Run, refusal: Refusal, tmp_path: Path) -> None:
    code, out, err = run("patch", "export", "face", "face.pdf", "--width-mm", 120)
    assert (code, err) == (0, "")
    assert out.startswith("face.pdf: 120 x 120 mm on 1 page of A4")
    assert (tmp_path / "face.pdf").read_bytes().startswith(b"%PDF")
    assert "no file" in refusal("patch", "export", "nobody", "a.pdf")
    assert ".pdf" in refusal("patch", "export", "face", "a.txt")
