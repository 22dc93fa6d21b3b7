from __future__ import annotations

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from streams.errors import SourceNotFound, SourceTruncated, SourceUnreadable
from streams.producers.file import FileProducer
from streams.source import VideoSource

pytestmark = pytest.mark.timeout(20)


class FakeCapture:
    """A capture that delivers what it is given."""

    def __init__(self, pictures, positions=None, fps=10.0, count=0.0):
        self.pictures, self.positions, self.fps, self.count = list(pictures), positions, fps, count
        self.position, self.released = 0.0, False

    def isOpened(self):
        return True

    def read(self):
        if not self.pictures:
            return False, None
        picture = self.pictures.pop(0)
        if isinstance(picture, Exception):
            raise picture
        if picture is None:
            return False, None
        if self.positions:
            self.position = self.positions.pop(0)
        return True, picture

    def get(self, prop):
        return {
            cv2.CAP_PROP_FPS: self.fps,
            cv2.CAP_PROP_FRAME_COUNT: self.count,
            cv2.CAP_PROP_POS_MSEC: self.position,
        }[prop]

    def release(self):
        self.released = True


@pytest.fixture
def faked(tmp_path):
    """Opens a producer on a fake capture."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not looked at by the fake")

    def start(*args, **kwargs):
        capture = FakeCapture(*args, **kwargs)
        producer = FileProducer(path, capture=lambda _: capture)
        return producer, producer.open()

    return start


def grey(shape, value=0, dtype=np.uint8):
    return np.full(shape, value, dtype)


def read_until_error(source):
    frames = []
    try:
        with source:
            while (frame := source.read(5)) is not None:
                frames.append(frame)
    except SourceTruncated as error:
        return frames, error
    return frames, None


def brightness(frames):
    return [float(frame.pixels.mean()) for frame in frames]


@pytest.mark.parametrize("kind", ["avi", "mkv", "mp4", "index first", "gif"])
def test_given_a_clip_when_read_then_all_pictures_come_with_their_times(clips, drain, kind):
    with VideoSource(lambda: FileProducer(clips[kind])) as source:
        frames = drain(source)
        properties = source.properties
    assert [frame.index for frame in frames] == list(range(24))
    assert (properties.width, properties.height, properties.live) == (64, 48, False)
    assert (properties.name, properties.frame_count) == (clips[kind].name, 24)
    # Each picture is 8 brighter than the one before.
    assert np.diff(brightness(frames)) == pytest.approx([8.0] * 23, abs=2.0)
    if kind == "gif":
        steps = [0.24 if i % 3 == 0 else 0.08 for i in range(23)]
    else:
        assert properties.fps == pytest.approx(12.0)
        steps = [1 / 12] * 23
    # GIF counts in hundredths, Matroska in thousandths of a second.
    assert np.diff([frame.media_time for frame in frames]) == pytest.approx(steps, abs=1.1e-3)
    assert frames[0].media_time == 0.0


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("kind", ["avi", "mkv", "index first", "gif"])
def test_given_a_clip_that_breaks_off_when_read_then_its_frames_come_before_the_error(
    clips, tmp_path, kind, share
):
    whole = clips[kind].read_bytes()
    cut = tmp_path / f"cut{clips[kind].suffix}"
    cut.write_bytes(whole[: int(share * len(whole))])
    source = VideoSource(lambda: FileProducer(cut))
    frames, error = read_until_error(source)
    assert isinstance(error, SourceTruncated)
    assert (share - 0.25) * 24 <= len(frames) <= share * 24 + 1
    assert f"after {len(frames)} frames" in str(error)
    assert brightness(frames[:-1]) == sorted(brightness(frames[:-1]))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"#!/bin/sh\necho no video\n", "not a video"),
        (b"GIF89a", "no frame can be decoded"),
        (b"\x00" * 4096, "not a video"),
        (b"RIFF\x00\x01\x00\x00AVI ", "no frame can be decoded"),
    ],
)
def test_given_no_video_when_opened_then_it_says_why(tmp_path, content, why):
    path = tmp_path / "odd.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match=why) as caught:
        FileProducer(path).open()
    assert str(caught.value).startswith("odd.mp4")
    assert "\n" not in str(caught.value)


def test_given_an_mp4_whose_index_is_missing_when_opened_then_it_says_so(clips, tmp_path):
    whole = clips["mp4"].read_bytes()
    for name, end in (("half", len(whole) // 2), ("no index", whole.index(b"moov") - 4)):
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(whole[:end])
        with pytest.raises(SourceUnreadable, match=r"no frame can be decoded \(.*missing\)"):
            FileProducer(path).open()


def test_given_sound_only_when_opened_then_it_is_not_a_video(tmp_path):
    path = tmp_path / "sound.wav"
    samples = np.zeros(8000, np.int16).tobytes()
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\x01\0\x01\0"
    head += (8000).to_bytes(4, "little") + (16000).to_bytes(4, "little") + b"\x02\0\x10\0"
    path.write_bytes(head + b"data" + len(samples).to_bytes(4, "little") + samples)
    with pytest.raises(SourceUnreadable, match="not a video"):
        FileProducer(path).open()


def test_given_a_folder_when_opened_then_it_says_so(tmp_path):
    with pytest.raises(SourceUnreadable, match="folder"):
        FileProducer(tmp_path).open()


@pytest.mark.parametrize("name", ["none.mp4", "none/none.mp4", "nul\0.mp4", "line\nbreak.mp4"])
def test_given_no_file_when_opened_then_it_is_not_found_on_one_line(tmp_path, name):
    with pytest.raises(SourceNotFound, match="no such file") as caught:
        FileProducer(tmp_path / name).open()
    assert str(caught.value).isprintable()


def test_given_a_path_that_is_too_long_when_opened_then_it_is_unreadable(tmp_path):
    with pytest.raises(SourceUnreadable, match="cannot be reached"):
        FileProducer(tmp_path / ("x" * 5000)).open()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_given_a_pipe_when_opened_then_it_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(SourceUnreadable, match="not a regular file"):
        FileProducer(tmp_path / "pipe.mp4").open()


def test_given_a_name_like_a_protocol_when_opened_then_it_is_still_a_file(
    clips, tmp_path, monkeypatch
):
    (tmp_path / "http:clip.mp4").write_bytes(clips["mp4"].read_bytes())
    monkeypatch.chdir(tmp_path)
    producer = FileProducer("http:clip.mp4")
    assert producer.open().width == 64
    producer.close()


@pytest.mark.parametrize("kind", ["avi", "index first", "gif"])
def test_given_damage_in_the_middle_when_read_then_nothing_crashes(clips, tmp_path, kind, caplog):
    data = bytearray(clips[kind].read_bytes())
    random = np.random.default_rng(3)
    # Behind the headers and before an index at the end.
    start, end = int(0.4 * len(data)), int(0.6 * len(data))
    data[start:end] = random.integers(0, 256, end - start, dtype=np.uint8).tobytes()
    path = tmp_path / f"damaged{clips[kind].suffix}"
    path.write_bytes(data)
    frames, error = read_until_error(VideoSource(lambda: FileProducer(path)))
    # The blocks of a GIF can no longer be followed.
    assert error is None or kind == "gif"
    assert {frame.size for frame in frames} == {(64, 48)}
    if kind == "index first":
        # What lies behind the damage came as well, and the gap shows in the times.
        assert 12 <= len(frames) < 24
        assert frames[-1].media_time == pytest.approx(23 / 12)
        assert "left out" in caplog.text
    else:
        assert len(frames) >= 8


def test_given_pictures_of_other_formats_when_read_then_they_are_bgr(faked):
    shapes = [((4, 6), np.uint8), ((4, 6, 4), np.uint8), ((4, 6), np.uint16), ((4, 6, 1), np.uint8)]
    values = [100, 100, 25700, 100]
    producer, _ = faked([grey(s, v, t) for (s, t), v in zip(shapes, values, strict=True)])
    for _ in shapes:
        pixels = producer.read().pixels
        assert pixels.dtype == np.uint8
        assert pixels.shape == (4, 6, 3)
        assert set(np.unique(pixels)) == {100}


@pytest.mark.parametrize("damaged", [1, 40, 900])
def test_given_damaged_frames_when_read_then_those_behind_them_come(faked, caplog, damaged):
    script = [grey((4, 6, 3)), *[None] * damaged, grey((4, 6, 3), 9)]
    producer, _ = faked(script, positions=[0.0, 5000.0])
    first, second = producer.read(), producer.read()
    assert (first.media_time, second.media_time) == (0.0, 5.0)
    assert int(second.pixels.max()) == 9
    assert f"{damaged} damaged frame(s) before frame 1" in caplog.text
    assert producer.read() is None


@pytest.mark.parametrize(("count", "warned"), [(100.0, True), (21.0, False), (0.0, False)])
def test_given_pictures_that_end_long_before_the_header_when_read_then_the_log_tells(
    faked, caplog, count, warned
):
    producer, _ = faked([grey((4, 6, 3))] * 20, count=count)
    while producer.read() is not None:
        pass
    assert ("its header states 10.0 s" in caplog.text) == warned


def test_given_a_size_that_changes_when_read_then_all_frames_have_the_first_one(faked):
    producer, properties = faked([grey((4, 6, 3)), grey((8, 12, 3), 9), grey((2, 3, 3), 7)])
    pictures = [producer.read() for _ in range(3)]
    assert {picture.pixels.shape for picture in pictures} == {(4, 6, 3)}
    assert [int(picture.pixels.max()) for picture in pictures] == [0, 9, 7]
    assert (properties.width, properties.height) == (6, 4)


@pytest.mark.parametrize("error", [cv2.error("native failure\non two lines")])
def test_given_a_decoder_that_fails_when_read_then_it_is_unreadable_and_says_where(faked, error):
    producer, _ = faked([grey((4, 6, 3)), error])
    producer.read()
    with pytest.raises(SourceUnreadable, match="at frame 1") as caught:
        producer.read()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("fps", "count", "stated"),
    [
        (25.0, 10.0, (25.0, 10)),
        (0.0, 0.0, (None, None)),
        (float("nan"), -2.3e17, (None, None)),
        (1000.0, float("nan"), (None, None)),
        (90000.0, float("inf"), (None, None)),
        (29.97, -1.0, (29.97, None)),
    ],
)
def test_given_a_header_when_opened_then_nonsense_is_not_stated(faked, fps, count, stated):
    _, properties = faked([grey((4, 6, 3))], fps=fps, count=count)
    assert (properties.fps, properties.frame_count) == stated


def test_given_stated_positions_when_read_then_they_are_the_media_times(faked):
    producer, _ = faked([grey((4, 6, 3))] * 4, positions=[40.0, 140.0, 190.0, 0.0])
    times = [producer.read().media_time for _ in range(4)]
    assert times == pytest.approx([0.0, 0.1, 0.15, 0.2])


def test_given_a_closed_producer_when_read_then_it_is_over(clips):
    producer = FileProducer(clips["avi"])
    producer.close()
    producer.open()
    producer.close()
    producer.close()
    assert producer.read() is None


def test_given_broken_files_when_read_then_the_decoder_does_not_write_to_the_terminal(
    clips, tmp_path
):
    cut, odd = tmp_path / "cut.mp4", tmp_path / "odd.mp4"
    cut.write_bytes(clips["index first"].read_bytes()[:-2000])
    odd.write_bytes(clips["mp4"].read_bytes()[:-2000])
    code = (
        "import sys\n"
        "from streams.opening import open_source\n"
        "from streams.errors import StreamError\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        with open_source(path) as source:\n"
        "            while source.read(5): pass\n"
        "    except StreamError as error: print(type(error).__name__)\n"
    )
    # A process of its own: FFmpeg's level is read only once.
    done = subprocess.run(
        [sys.executable, "-c", code, str(cut), str(odd)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["SourceTruncated", "SourceUnreadable"]
    assert done.stderr == ""
