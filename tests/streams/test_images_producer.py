from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from streams.errors import SourceNotFound, SourceUnreadable
from streams.opening import open_source
from streams.producers.images import ImagesProducer, found


def write(path, value: int, size=(8, 6), dtype=np.uint8, channels: int = 3) -> None:
    shape = (size[1], size[0]) if channels == 1 else (size[1], size[0], channels)
    assert cv2.imwrite(str(path), np.full(shape, value, dtype))


@pytest.fixture
def shots(tmp_path):
    for number in (1, 2, 10):
        write(tmp_path / f"shot{number}.png", number)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


@pytest.mark.parametrize("spec", ["{}", "images:{}", "{}/*.png", "images:{}/shot*.png?fps=4"])
def test_given_a_folder_or_a_glob_then_its_pictures_come_in_natural_order(shots, drain, spec):
    with open_source(spec.format(shots)) as source:
        assert source.properties.frame_count == 3
        frames = drain(source)
    assert [frame.pixels[0, 0, 0] for frame in frames] == [1, 2, 10]
    step = 0.25 if "fps=4" in spec else 0.1
    assert [frame.media_time for frame in frames] == pytest.approx([0.0, step, 2 * step])


def test_given_pictures_of_many_kinds_then_all_come_as_bgr_in_their_own_size(tmp_path, drain):
    write(tmp_path / "a grey.png", 7, channels=1)
    write(tmp_path / "b alpha.png", 9, size=(5, 3), channels=4)
    write(tmp_path / "c 16 bit.png", 257 * 11, dtype=np.uint16)
    turned = Image.fromarray(np.full((4, 10, 3), 13, np.uint8))
    exif = turned.getexif()
    exif[0x0112] = 6  # lies on its side
    turned.save(tmp_path / "d turned.png", exif=exif)
    with open_source(str(tmp_path)) as source:
        frames = drain(source)
    assert [frame.size for frame in frames[:3]] == [(8, 6), (5, 3), (8, 6)]
    assert [frame.pixels[0, 0, 0] for frame in frames] == [7, 9, 11, 13]
    turned.convert("RGB").save(tmp_path / "e.jpg", exif=exif)
    (last,) = [p for p in found(tmp_path) if p.suffix == ".jpg"]
    with open_source(f"images:{last}") as source:
        assert source.read(5).size == (4, 10)


def test_given_a_picture_that_is_damaged_then_it_is_left_out_and_named(shots, drain, caplog):
    (shots / "shot3.png").write_bytes(b"\x89PNG and then nothing")
    (shots / "shot4.png").write_bytes(b"")
    with open_source(str(shots)) as source:
        frames = drain(source)
    assert [frame.pixels[0, 0, 0] for frame in frames] == [1, 2, 10]
    # The time of what is missing stays empty.
    assert frames[-1].media_time == pytest.approx(0.4)
    assert "shot3.png" in caplog.text
    assert "shot4.png" in caplog.text


def test_given_no_pictures_then_it_says_what_to_give(tmp_path):
    for spec in (str(tmp_path), f"{tmp_path}/*.png", "images:/nowhere/at/all"):
        with pytest.raises(SourceNotFound, match="no pictures there; give a folder or a glob"):
            open_source(spec).start()
    (tmp_path / "bad.png").write_bytes(b"bad")
    with pytest.raises(SourceUnreadable, match="none of its 1 files can be decoded"):
        open_source(str(tmp_path)).start()


@pytest.mark.parametrize("query", ["fps=0", "fps=soon", "speed=3"])
def test_given_a_wrong_option_then_it_is_refused(shots, query):
    with pytest.raises(SourceNotFound, match="fps"):
        open_source(f"images:{shots}?{query}")


def test_given_a_rate_of_nothing_then_it_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        ImagesProducer("x", fps=0)


def test_given_a_file_with_a_bracket_in_its_name_then_it_is_that_file(clips, tmp_path):
    odd = tmp_path / "clip[1].avi"
    odd.write_bytes(next(iter(clips.values())).read_bytes())
    with open_source(str(odd)) as source:
        assert source.properties.name == "clip[1].avi"
