"""The real photographs: read as their data sets have them, and a split that training never sees."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import SHARED

from models.bundled import SIGNS
from models.errors import ModelError
from models.training.backgrounds import COMMON, LONGEST, STREET, backgrounds, bundled
from models.training.maker import decoded, trained_on
from models.training.photos import (
    ROAD_SIGNS,
    ROBOCUP,
    held_out,
    read_picture,
    road_signs,
    robocup,
)

needs_data = pytest.mark.skipif(
    not (SHARED / ROAD_SIGNS).is_dir() or not (SHARED / ROBOCUP).is_dir(),
    reason="needs the photographs of ../shared/data, which are not here",
)

NEVER = (
    *("bsds500", "camvid", "dfg_scenes", "gtsrb", "vot_ball", "ball/ssl"),
    *("pytorch_tutorial_faces", "city_"),
)
"""Parts of paths that no weights may be fitted to: their licences do not allow it, or they judge."""


def write_picture(path: Path, width: int = 40, height: int = 30, value: int = 90) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((height, width, 3), value, np.uint8))


def road_sign(data: Path, name: str = "road1", things: str = "") -> Path:
    """One photograph of road_sign_scenes with its VOC file, which is returned."""
    write_picture(data / ROAD_SIGNS / "images" / f"{name}_png.rf.abc.jpg")
    note = data / ROAD_SIGNS / "voc" / f"{name}.xml"
    note.parent.mkdir(exist_ok=True)
    note.write_text(
        f"<annotation><size><width>200</width><height>100</height></size>{things}</annotation>"
    )
    return note


def thing(name: str, box: tuple[int, int, int, int]) -> str:
    corners = "".join(
        f"<{c}>{v}</{c}>" for c, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    return f"<object><name>{name}</name><bndbox>{corners}</bndbox></object>"


def test_boxes_of_a_road_are_shares_of_the_size_that_its_voc_file_states(tmp_path: Path) -> None:
    things = thing("stop", (20, 10, 60, 90)) + thing("redlight", (100, 0, 210, 50))
    road_sign(tmp_path, things=things)
    (photo,) = road_signs(tmp_path)
    np.testing.assert_allclose(photo.boxes, [[0.1, 0.1, 0.3, 0.9], [0.5, 0, 1, 0.5]])
    assert [SIGNS[label] for label in photo.labels] == ["stop", "traffic light"]
    sample = decoded(photo, np.ones(len(SIGNS), bool))
    np.testing.assert_allclose(sample.boxes[0], [4, 3, 12, 27], rtol=1e-6)


def test_balls_are_read_and_other_things_left_out(tmp_path: Path) -> None:
    picture = tmp_path / ROBOCUP / "20200101" / "a.jpg"
    write_picture(picture)
    picture.with_suffix(".txt").write_text("0 0.5 0.25 0.2 0.1\n1 0.5 0.5 0.1 0.1\n")
    (photo,) = robocup(tmp_path)
    np.testing.assert_allclose(photo.boxes, [[0.4, 0.2, 0.6, 0.3]], rtol=1e-6)
    assert photo.labels.tolist() == [0]


@pytest.mark.parametrize("reader", [road_signs, robocup])
def test_a_folder_without_pictures_is_refused(tmp_path: Path, reader) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=r"^[^\n]*no picture there; --data[^\n]*$"):
        list(reader(tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<annotation>",
        "<annotation><object><name>cat</name></object></annotation>",
        f"<annotation>{thing('stop', (1, 2, 3, 4)).replace('3', 'three')}</annotation>",
    ],
)
def test_a_damaged_voc_file_is_named(tmp_path: Path, content: str) -> None:
    note = road_sign(tmp_path)
    note.write_text(content)
    with pytest.raises(ModelError, match=r"^[^\n]*road1\.xml: not the annotation[^\n]*$"):
        list(road_signs(tmp_path))


@pytest.mark.parametrize("content", ["0 0.5 0.5 0.1\n", "ball 1 2 3 4\n", "0 0 0 0 0 0\n"])
def test_a_damaged_yolo_file_is_named(tmp_path: Path, content: str) -> None:
    picture = tmp_path / ROBOCUP / "a.jpg"
    write_picture(picture)
    picture.with_suffix(".txt").write_text(content)
    with pytest.raises(ModelError, match=r"^[^\n]*a\.txt: not the annotation[^\n]*$"):
        list(robocup(tmp_path))


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_text("no picture")
    with pytest.raises(ModelError, match=r"^[^\n]*a\.jpg: not a picture[^\n]*$"):
        read_picture(path)


@pytest.mark.parametrize(("name", "count"), [("signs", 128), ("ball", 27)])
def test_a_split_names_every_file_once(name: str, count: int) -> None:
    import importlib.resources

    text = importlib.resources.files("models.training") / "splits" / f"{name}.txt"
    lines = [x for x in text.read_text(encoding="utf-8").splitlines() if not x.startswith("#")]
    assert len(lines) == len(set(lines)) == len(held_out(name)) == count
    prefix = {"signs": f"{ROAD_SIGNS}/images/", "ball": f"{ROBOCUP}/"}[name]
    assert all(line.startswith(prefix) and line == line.strip() for line in lines)


def test_training_sees_nothing_that_is_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(4):
        road_sign(tmp_path, f"road{i}")
    kept = f"{ROAD_SIGNS}/images/road2_png.rf.abc.jpg"
    monkeypatch.setattr("models.training.maker.held_out", lambda name: frozenset({kept}))
    left = trained_on(list(road_signs(tmp_path)), "signs", tmp_path)
    assert [photo.path.name[:5] for photo in left] == ["road0", "road1", "road3"]
    everything = {f"{ROAD_SIGNS}/images/road{i}_png.rf.abc.jpg" for i in range(4)}
    monkeypatch.setattr("models.training.maker.held_out", lambda name: frozenset(everything))
    with pytest.raises(ModelError, match=r"^training signs: every photograph[^\n]*held out[^\n]*$"):
        trained_on(list(road_signs(tmp_path)), "signs", tmp_path)


@needs_data
@pytest.mark.parametrize(
    ("name", "reader", "count"), [("signs", road_signs, 485), ("ball", robocup, 89)]
)
def test_real_photographs_are_trained_on_or_held_out(name: str, reader, count: int) -> None:  # type: ignore[no-untyped-def]
    photos = list(reader(SHARED))
    trained = {p.path.relative_to(SHARED).as_posix() for p in trained_on(photos, name, SHARED)}
    kept = held_out(name)
    assert len(photos) == count
    assert all((SHARED / path).is_file() for path in kept)
    assert not trained & kept
    assert len(trained) + len(kept) == count
    for photo in photos:
        assert ((photo.boxes >= 0) & (photo.boxes <= 1)).all()
        assert (photo.boxes[:, 2:] > photo.boxes[:, :2]).all()


@needs_data
def test_blocks_of_neighbours_are_on_one_side_of_the_split_of_signs() -> None:
    kept = held_out("signs")
    for photo in road_signs(SHARED):
        number = re.match(r"road(\d+)_", photo.path.name)
        assert number is not None
        block = int(number[1]) // 5
        assert (photo.path.relative_to(SHARED).as_posix() in kept) == (block % 4 == 3)


@needs_data
def test_a_day_is_on_one_side_of_the_split_of_balls() -> None:
    kept = held_out("ball")
    sides: dict[str, set[bool]] = {}
    for photo in robocup(SHARED):
        path = photo.path.relative_to(SHARED)
        sides.setdefault(path.parts[2], set()).add(path.as_posix() in kept)
    assert all(len(side) == 1 for side in sides.values())
    assert Counter(next(iter(side)) for side in sides.values())[True] >= 5


@needs_data
def test_labels_of_the_roads_are_those_that_are_there() -> None:
    labels = np.concatenate([photo.labels for photo in road_signs(SHARED)])
    counts = Counter(SIGNS[label] for label in labels)
    assert counts == {"speed limit": 468, "crosswalk": 85, "traffic light": 60, "stop": 59}


def test_no_background_is_of_what_must_not_be_trained_on() -> None:
    for folder in (*COMMON, *STREET):
        assert not any(part in folder for part in NEVER), folder


def test_backgrounds_are_pictures_and_frames_of_clips(tmp_path: Path) -> None:
    write_picture(tmp_path / "a" / "sub" / "large.PNG", 2 * LONGEST, LONGEST)
    write_picture(tmp_path / "a" / "small.jpg", 50, 40)
    write_picture(tmp_path / "a" / "city_1.jpg", value=255)
    (tmp_path / "a" / "readme.txt").write_text("no picture")
    clip = cv2.VideoWriter(
        str(tmp_path / "a" / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 25, (64, 48)
    )
    for i in range(40):
        clip.write(np.full((48, 64, 3), i * 6, np.uint8))
    clip.release()
    found = backgrounds(tmp_path, ["a"])
    shapes = Counter(picture.shape for picture in found)
    assert shapes == {(LONGEST // 2, LONGEST, 3): 1, (40, 50, 3): 1, (48, 64, 3): 20}
    assert not any((picture == 255).all() for picture in found), "city_ is left out"
    frames = [int(picture.mean()) for picture in found if picture.shape[0] == 48]
    assert frames == sorted(frames)
    assert frames[-1] - frames[0] > 180, "from all over the clip"


def test_a_folder_without_backgrounds_is_named(tmp_path: Path) -> None:
    write_picture(tmp_path / "a" / "one.jpg")
    (tmp_path / "b").mkdir()
    for folder in ("b", "c"):
        with pytest.raises(ModelError, match=rf"^[^\n]*{folder}: no picture there[^\n]*$"):
            backgrounds(tmp_path, ["a", folder])


def test_bundled_photographs_are_colour_pictures() -> None:
    pictures = bundled()
    assert len(pictures) == 8
    for picture in pictures:
        assert picture.dtype == np.uint8
        assert picture.shape[2] == 3
        assert max(picture.shape[:2]) <= LONGEST
