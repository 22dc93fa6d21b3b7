"""Boxes written in each format come back where they were, at every working size."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.errors import RunError
from monitor.evaluation.truth import Attached, Kind, Shelf
from monitor.evaluation.truth.boxes import UNKNOWN
from monitor.evaluation.truth.mot import fast_rows, plain_rows

NAMES = ("stop", "give way", "ball")


@dataclass(frozen=True)
class Object:
    frame: int
    box: tuple[float, float, float, float]  # x, y, width, height in pixels of the medium
    label: int
    identity: int


def write_coco(folder: Path, objects: list[Object], size, frames: int, **more) -> Attached:
    images = [{"id": 7 + i, "file_name": f"clip_{i:06d}.jpg", **more} for i in range(frames)]
    notes = [
        {
            "id": n,
            "image_id": 7 + one.frame,
            "bbox": list(one.box),
            "category_id": one.label,
            "track_id": one.identity,
        }
        for n, one in enumerate(objects)
    ]
    categories = [{"id": i, "name": name} for i, name in enumerate(NAMES)]
    file = folder / "clip.json"
    tree = {"images": images, "annotations": notes, "categories": categories}
    file.write_text(json.dumps(tree))
    return Attached(Kind.COCO, str(file), str(folder / "clip.mp4"))


def write_mot(folder: Path, objects: list[Object], size, frames: int) -> Attached:
    (folder / "labels.txt").write_text("\n".join(("nothing", *NAMES)))
    lines = [
        f"{one.frame + 1},{one.identity},{','.join(map(repr, one.box))},1,{one.label + 2},1.0"
        for one in objects
    ]
    file = folder / "clip.gt.txt"
    file.write_text("\n".join(lines) + "\n")
    return Attached(Kind.MOT, str(file), str(folder / "clip.mp4"))


def write_yolo(folder: Path, objects: list[Object], size, frames: int) -> Attached:
    (folder / "classes.txt").write_text("\n".join(NAMES))
    for frame in range(frames):
        lines = []
        for one in objects:
            if one.frame == frame:
                x, y, w, h = one.box
                shares = ((x + w / 2) / size[0], (y + h / 2) / size[1], w / size[0], h / size[1])
                lines.append(f"{one.label} " + " ".join(map(repr, shares)))
        (folder / f"clip_{frame:06d}.txt").write_text("\n".join(lines))
    return Attached(Kind.YOLO, str(folder), str(folder / "clip.mp4"))


WRITERS = {"coco": write_coco, "mot": write_mot, "yolo": write_yolo}


@st.composite
def stories(draw):
    size = draw(st.tuples(st.integers(16, 4000), st.integers(16, 4000)))
    working = draw(st.tuples(st.integers(16, 2000), st.integers(16, 2000)))
    frames = draw(st.integers(1, 4))
    objects = []
    for number in range(draw(st.integers(0, 5))):
        x = draw(st.floats(0, size[0] - 4))
        y = draw(st.floats(0, size[1] - 4))
        w = draw(st.floats(1, size[0] - x))
        h = draw(st.floats(1, size[1] - y))
        frame = draw(st.integers(0, frames - 1))
        label = draw(st.integers(0, len(NAMES) - 1))
        objects.append(Object(frame, (x, y, w, h), label, number))
    return size, working, frames, objects


@pytest.mark.parametrize("form", WRITERS)
@given(story=stories())
@settings(max_examples=40)
def test_boxes_come_back_scaled_to_the_working_size(form, story):
    size, working, frames, objects = story
    with TemporaryDirectory() as folder:
        attached = WRITERS[form](Path(folder), objects, size, frames)
        truth = attached.opened(size)
        for frame in range(frames):
            seen = truth.at(frame, working)
            mine = [one for one in objects if one.frame == frame]
            assert seen is not None
            assert len(seen) == len(mine)
            factor = np.array(working * 2) / np.array(size * 2)
            for box, one in zip(seen.xyxy, mine, strict=True):
                x, y, w, h = one.box
                expected = np.array([x, y, x + w, y + h]) * factor
                np.testing.assert_allclose(box, expected, rtol=1e-5, atol=1e-3)
            assert seen.data["class_name"].tolist() == [NAMES[one.label] for one in mine]
            assert seen.xyxy.dtype == np.float32
            if form != "yolo" and objects:
                assert seen.data["object_id"].dtype == np.int64
                assert seen.data["object_id"].tolist() == [one.identity for one in mine]


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_a_frame_that_nobody_annotated_is_none_and_an_empty_one_is_empty(form, tmp_path):
    truth = WRITERS[form](tmp_path, [Object(0, (1, 1, 5, 5), 0, 0)], (50, 40), 2).opened((50, 40))
    assert len(truth.at(0, (50, 40))) == 1
    empty = truth.at(1, (50, 40))
    assert empty is not None
    assert len(empty) == 0
    assert empty.data["class_name"].tolist() == []
    assert truth.at(2, (50, 40)) is None


def test_mot_text_is_about_every_frame_and_numbers_them_from_one(tmp_path):
    (tmp_path / "gt.txt").write_text("3,5,10,20,30,40,1,1,1\n")
    truth = Attached(Kind.MOT, str(tmp_path / "gt.txt"), "clip.mp4").opened((100, 100))
    assert [len(truth.at(i, (100, 100))) for i in range(5)] == [0, 0, 1, 0, 0]
    seen = truth.at(2, (100, 100))
    assert seen.data["class_name"].tolist() == ["person"]
    assert seen.data["object_id"].tolist() == [5]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("1,1,10,10,5,5,0,1,1", 0),  # not to be considered
        ("1,1,10,10,5,5,1,-1,-1,-1", 1),  # MOT15
        ("1 1 10 10 5 5", 1),
        ("1, 1, 10, 10, 5, 5, 1, 7, 0.5", 1),
        ("1,1,10,10,0,5,1,1,1", 0),  # no area
        ("1,1,-20,10,15,5,1,1,1", 0),  # outside
        ("1,-1,-20,10,50,5,1,1,1", 1),
    ],
)
def test_variants_of_mot_text(tmp_path, line, kept):
    (tmp_path / "gt.txt").write_text(f"\ufeff{line}\r\n\n")
    truth = Attached(Kind.MOT, str(tmp_path / "gt.txt"), "clip.mp4").opened((100, 100))
    assert len(truth.at(0, (100, 100))) == kept


def test_mot_boxes_are_cut_to_the_frame_and_classes_without_a_name_are_numbered(tmp_path):
    (tmp_path / "gt.txt").write_text("1,-1,-20,90,50,50,1,7,1\n")
    seen = Attached(Kind.MOT, str(tmp_path / "gt.txt"), "c.mp4").opened((100, 100)).at(0, (50, 50))
    np.testing.assert_allclose(seen.xyxy, [[0, 45, 15, 50]])
    assert seen.data["class_name"].tolist() == ["class 7"]
    assert "object_id" not in seen.data


NUMBERS = st.one_of(
    st.integers(-3, 9), st.floats(-9, 9), st.sampled_from(["nan", "", "1e99", " 4"])
)


@given(
    lines=st.lists(st.lists(NUMBERS, min_size=5, max_size=11), max_size=4),
    sign=st.sampled_from([",", ", ", " "]),
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
)
@example(lines=[[1, 2, 3, 4, 5, 6], [2, 2, 3, 4, 5, 6]], sign=",", end="\n")
@example(lines=[[1, 2, 3, 4, 5, 6, 1, -1, 0.5], [9, -1, 3.5, 4, 5, 6, 0, 2, 1]], sign=",", end="\n")
def test_what_is_read_fast_is_what_is_read_line_by_line(lines, sign, end):
    content = "".join(sign.join(map(str, line)) + end for line in lines).encode()
    fast = fast_rows(content)
    if fast is not None:
        np.testing.assert_array_equal(fast, plain_rows(content, "gt.txt"))


def test_regular_text_is_read_fast():
    content = b"".join(b"%d,%d,1.5,2,3,4,1,1,1\n" % (i // 3 + 1, i % 3) for i in range(9))
    fast = fast_rows(content)
    assert fast is not None
    assert fast[4].tolist() == [2, 1, 1.5, 2, 3, 4, 1, 1]


def test_one_object_without_identity_beside_others(tmp_path):
    (tmp_path / "gt.txt").write_text("1,-1,1,1,5,5,1,1,1\n1,9,1,1,5,5,1,1,1\n")
    seen = Attached(Kind.MOT, str(tmp_path / "gt.txt"), "c.mp4").opened((100, 100)).at(0, (50, 50))
    assert seen.data["object_id"].tolist() == [UNKNOWN, 9]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1,1,10,10,5", "5 values"),
        ("one,1,10,10,5,5", "could not convert"),
        ("0,1,10,10,5,5", "frame 0, id 1: .*from 1"),
        ("1.5,1,10,10,5,5", "from 1"),
        ("1e30,1,10,10,5,5", "from 1"),
        ("1,1e30,10,10,5,5", "id 1e30: .*beyond"),
        ("1,1,10,10,5,5,1,1e30", "beyond"),
        ("1,,10,10,5,5", "could not convert"),
        ("1,1,nan,10,5,5", "finite"),
        ("1,1,10,10,-5,5", "negative"),
        ("1,1,10,10,5,5,1,1,1,1,1", "11 values"),
    ],
)
def test_a_broken_line_of_mot_text_is_named(tmp_path, line, why):
    (tmp_path / "gt.txt").write_text(f"1,1,1,1,1,1\n{line}\n")
    with pytest.raises(RunError, match=rf"gt\.txt, line 2: .*{why}.*--truth none") as caught:
        Attached(Kind.MOT, str(tmp_path / "gt.txt"), "clip.mp4").opened((100, 100))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("0 0.5 0.5 0.1", "3 numbers"),
        ("stop 0.5 0.5 0.1 0.1", "invalid literal"),
        ("0 0.5 0.5 0.1 x", "could not convert"),
        ("-1 0.5 0.5 0.1 0.1", "negative class"),
        ("0 0.5 0.5 -0.1 0.1", "negative width"),
        ("0 120 80 20 20", "outside"),
        ("0 nan 0.5 0.1 0.1", "outside"),
        ("0 .1 .1 .2 .2 .3 .3 .4", "7 numbers"),
    ],
)
def test_a_broken_line_of_yolo_text_is_named(tmp_path, line, why):
    (tmp_path / "clip_000000.txt").write_text(f"0 0.5 0.5 0.1 0.1\n{line}\n")
    truth = Attached(Kind.YOLO, str(tmp_path), "clip.mp4").opened((100, 100))
    with pytest.raises(RunError, match=rf"clip_000000\.txt, line 2: .*{why}.*--truth none"):
        truth.at(0, (10, 10))


def test_yolo_outlines_scores_and_names_from_yaml(tmp_path):
    (tmp_path / "data.yaml").write_text("names: {0: stop, 3: 'give way'}\n")
    labels = tmp_path / "labels"
    labels.mkdir()
    (labels / "clip_0.txt").write_text("3 .1 .2 .5 .2 .3 .6\n0 .5 .5 .2 .2 .93\n1 .5 .5 .2 .2\n")
    seen = Attached(Kind.YOLO, str(labels), "clip.mp4").opened((9, 9)).at(0, (100, 100))
    np.testing.assert_allclose(seen.xyxy[:2], [[10, 20, 50, 60], [40, 40, 60, 60]], rtol=1e-6)
    assert seen.data["class_name"].tolist() == ["give way", "stop", "class 1"]


@pytest.mark.parametrize("text", ["names: [", "names: 3", "names: {a: b}"])
def test_broken_class_names_are_told(tmp_path, text):
    (tmp_path / "data.yaml").write_text(text)
    (tmp_path / "clip_0.txt").write_text("")
    with pytest.raises(RunError, match=r"data\.yaml: no class names"):
        Attached(Kind.YOLO, str(tmp_path), "clip.mp4").opened((9, 9))


@pytest.mark.parametrize(
    ("numbers", "first", "expected"),
    [
        ((0, 5), None, (0, 5)),
        ((1, 2), None, (0, 1)),
        ((1, 2), 0, (1, 2)),
        ((10, 20), 1, (9, 19)),
        ((10, 20), 0, (10, 20)),
        ((10, 20), None, None),
    ],
)
def test_whether_frames_count_from_nought_or_one(tmp_path, numbers, first, expected):
    for number in numbers:
        (tmp_path / f"clip_{number:04d}.txt").write_text("0 .5 .5 .1 .1")
    attached = Attached(Kind.YOLO, str(tmp_path), "clip.mp4", first=first)
    if expected is None:
        with pytest.raises(RunError, match=r"lowest frame number is 10.*\?first=0"):
            attached.opened((9, 9))
    else:
        truth = attached.opened((9, 9))
        assert tuple(i for i in range(30) if truth.at(i, (9, 9)) is not None) == expected


def test_two_labels_of_one_frame_are_told(tmp_path):
    for name in ("clip_1.txt", "clip_01.txt"):
        (tmp_path / name).write_text("")
    with pytest.raises(RunError, match="same frame"):
        Attached(Kind.YOLO, str(tmp_path), "clip.mp4").opened((9, 9))


def test_labels_of_a_clip_whose_name_begins_like_another_ones_are_kept_apart(tmp_path):
    for name in ("clip_0.txt", "clip_2_0.txt", "clip_2_1.txt"):
        (tmp_path / name).write_text("")
    truth = Attached(Kind.YOLO, str(tmp_path), "clip.mp4", strict=True).opened((9, 9))
    assert truth.at(0, (9, 9)) is not None
    assert truth.at(1, (9, 9)) is None
    with pytest.raises(RunError, match="no labels of other"):
        Attached(Kind.YOLO, str(tmp_path), "other.mp4", strict=True).opened((9, 9))


def coco(folder: Path, images, notes=(), **more) -> str:
    tree = {"images": images, "annotations": list(notes), "categories": [], **more}
    file = folder / "all.json"
    file.write_text(json.dumps(tree))
    return str(file)


def note(image, **more):
    return {"id": 1, "image_id": image, "bbox": [10, 10, 20, 20], "category_id": 3, **more}


def test_coco_pictures_are_found_by_name_and_scaled_from_the_size_that_each_states(tmp_path):
    place = tmp_path / "shots"
    place.mkdir()
    import cv2

    for name, size in (("b.png", (40, 20)), ("a.png", (20, 20))):
        cv2.imwrite(str(place / name), np.zeros((*size, 3), np.uint8))
    images = [
        {"id": "x", "file_name": "deep/b.png", "width": 200, "height": 400},
        {"id": "y", "file_name": "a.png"},
    ]
    file = coco(tmp_path, images, [note("x"), note("y"), note("y", iscrowd=1)])
    truth = Attached(Kind.COCO, file, str(place), pictures=True).opened((20, 20))
    np.testing.assert_allclose(truth.at(0, (20, 20)).xyxy, [[10, 10, 20, 20]])
    np.testing.assert_allclose(truth.at(1, (20, 40)).xyxy, [[1, 1, 3, 3]])
    assert truth.at(2, (20, 20)) is None


def test_coco_frames_by_video(tmp_path):
    images = [
        {"id": 1, "file_name": "a.jpg", "video_id": 1, "frame_index": 3},
        {"id": 2, "file_name": "b.jpg", "video_id": 2, "frame_index": 0},
        {"id": 3, "file_name": "c.jpg", "video": "runs/clip.avi", "frame_index": 1},
    ]
    videos = [{"id": 1, "name": "clip.mp4"}, {"id": 2, "name": "other.mp4"}]
    file = coco(tmp_path, images, [note(1), note(2), note(3)], videos=videos)
    truth = Attached(Kind.COCO, file, "clip.mp4", strict=True).opened((40, 40))
    assert [i for i in range(5) if truth.at(i, (40, 40)) is not None] == [1, 3]
    assert len(truth.at(3, (40, 40))) == 1
    with pytest.raises(RunError, match=r"is about clip\.mp4, other\.mp4, .*not third"):
        Attached(Kind.COCO, file, "third.mp4").opened((40, 40))


@pytest.mark.parametrize(
    ("names", "strict", "expected"),
    [
        (("clip/000.jpg", "clip/001.jpg", "other/001.jpg"), True, [0, 1]),
        (("clip_000.jpg", "clip_002.jpg", "clip_2_001.jpg"), True, [0, 2]),
        (("frame_000.png", "frame_004.png"), False, [0, 4]),
        (("frame_000.png", "frame_004.png"), True, None),
    ],
)
def test_coco_frames_by_name(tmp_path, names, strict, expected):
    images = [{"id": i, "file_name": name} for i, name in enumerate(names)]
    attached = Attached(Kind.COCO, coco(tmp_path, images), "clip.mp4", strict=strict)
    if expected is None:
        with pytest.raises(RunError, match="not clip"):
            attached.opened((9, 9))
    else:
        truth = attached.opened((9, 9))
        assert [i for i in range(9) if truth.at(i, (9, 9)) is not None] == expected


@pytest.mark.parametrize(
    ("more", "identity"),
    [
        ({"track_id": 4}, 4),
        ({"instance_id": 5}, 5),
        ({"attributes": {"track_id": 6}}, 6),
        ({}, None),
    ],
)
def test_coco_identities(tmp_path, more, identity):
    file = coco(tmp_path, [{"id": 1, "file_name": "0.jpg"}], [note(1, **more)])
    seen = Attached(Kind.COCO, file, "clip.mp4").opened((99, 99)).at(0, (99, 99))
    assert seen.data["class_name"].tolist() == ["class 3"]
    assert seen.data.get("object_id", np.array([None])).tolist() == [identity]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"),
        ("[]", "no COCO JSON"),
        ('{"images": {}, "annotations": []}', "no COCO JSON"),
        ('{"images": [3], "annotations": []}', r"images\[0\]"),
        ('{"images": [{"file_name": "0.jpg"}], "annotations": []}', r"images\[0\]: 'id'"),
        ('{"images": [{"id": []}], "annotations": []}', r"images\[0\]"),
        ('{"images": [{"id": 1}, {"id": 1}], "annotations": []}', "same id"),
        ('{"images": [{"id": 1}], "annotations": [{"image_id": "1"}]}', r"annotations\[0\]"),
        ('{"images": [], "annotations": [], "categories": [{}]}', "categories"),
    ],
)
def test_broken_coco_is_told_where(tmp_path, text, why):
    (tmp_path / "all.json").write_text(text)
    with pytest.raises(RunError, match=rf"all\.json: .*{why}.*--truth none"):
        Attached(Kind.COCO, str(tmp_path / "all.json"), "clip.mp4").opened((9, 9))


@pytest.mark.parametrize(
    "more",
    [
        {"bbox": [1, 2, 3]},
        {"bbox": [1, 2, float("nan"), 4]},
        {"bbox": [1, 2, -3, 4]},
        {"bbox": None},
        {"category_id": "x"},
        {"track_id": "x"},
        {"track_id": 2**63},
        {"category_id": 2**70},
    ],
)
def test_a_broken_annotation_is_named(tmp_path, more):
    file = coco(tmp_path, [{"id": 1, "file_name": "0.jpg"}], [note(1, **more)])
    with pytest.raises(RunError, match=r"annotation 1: .*--truth none"):
        Attached(Kind.COCO, file, "clip.mp4").opened((9, 9))


def test_a_frame_without_a_number_is_told(tmp_path):
    file = coco(tmp_path, [{"id": 1, "file_name": "first.jpg"}])
    with pytest.raises(RunError, match="no frame number"):
        Attached(Kind.COCO, file, "clip.mp4").opened((9, 9))


def test_a_shelf_reads_a_shared_file_once(tmp_path, monkeypatch):
    images = [{"id": 1, "file_name": "a/0.jpg"}, {"id": 2, "file_name": "b/0.jpg"}]
    file = coco(tmp_path, images)
    shelf = Shelf()
    Attached(Kind.COCO, file, "a.mp4", strict=True).opened((9, 9), shelf=shelf)
    Path(file).unlink()
    Attached(Kind.COCO, file, "b.mp4", strict=True).opened((9, 9), shelf=shelf)
    with pytest.raises(RunError):
        Attached(Kind.COCO, file, "b.mp4", strict=True).opened((9, 9))


def test_at_reads_once_and_pickles_without_what_was_read(tmp_path):
    attached = write_mot(tmp_path, [Object(0, (1, 1, 5, 5), 0, 0)], (50, 40), 1)
    assert len(attached.at(0, (50, 40), (50, 40))) == 1
    (tmp_path / "clip.gt.txt").unlink()
    assert len(attached.at(0, (50, 40), (50, 40))) == 1
    again = pickle.loads(pickle.dumps(attached))
    assert again == attached
    with pytest.raises(RunError):
        again.at(0, (50, 40), (50, 40))


@pytest.mark.parametrize("form", WRITERS)
def test_the_hash_tells_changes(form, tmp_path):
    attached = WRITERS[form](tmp_path, [Object(0, (1, 1, 5, 5), 0, 0)], (50, 40), 1)
    before = attached.sha256()
    assert before == attached.sha256()
    assert len(before) == 64
    (tmp_path / "unrelated.md").write_text("x")
    assert attached.sha256() == before
    WRITERS[form](tmp_path, [Object(0, (1, 1, 5, 6), 0, 0)], (50, 40), 1)
    assert attached.sha256() != before


def test_mot_frames_of_numbered_pictures_are_those_numbers(tmp_path):
    import cv2

    folder = tmp_path / "img1"
    folder.mkdir()
    for number in (301, 302):
        cv2.imwrite(str(folder / f"{number:06d}.jpg"), np.zeros((20, 20, 3), np.uint8))
    (tmp_path / "gt.txt").write_text("302,1,1,1,5,5\n1,1,1,1,5,5\n")
    attached = Attached(Kind.MOT, str(tmp_path / "gt.txt"), str(folder), pictures=True)
    truth = attached.opened((20, 20))
    assert [len(truth.at(i, (20, 20))) for i in range(3)] == [0, 1, 0]
