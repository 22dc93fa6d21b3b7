"""Which file counts as a clip's ground truth."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import cv2
import fsspec
import numpy as np
import pytest

from monitor.errors import ConfigError, RunError
from monitor.evaluation.truth import Kind, Listing, find_truth
from monitor.evaluation.truth.places import parent, split, stem_of
from monitor.pairing import pair

SHARED = Path(__file__).parents[4] / "shared" / "data"


def put(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix in (".png", ".jpg"):
            cv2.imwrite(str(file), np.zeros((20, 30, 3), np.uint8))
        else:
            file.write_text("")


def found(clip: Path | str, *args, **more):
    truth = find_truth(str(clip), *args, **more)
    return None if truth is None else (truth.kind, truth.place)


@pytest.mark.parametrize(
    ("names", "kind", "place"),
    [
        (["clip.json"], Kind.COCO, "clip.json"),
        (["clip.coco.json"], Kind.COCO, "clip.coco.json"),
        (["clip.gt.txt"], Kind.MOT, "clip.gt.txt"),
        (["clip/gt/gt.txt"], Kind.MOT, "clip/gt/gt.txt"),
        (["clip/labels/000.txt"], Kind.YOLO, "clip/labels"),
        (["labels/clip/000.txt"], Kind.YOLO, "labels/clip"),
        (["labels/clip_000.txt"], Kind.YOLO, "labels"),
        (["clip_000.txt"], Kind.YOLO, "."),
        (["clip.json", "clip.gt.txt", "clip_000.txt"], Kind.COCO, "clip.json"),
        (["labels/other_000.txt", "clip.txt", "other.json", "gt/gt.txt"], None, ""),
    ],
)
def test_beside_a_video(tmp_path, names, kind, place):
    put(tmp_path, "clip.mp4", *names)
    expected = kind and (kind, str(tmp_path / place))
    assert found(tmp_path / "clip.mp4") == expected
    assert found(tmp_path / "clip.mp4", "none") is None


@pytest.mark.parametrize(
    ("names", "kind", "place"),
    [
        (["shots.json"], Kind.COCO, "shots.json"),
        (["shots/annotations.json"], Kind.COCO, "shots/annotations.json"),
        (["shots/gt/gt.txt"], Kind.MOT, "shots/gt/gt.txt"),
        (["gt/gt.txt"], Kind.MOT, "gt/gt.txt"),
        (["shots/b.txt", "shots/classes.txt"], Kind.YOLO, "shots"),
        (["labels/a.txt"], Kind.YOLO, "labels"),
        (["voc/a.xml"], Kind.VOC, "voc"),
        (["labels/c.txt", "classes.txt", "shots.txt"], None, ""),
    ],
)
def test_beside_a_folder_of_pictures(tmp_path, names, kind, place):
    put(tmp_path, "shots/a.png", "shots/b.png", *names)
    expected = kind and (kind, str(tmp_path / place))
    assert found(tmp_path / "shots") == expected
    assert found(tmp_path / "shots/*.png", pictures=True) == expected


def test_labels_in_the_folder_that_mirrors_the_pictures(tmp_path):
    put(tmp_path, "images/train/a.png", "labels/train/a.txt")
    assert found(tmp_path / "images/train") == (Kind.YOLO, str(tmp_path / "labels/train"))


@pytest.mark.parametrize("name", ["a.png", "train/a.png", "z.png"])
def test_a_data_sets_file_above_counts_if_it_names_a_picture(tmp_path, name):
    put(tmp_path, "shots/a.png")
    tree = {"images": [{"id": 1, "file_name": name}], "annotations": []}
    (tmp_path / "annotations.json").write_text(json.dumps(tree))
    assert (found(tmp_path / "shots") is not None) == name.endswith("a.png")


@pytest.mark.parametrize(
    ("names", "given", "several", "kind", "place"),
    [
        (["x.json"], "x.json", False, Kind.COCO, "x.json"),
        (["x.json"], "x.json", True, Kind.COCO, "x.json"),
        (["x.txt"], "x.txt", False, Kind.MOT, "x.txt"),
        (["t/clip.gt.txt"], "t", True, Kind.MOT, "t/clip.gt.txt"),
        (["t/clip.txt"], "t", True, Kind.MOT, "t/clip.txt"),
        (["t/clip/gt/gt.txt"], "t", True, Kind.MOT, "t/clip/gt/gt.txt"),
        (["t/clip/0.txt"], "t/", True, Kind.YOLO, "t/clip"),
        (["t/clip_0.txt"], "t", True, Kind.YOLO, "t"),
        (["t/annotations.json"], "t", True, Kind.COCO, "t/annotations.json"),
        (["t/frame_0.txt"], "t", False, Kind.YOLO, "t"),
        (["t/frame_0.txt"], "t", True, None, ""),
        (["t/gt.txt"], "t", False, Kind.MOT, "t/gt.txt"),
        (["t/gt.txt"], "t", True, None, ""),
    ],
)
def test_what_is_given(tmp_path, names, given, several, kind, place):
    put(tmp_path, "clip.mp4", *names)
    expected = kind and (kind, str(tmp_path / place))
    given = f"{tmp_path}/{given}"
    assert found(tmp_path / "clip.mp4", given, several=several) == expected


def test_from_where_frames_count_may_be_given(tmp_path):
    put(tmp_path, "clip.mp4", "t/clip_10.txt")
    for first in (0, 1):
        truth = find_truth(str(tmp_path / "clip.mp4"), f"{tmp_path}/t?first={first}")
        assert truth.at(10 - first, (9, 9), (9, 9)) is not None
    with pytest.raises(RunError, match="say which"):
        find_truth(str(tmp_path / "clip.mp4"), f"{tmp_path}/t").opened((9, 9))


@pytest.mark.parametrize(
    ("given", "several", "why"),
    [
        ("missing", False, "no such ground truth"),
        ("boxes.csv", False, "one of these"),
        ("gt.txt", True, "about one clip"),
    ],
)
def test_what_cannot_be_given_is_told_in_a_line(tmp_path, given, several, why):
    put(tmp_path, "clip.mp4", "boxes.csv", "gt.txt")
    with pytest.raises(ConfigError, match=why) as caught:
        find_truth(str(tmp_path / "clip.mp4"), f"{tmp_path}/{given}", several=several)
    assert "\n" not in str(caught.value)


def test_relative_paths_are_made_absolute(tmp_path, monkeypatch):
    put(tmp_path, "clip.mp4", "gt.txt")
    monkeypatch.chdir(tmp_path)
    assert found(tmp_path / "clip.mp4", "gt.txt") == (Kind.MOT, str(tmp_path / "gt.txt"))


def test_names_show_two_parts_and_no_login(tmp_path):
    put(tmp_path, "clip.mp4", "clip/gt/gt.txt")
    assert find_truth(str(tmp_path / "clip.mp4")).name == "gt/gt.txt (MOT text)"
    truth = find_truth("https://me:secret@host/clip.mp4", "https://me:secret@host/gt.txt")
    assert truth.name == "gt.txt (MOT text)"
    assert "secret" not in repr(truth)


def test_a_folder_of_many_clips_is_listed_once(tmp_path, monkeypatch):
    put(tmp_path, *(f"c{i}.mp4" for i in range(20)), "c7.gt.txt")
    listed = []
    real = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: (listed.append(path), real(path))[1])
    look = Listing()
    hits = [
        i for i in range(20) if find_truth(f"{tmp_path}/c{i}.mp4", listing=look, pictures=False)
    ]
    assert hits == [7]
    assert listed.count(tmp_path) == 1


def test_ground_truth_beside_a_clip_behind_a_url():
    root = f"memory://{uuid.uuid4().hex}"
    fs = fsspec.filesystem("memory")
    fs.pipe_file(f"{root}/clip.mp4", b"x")
    fs.pipe_file(f"{root}/labels/clip_0.txt", b"0 .5 .5 .2 .2")
    fs.pipe_file(f"{root}/classes.txt", b"stop\n")
    truth = find_truth(f"{root}/clip.mp4")
    assert (truth.kind, truth.place) == (Kind.YOLO, f"{root}/labels")
    seen = truth.at(0, (100, 100), (640, 360))
    assert seen.data["class_name"].tolist() == ["stop"]
    np.testing.assert_allclose(seen.xyxy, [[40, 40, 60, 60]], rtol=1e-6)
    assert find_truth(f"{root}/clip.mp4", f"{root}/labels").place == f"{root}/labels"
    with pytest.raises(ConfigError, match="no such ground truth"):
        find_truth(f"{root}/clip.mp4", f"{root}/nothing")


@pytest.mark.parametrize(
    ("path", "folder", "name", "above", "stem"),
    [
        ("a.mp4", ".", "a.mp4", None, "a"),
        ("/a", "/", "a", "/", "a"),
        ("x/a.b.mp4", "x", "a.b.mp4", "x", "a.b"),
        ("x/.hidden", "x", ".hidden", "x", ".hidden"),
        ("s3://bucket/a.mp4", "s3://bucket", "a.mp4", "s3://bucket", "a"),
        ("s3://bucket", "s3:/", "bucket", None, "bucket"),
    ],
)
def test_paths_are_taken_apart(path, folder, name, above, stem):
    assert (split(path), parent(path), stem_of(path)) == ((folder, name), above, stem)


def real(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs ../shared/data/{name}, which is not here")
    return path


def test_yolo_labels_of_real_photographs():
    folder = real("signs/road_sign_scenes/images")
    truth = find_truth(str(folder))
    assert truth.name == "road_sign_scenes/labels (YOLO text)"
    seen = [truth.at(i, (320, 320), (416, 416)) for i in range(100)]
    names = {name for one in seen if one is not None for name in one.data["class_name"]}
    assert "Stop" in names
    assert any(name.startswith("Speed Limit ") for name in names)
    boxes = np.vstack([one.xyxy for one in seen if one is not None])
    assert boxes.min() >= 0
    assert boxes.max() <= 320
    assert boxes.max() > 250


def test_voc_boxes_of_the_same_photographs_lie_where_yolos_do():
    folder = real("signs/road_sign_scenes/images")
    real("signs/road_sign_scenes/voc")
    yolo, voc = (find_truth(str(folder), str(folder.parent / kind)) for kind in ("labels", "voc"))
    assert (yolo.kind, voc.kind) == (Kind.YOLO, Kind.VOC)
    pairs = boxes = 0
    for index in range(60):
        a, b = (one.at(index, (416, 416), (416, 416)) for one in (yolo, voc))
        boxes += len(a)
        pairs += len(pair(a, b, 0.5))
    assert pairs > 0.8 * boxes > 40  # they were drawn by different people


def test_coco_boxes_of_real_street_scenes():
    folder = real("signs/dfg_scenes/images")
    truth = find_truth(str(folder))
    assert truth.name == "dfg_scenes/annotations.json (COCO JSON)"
    tree = json.loads((folder.parent / "annotations.json").read_text())
    by_name = {image["file_name"]: image for image in tree["images"]}
    counted = 0
    for index, file in enumerate(sorted(folder.iterdir())):
        image = by_name[file.name]
        size = (image["width"] // 2, image["height"] // 2)
        mine = [
            one
            for one in tree["annotations"]
            if one["image_id"] == image["id"] and not (one["ignore"] or one["iscrowd"])
        ]
        seen = truth.at(index, size, (1, 1))
        expected = np.array([one["bbox"] for one in mine]).reshape(-1, 4) / 2
        expected[:, 2:] += expected[:, :2]
        np.testing.assert_allclose(seen.xyxy, expected, atol=1)
        counted += len(seen)
    assert counted > 20


def test_yolo_labels_beside_real_photographs():
    folder = real("ball/robocup_ml")
    day = next(one for one in sorted(folder.rglob("*")) if one.is_dir() and any(one.glob("*.jpg")))
    truth = find_truth(str(day))
    assert truth.kind is Kind.YOLO
    assert truth.at(0, (608, 800), (608, 800)).data["class_name"].tolist().count("ball") == 1
