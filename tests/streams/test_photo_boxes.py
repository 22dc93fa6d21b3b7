from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from streams.errors import SourceNotFound, SourceUnreadable
from streams.scenes.photo.boxes import find_labels
from streams.scenes.photo.scene import Photo

SIZE = (200, 100)
BOX = (0.25, 0.2, 0.75, 0.4)
YOLO = "1 0.5 0.3 0.5 0.2\n"
VOC = """<annotation><size><width>400</width><height>400</height></size>
<object><name>stop</name><difficult>{difficult}</difficult><bndbox><xmin>100</xmin><ymin>80</ymin>
<xmax>300</xmax><ymax>160</ymax></bndbox></object></annotation>"""
COCO = {
    "images": [
        {"id": 4, "file_name": "other.jpg", "width": 9, "height": 9},
        {"id": 7, "file_name": "images/pic.jpg", "width": 400, "height": 400},
    ],
    "annotations": [
        {"image_id": 7, "category_id": 12, "bbox": [100, 80, 200, 80], "ignore": True},
        {"image_id": 4, "category_id": 12, "bbox": [1, 1, 2, 2]},
    ],
    "categories": [{"id": 12, "name": "II-2"}],
}
DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def picture(tmp_path):
    folder = tmp_path / "set" / "images"
    folder.mkdir(parents=True)
    return folder / "pic.jpg"


def the_one(labels):
    assert len(labels) == 1
    np.testing.assert_allclose(labels[0].box, BOX)
    return labels[0]


@pytest.mark.parametrize("place", ["", "../labels"])
@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("data.yaml", "train: C:\\x\nnames:\n  [\n    'Red Light',\n    \"Stop\",\n  ]\n"),
        ("data.yaml", "names:\n  0: Red Light\n  1: Stop\n"),
        ("obj.names", "Red Light\nStop\n"),
        ("classes.txt", "Red Light\nStop\n"),
    ],
)
@pytest.mark.parametrize("above", [0, 1])
def test_given_yolo_text_when_looked_for_then_it_is_found_with_its_names(
    picture, place, names, text, above
):
    folder = picture.parent / place
    folder.mkdir(exist_ok=True)
    (folder / "pic.txt").write_text(YOLO)
    ((folder if not above else folder.parent) / names).write_text(text)
    label = the_one(find_labels(picture, None, SIZE))
    assert (label.class_id, label.name, label.ignore) == (1, "Stop", False)


@pytest.mark.parametrize("line", [YOLO, "1 0.5 0.3 0.5 0.2 0.87", "1 .25 .2 .75 .2 .75 .4 .25 .4"])
def test_given_scores_or_polygons_when_read_then_the_box_is_the_same(picture, line):
    picture.with_suffix(".txt").write_text(f"\n{line}\n\n")
    assert the_one(find_labels(picture, None, SIZE)).name == "class 1"


@pytest.mark.parametrize("difficult", [0, 1])
@pytest.mark.parametrize("place", ["pic.xml", "../voc/pic.xml", "../Annotations/pic.xml"])
def test_given_voc_when_looked_for_then_its_own_size_counts(picture, place, difficult):
    file = picture.parent / place
    file.parent.mkdir(exist_ok=True)
    file.write_text(VOC.format(difficult=difficult))
    label = the_one(find_labels(picture, None, SIZE))
    assert (label.class_id, label.name, label.ignore) == (0, "stop", bool(difficult))


def test_given_an_exported_name_when_looked_for_then_the_first_name_counts_as_well(picture):
    picture = picture.with_name("pic_png.rf.67982cc5ac45636b4763f2ad0b20d3ce.jpg")
    (picture.parent / "pic.xml").write_text(VOC.format(difficult=0))
    the_one(find_labels(picture, None, SIZE))


@pytest.mark.parametrize("place", ["annotations.json", "../annotations.json"])
def test_given_coco_when_looked_for_then_the_pictures_own_boxes_count(picture, place):
    (picture.parent / place).write_text(json.dumps(COCO))
    label = the_one(find_labels(picture, None, SIZE))
    assert (label.class_id, label.name, label.ignore) == (12, "II-2", True)
    assert find_labels(picture.with_name("unknown.jpg"), None, SIZE) == ()


def test_given_a_file_of_boxes_when_named_then_it_counts_and_none_means_none(picture, tmp_path):
    picture.with_suffix(".txt").write_text("0 0.9 0.9 0.1 0.1\n")
    other = tmp_path / "mine.txt"
    other.write_text(YOLO)
    the_one(find_labels(picture, str(other), SIZE))
    assert find_labels(picture, "none", SIZE) == ()
    with pytest.raises(SourceNotFound, match="no such file of boxes"):
        find_labels(picture, str(tmp_path / "nowhere.txt"), SIZE)
    named = tmp_path / "all.json"
    named.write_text(json.dumps(COCO))
    with pytest.raises(SourceUnreadable, match=r"does not name strange\.jpg"):
        find_labels(picture.with_name("strange.jpg"), str(named), SIZE)
    odd = tmp_path / "boxes.csv"
    odd.write_text("1,2")
    with pytest.raises(SourceUnreadable, match=r"\.txt \(YOLO\)"):
        find_labels(picture, str(odd), SIZE)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("pic.txt", "a b c d e\n", "line 1 is not a class and numbers"),
        ("pic.txt", YOLO + "0 0.1 0.2\n", "line 2 has 2 numbers"),
        ("pic.txt", "0 100 80 200 80\n", "counts in shares of 1"),
        ("pic.txt", "0 nan 0.5 0.1 0.1\n", "outside the picture"),
        ("pic.xml", "<annotation><object>", "cannot be read"),
        ("pic.xml", "<a><object><name>x</name></object></a>", "xmin.* is missing"),
        ("pic.xml", VOC.format(difficult=0).replace("100", "abc"), "xmin is no number"),
        ("annotations.json", "{", "cannot be read"),
        ("annotations.json", json.dumps({**COCO, "annotations": [{}]}), "image_id.* is missing"),
        ("annotations.json", json.dumps({**COCO, "annotations": 3}), "cannot be read"),
    ],
)
def test_given_a_damaged_side_file_when_read_then_one_line_says_so(picture, name, text, says):
    (picture.parent / name).write_text(text)
    with pytest.raises(SourceUnreadable, match=says) as caught:
        find_labels(picture, None, SIZE)
    assert name in str(caught.value)
    assert "boxes=none" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("signs/road_sign_scenes/images/*.jpg", "Stop"),
        ("signs/dfg_scenes/images/*.jpg", None),
        ("ball/robocup_ml/*/*/*.jpg", "ball"),
    ],
)
def test_given_the_real_sets_when_opened_then_their_boxes_come_along(pattern, name):
    if not DATA.is_dir():
        pytest.skip("the shared photographs are not here")
    found = []
    for file in sorted(DATA.glob(pattern))[:60:6]:
        _, truth = Photo(file, still=True).render(0)
        found += truth.data["class_name"].tolist()
    assert found
    assert not any(str(one).startswith("class ") for one in found)
    assert name is None or name in found
