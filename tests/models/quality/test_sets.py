"""The pictures that models are judged on: counted where they are, refused in one line where they are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import SHARED

from models.bundled import SIGNS
from models.errors import ModelError
from models.quality.sets import (
    DFG_OWN,
    LEAST_SIDE,
    STREET_WIDTH,
    Picture,
    dfg_scenes,
    free_of_balls,
    free_of_signs_and_balls,
    portraits,
    road_sign_scenes,
    robocup_days,
    vot_ball,
)
from models.training.photos import held_out

Reader = Callable[[Path], Iterator[Picture]]

COUNTS = [
    (road_sign_scenes, 128, {"speed limit": 118, "stop": 22, "crosswalk": 21, "traffic light": 14}),
    (dfg_scenes, 18, None),
    (free_of_signs_and_balls, 79, {}),
    (robocup_days, 27, {"ball": 37}),
    (vot_ball, 250, {"ball": 250}),
    (portraits, 69, {"face": 69}),
    (free_of_balls, 69, {}),
]


@pytest.mark.skipif(
    not (SHARED / "signs").is_dir(),
    reason="needs the pictures of ../shared/data, which are not here",
)
@pytest.mark.parametrize(
    ("reader", "count", "expected"), COUNTS, ids=[reader.__name__ for reader, *_ in COUNTS]
)
def test_the_real_pictures(reader: Reader, count: int, expected: dict[str, int] | None) -> None:
    labels: dict[str, int] = {}
    total = 0
    for picture in reader(SHARED):
        total += 1
        height, width = picture.pixels.shape[:2]
        assert picture.pixels.dtype == np.uint8
        assert picture.boxes.dtype == np.float32
        assert picture.boxes.shape == (len(picture.labels), 4)
        assert (picture.boxes[:, 2:] > picture.boxes[:, :2]).all()
        assert (picture.boxes > -0.5 * max(width, height)).all()
        assert (picture.boxes < 1.5 * max(width, height)).all()
        for label in picture.labels:
            labels[label] = labels.get(label, 0) + 1
    assert total == count
    if expected is not None:
        assert labels == expected
    else:
        assert sum(labels.values()) == 35
        assert set(labels) >= DFG_OWN, "each of the named categories is there"
        assert sum(labels[name] for name in DFG_OWN) == 15


def scene(folder: Path, things: list[dict[str, object]], width: int = 1920) -> Path:
    (folder / "signs/dfg_scenes/images").mkdir(parents=True)
    picture = np.full((width * 9 // 16, width, 3), 90, np.uint8)
    assert cv2.imwrite(str(folder / "signs/dfg_scenes/images/a.jpg"), picture)
    content = {
        "categories": [{"id": 7, "name": "II-2"}, {"id": 8, "name": "III-3"}],
        "images": [{"id": 1, "width": width, "file_name": "a.jpg"}],
        "annotations": [{"image_id": 1, "category_id": 7, **thing} for thing in things],
    }
    note = folder / "signs/dfg_scenes/annotations.json"
    note.write_text(json.dumps(content))
    return note


def test_street_scenes_are_scaled_and_small_and_ignored_signs_left_out(tmp_path: Path) -> None:
    assert (STREET_WIDTH, LEAST_SIDE) == (960, 20)
    scene(
        tmp_path,
        [
            {"bbox": [100, 200, 60, 40]},
            {"bbox": [0, 0, 39, 100]},  # 19.5 px at half the size
            {"bbox": [500, 500, 90, 90], "ignore": True},
            {"bbox": [300, 300, 80, 80], "category_id": 8, "ignore": False},
            {"bbox": [300, 300, 80, 80], "image_id": 2},
        ],
    )
    (picture,) = dfg_scenes(tmp_path)
    assert picture.pixels.shape == (540, 960, 3)
    np.testing.assert_array_equal(picture.boxes, [[50, 100, 80, 120], [150, 150, 190, 190]])
    assert picture.labels == ("II-2", "III-3")


@pytest.mark.parametrize("content", ["{", "[]", '{"categories": [], "images": [{}]}'])
def test_a_damaged_list_of_scenes_is_named(tmp_path: Path, content: str) -> None:
    scene(tmp_path, []).write_text(content)
    with pytest.raises(ModelError, match=r"^[^\n]*annotations\.json: not the annotation[^\n]*$"):
        list(dfg_scenes(tmp_path))


def test_a_polygon_becomes_the_box_around_it(tmp_path: Path) -> None:
    folder = tmp_path / "ball/vot_ball"
    folder.mkdir(parents=True)
    for i in (1, 2):
        cv2.imwrite(str(folder / f"0000000{i}.jpg"), np.full((24, 32, 3), i, np.uint8))
    note = folder / "groundtruth.txt"
    note.write_text("10,20,15,12,20,20,15,28\n1,2,3,2,3,4,1,4\n")
    pictures = list(vot_ball(tmp_path))
    assert [p.boxes[0].tolist() for p in pictures] == [[10, 12, 20, 28], [1, 2, 3, 4]]
    assert [round(float(p.pixels.mean())) for p in pictures] == [1, 2], "in their order"
    note.write_text("10,20,15\n")
    with pytest.raises(ModelError, match=r"^[^\n]*groundtruth\.txt: not the annotation[^\n]*$"):
        list(vot_ball(tmp_path))


@pytest.mark.parametrize("name", ["signs", "ball"])
def test_only_what_was_held_out_judges(tmp_path: Path, name: str) -> None:
    # One file of the split and one of training, both with a label.
    kept = min(held_out(name))
    for path in (
        kept,
        kept.replace("2023", "2001") if name == "ball" else kept.replace("road", "x"),
    ):
        picture = tmp_path / path
        picture.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(picture), np.full((30, 40, 3), 90, np.uint8))
        if name == "ball":
            picture.with_suffix(".txt").write_text("0 0.5 0.5 0.5 0.5\n")
        else:
            note = (
                tmp_path / "signs/road_sign_scenes/voc" / f"{picture.name.partition('_png')[0]}.xml"
            )
            note.parent.mkdir(exist_ok=True, parents=True)
            note.write_text(
                "<annotation><size><width>9</width><height>9</height></size></annotation>"
            )
    reader = robocup_days if name == "ball" else road_sign_scenes
    (picture_read,) = reader(tmp_path)
    if name == "ball":
        assert picture_read.labels == ("ball",)
        np.testing.assert_allclose(picture_read.boxes, [[10, 7.5, 30, 22.5]])


@pytest.mark.parametrize("reader", [reader for reader, *_ in COUNTS])
def test_an_empty_folder_is_an_error_and_no_empty_answer(tmp_path: Path, reader: Reader) -> None:
    with pytest.raises((ModelError, OSError)):
        list(reader(tmp_path))


def test_the_labels_of_the_roads_are_class_names_of_signs() -> None:
    assert {"speed limit", "stop", "crosswalk", "traffic light"} < set(SIGNS)
