from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image

from streams.errors import SourceNotFound, SourceTruncated, SourceUnreadable
from streams.opening import input_file, open_source
from streams.scenes.photo.scene import Photo

MARK = (620.0, 310.0, 660.0, 350.0)  # the box of a disc on the photograph, 1200 x 700


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """A grey picture with one bright disc, and its YOLO box."""
    file = tmp_path_factory.mktemp("photo") / "mark.png"
    picture = np.full((700 * 4, 1200 * 4, 3), 60, np.uint8)
    cv2.circle(picture, (640 * 4, 330 * 4), 20 * 4, (250, 250, 250), -1)
    picture = cv2.resize(picture, (1200, 700), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(file), picture)
    x1, y1, x2, y2 = MARK
    line = f"3 {(x1 + x2) / 2400} {(y1 + y2) / 1400} {(x2 - x1) / 1200} {(y2 - y1) / 700}\n"
    file.with_suffix(".txt").write_text(line)
    (file.parent / "classes.txt").write_text("a\nb\nc\nlamp\n")
    return file


def middle_of(pixels):
    light = np.clip(pixels[..., 1].astype(float) - 75, 0, None)
    ys, xs = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]] + 0.5
    return (light * xs).sum() / light.sum(), (light * ys).sum() / light.sum()


@pytest.mark.parametrize(
    "size", [{}, {"width": 320}, {"width": 300, "height": 300}, {"width": 1100}]
)
def test_given_a_mark_when_panned_and_zoomed_then_its_box_is_exact(marked, size):
    shot = Photo(marked, 3, **size)
    widths = []
    for index in range(0, 1200, 75):
        pixels, truth = shot.render(index)
        assert pixels.shape == (shot.height, shot.width, 3)
        x1, y1, x2, y2 = truth.xyxy[0]
        x, y = middle_of(pixels)
        assert abs(x - (x1 + x2) / 2) < 0.5
        assert abs(y - (y1 + y2) / 2) < 0.5
        lit = np.nonzero(pixels[..., 1] > 155)
        assert abs(lit[1].min() - x1) < 1.01
        assert abs(lit[1].max() + 1 - x2) < 1.01
        assert abs(lit[0].min() - y1) < 1.01
        assert abs(lit[0].max() + 1 - y2) < 1.01
        assert truth.class_id.tolist() == [3]
        assert truth.data["class_name"].tolist() == ["lamp"]
        assert truth.data["ignore"].tolist() == [False]
        widths.append(float(x2 - x1))
    assert max(widths) / min(widths) > 1.05  # it did zoom


def test_given_a_number_when_rendered_then_nothing_else_matters(marked):
    shot, again = Photo(marked, 1), Photo(marked, 1)
    for index in (40, 3, 900):
        np.testing.assert_array_equal(shot.render(index)[0], again.render(index)[0])
    np.testing.assert_array_equal(shot.render(3)[0], again.render(3)[0])
    assert (Photo(marked, 2).render(3)[0] != again.render(3)[0]).any()


@pytest.mark.parametrize("frames", [None, 60, 300])
def test_given_a_shot_when_played_then_nothing_jumps_not_even_at_the_seam(marked, frames):
    shot = Photo(marked, 2, frames=frames)
    length = frames or 1200
    poses = [shot._pose(i / 30) for i in range(length + 1)]
    np.testing.assert_allclose(poses[0][1], poses[length][1], atol=1e-6)
    steps = [np.hypot(b[1][0] - a[1][0], b[1][1] - a[1][1]) * a[0] for a, b in pairwise(poses)]
    assert 0.1 < max(steps) < 12.0  # pixels of the frame
    assert max(abs(a - b) for a, b in pairwise(steps)) < 3.0


def test_given_any_time_when_posed_then_the_view_lies_in_the_photograph_and_stays_sharp(marked):
    shot = Photo(marked, 4)
    for i in range(0, 1200, 7):
        zoom, (x, y) = shot._pose(i / 30)
        assert 640 / 2 / zoom <= x <= 1200 - 640 / 2 / zoom
        assert shot.height / 2 / zoom <= y <= 700 - shot.height / 2 / zoom
        assert zoom <= 1.3


def test_given_a_still_when_rendered_then_the_whole_picture_stands(marked):
    shot = Photo(marked, still=True, width=600)
    (pixels, truth), (later, _) = shot.render(0), shot.render(500)
    np.testing.assert_array_equal(pixels, later)
    assert pixels.shape == (350, 600, 3)
    np.testing.assert_allclose(truth.xyxy[0], np.array(MARK) / 2, atol=1e-3)
    with pytest.raises(ValueError, match="leave the height out"):
        Photo(marked, still=True, height=100)


@pytest.mark.parametrize(
    ("mode", "suffix"), [("L", "png"), ("RGBA", "png"), ("I;16", "png"), ("RGB", "jpg")]
)
def test_given_any_kind_of_picture_when_read_then_it_is_bgr(tmp_path, mode, suffix):
    file = tmp_path / f"grey.{suffix}"
    ramp = np.tile(np.linspace(0, 255, 200).astype(np.uint8), (120, 1))
    if mode == "I;16":
        Image.fromarray(ramp.astype(np.uint16) * 257).save(file)
    elif mode == "L":
        Image.fromarray(ramp).save(file)
    else:
        colour = Image.fromarray(np.stack([ramp, ramp // 2, ramp * 0], axis=2))
        colour.convert(mode).save(file)
    pixels, truth = Photo(file, still=True).render(0)
    assert pixels.shape == (120, 200, 3)
    assert abs(int(pixels[60, 190, 2]) - int(ramp[0, 190])) < 6
    assert len(truth) == 0


def test_given_an_exif_orientation_when_read_then_the_picture_stands_upright(tmp_path):
    file = tmp_path / "turned.jpg"
    picture = np.zeros((100, 160, 3), np.uint8)
    picture[:, :40] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    Image.fromarray(picture).save(file, exif=exif, quality=95)
    pixels, _ = Photo(file, still=True).render(0)
    assert pixels.shape == (160, 100, 3)
    assert pixels[10, 50, 2] > 200  # what lay at the left is at the top
    assert pixels[150, 50, 2] < 50


def test_given_a_tiny_or_huge_picture_when_read_then_it_is_refused_or_reduced(tmp_path):
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    cv2.imwrite(str(small), np.zeros((8, 8, 3), np.uint8))
    cv2.imwrite(str(large), np.zeros((300, 6000, 3), np.uint8))
    with pytest.raises(SourceUnreadable, match="8x8 pixels are too few"):
        Photo(small)
    assert Photo(large)._whole == (4096, 205)


def damaged(tmp_path, kind):
    file = tmp_path / f"{kind}.jpg"
    picture = np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8)
    cv2.imwrite(str(file), picture)
    content = file.read_bytes()
    if kind == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif kind == "text":
        file.write_bytes(b"not a picture at all")
    elif kind == "empty":
        file.write_bytes(b"")
    elif kind == "png":
        cv2.imwrite(str(tmp_path / "x.png"), picture)
        file.write_bytes((tmp_path / "x.png").read_bytes()[:5000])
    elif kind == "folder":
        file.unlink()
        file.mkdir()
    elif kind == "none":
        file.unlink()
    return file


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("cut", SourceTruncated, "the end of the file is missing; copy it again"),
        ("png", SourceTruncated, "the end of the file is missing"),
        ("text", SourceUnreadable, "not a picture that can be decoded; give a picture file"),
        ("empty", SourceUnreadable, "empty"),
        ("folder", SourceUnreadable, "folders of pictures come later"),
        ("none", SourceNotFound, "there is no such file"),
    ],
)
@pytest.mark.timeout(20)
def test_given_a_damaged_file_when_started_then_one_line_says_so(tmp_path, kind, error, says):
    source = open_source(f"photo:{damaged(tmp_path, kind)}")
    with pytest.raises(error, match=says) as caught:
        source.start()
    assert "\n" not in str(caught.value)
    assert kind in str(caught.value)


@pytest.mark.timeout(20)
def test_given_a_spec_when_opened_then_the_photo_plays_with_its_options(marked, drain):
    with open_source(f"photo:{marked}?frames=5&width=320", seed=3) as source:
        frames = drain(source)
        assert source.properties.name == "photo:mark.png"
        assert source.properties.frame_count == 5
    assert [frame.media_time for frame in frames] == [i / 30 for i in range(5)]
    assert frames[0].pixels.shape[1] == 320
    assert frames[0].source == "photo:mark.png"
    assert all(len(frame.truth) == 1 for frame in frames)
    assert input_file(f"photo:{marked}?frames=5") == marked


@pytest.mark.timeout(20)
def test_given_a_question_mark_in_a_name_when_opened_then_the_file_counts(marked, tmp_path):
    file = tmp_path / "what?.png"
    file.write_bytes(marked.read_bytes())
    for spec in (f"photo:{file}", f"photo:{file}?still"):
        with open_source(spec) as source:
            assert source.read(5).source == "photo:what?.png"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("photo:", "write photo:PATH"),
        ("photo:a.png?stil", "did you mean still"),
        ("photo:a.png?width=2", "width takes a whole number"),
    ],
)
def test_given_a_spec_that_cannot_be_when_opened_then_it_says_what_can(spec, says):
    with pytest.raises(SourceNotFound, match=says):
        open_source(spec)
