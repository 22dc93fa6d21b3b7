from __future__ import annotations

import os
import signal
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import writer as writing
from streams.errors import WriteFailed
from streams.opening import open_source
from streams.writer import VideoFileWriter, h264_trouble

pytestmark = pytest.mark.timeout(60)
needs_ffmpeg = pytest.mark.skipif(bool(h264_trouble()), reason="needs ffmpeg with libx264")


def noise(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)


def write_ten(video: VideoFileWriter) -> None:
    for seed in range(10):
        video.write(noise((640, 480), seed))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 6))
@settings(max_examples=15, deadline=None)
def test_ffv1_gives_every_pixel_back_whatever_the_size(
    tmp_path_factory, width, height, count
) -> None:
    path = tmp_path_factory.mktemp("film") / "a.mkv"
    frames = [noise((width, height), seed) for seed in range(count)]
    with VideoFileWriter(path, (width, height), 25) as video:
        for frame in frames:
            video.write(frame)
    with open_source(str(path)) as source:
        for frame in frames:
            found = source.read(10).pixels
            assert found.shape[:2] == (video.padded_size[1], video.padded_size[0])
            np.testing.assert_array_equal(found[:height, :width], frame)
        assert source.read(10) is None


@needs_ffmpeg
def test_h264_is_close_and_has_every_frame(tmp_path) -> None:
    path = tmp_path / "a.mkv"
    with VideoFileWriter(path, (33, 25), 25, "h264") as video:
        for value in range(30):
            video.write(np.full((25, 33, 3), 5 * value, np.uint8))
    with open_source(str(path)) as source:
        found = [source.read(10).pixels for _ in range(30)]
        assert source.read(10) is None
    assert max(abs(int(f.mean()) - 5 * i) for i, f in enumerate(found)) < 8


@needs_ffmpeg
def test_ffmpeg_that_ends_is_told_and_no_process_is_left(tmp_path) -> None:
    video = VideoFileWriter(tmp_path / "a.mkv", (640, 480), 25, "h264")
    process = video._encoder._process
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    with pytest.raises(WriteFailed, match="ffmpeg ended"):
        write_ten(video)
    assert process.poll() is not None
    with pytest.raises(ValueError, match="closed"):
        video.write(noise((640, 480)))


@needs_ffmpeg
def test_ffmpeg_that_hangs_is_given_up(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(writing, "STALL", 0.3)
    video = VideoFileWriter(tmp_path / "a.mkv", (640, 480), 25, "h264")
    os.kill(video._encoder._process.pid, signal.SIGSTOP)
    with pytest.raises(WriteFailed, match=r"took no picture for 0\.3 s"):
        write_ten(video)


@pytest.mark.parametrize("codec", ["ffv1", pytest.param("h264", marks=needs_ffmpeg)])
def test_a_disk_that_fills_up_is_told_before_it_is_full(tmp_path, monkeypatch, codec) -> None:
    usage = list(writing.shutil.disk_usage(tmp_path))
    video = VideoFileWriter(tmp_path / "a.mkv", (8, 6), 25, codec)
    video.write(noise((8, 6)))
    full = type(writing.shutil.disk_usage(tmp_path))(usage[0], usage[1], 1000)
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda _: full)
    with pytest.raises(WriteFailed, match="disk is full"):
        video.write(noise((8, 6)))


def test_a_folder_that_is_not_there_is_told(tmp_path) -> None:
    with pytest.raises(WriteFailed, match=r"a\.mkv: cannot be written"):
        VideoFileWriter(tmp_path / "none" / "a.mkv", (8, 6), 25)


@pytest.mark.parametrize(("size", "fps"), [((0, 4), 25), ((4, 4), 0), ((4, 4), float("nan"))])
def test_a_size_or_a_rate_that_is_none_is_refused(tmp_path, size, fps) -> None:
    with pytest.raises(ValueError, match="at least 1 x 1"):
        VideoFileWriter(tmp_path / "a.mkv", size, fps)


def test_a_picture_of_another_size_is_refused(tmp_path) -> None:
    with (
        VideoFileWriter(tmp_path / "a.mkv", (8, 6), 25) as video,
        pytest.raises(WriteFailed, match="begin another file"),
    ):
        video.write(noise((9, 6)))


def test_ffmpeg_that_is_not_there_or_does_not_answer_is_said(monkeypatch) -> None:
    monkeypatch.setattr(writing.shutil, "which", lambda _: None)
    assert "not installed" in h264_trouble()
    monkeypatch.setattr(writing.shutil, "which", lambda _: "/bin/ffmpeg")

    def hangs(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("ffmpeg", 1)

    monkeypatch.setattr(writing.subprocess, "run", hangs)
    assert "does not answer" in h264_trouble()
