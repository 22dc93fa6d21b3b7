"""Clips that real cameras and encoders made, where they are to be had."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from streams.errors import SourceTruncated, SourceUnreadable
from streams.opening import open_source

ROOT = Path(__file__).parents[3] / "shared" / "data"
CLIPS = {
    "faces/videos/carphone_pristine.mp4": 120,
    "faces/videos/classroom.gif": 45,
    "faces/videos/face-demographics-walking-and-pause.gif": 41,
    "faces/videos/face-demographics-walking.gif": 35,
    "faces/videos/head-pose-face-detection-female.gif": 23,
    "faces/videos/head-pose-face-detection-male.gif": 62,
    "street_video/CarND_Vehicle_Detection_test_video.mp4": 38,
    "street_video/bikes.mp4": 250,
    "street_video/people-detection.gif": 23,
    "street_video/solidWhiteRight.mp4": 221,
}


def clip(name):
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"needs ../shared/data/{name}, which is not here")
    return path


def read_all(path):
    frames = []
    with open_source(str(path)) as source:
        while (frame := source.read(10)) is not None:
            frames.append((frame.media_time, frame.size))
    return frames


@pytest.mark.parametrize(("name", "count"), CLIPS.items())
def test_given_a_whole_clip_when_read_then_all_frames_come_and_there_is_no_false_alarm(name, count):
    times, sizes = zip(*read_all(clip(name)), strict=True)
    assert len(times) == count
    assert len(set(sizes)) == 1
    assert times[0] == 0.0
    assert all(a < b for a, b in pairwise(times))


@pytest.mark.parametrize("name", ["faces/videos/classroom.gif", "street_video/bikes.mp4"])
def test_given_half_a_clip_when_read_then_it_breaks_off(name, tmp_path):
    path = clip(name)
    half = tmp_path / path.name
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    expected = SourceTruncated if path.suffix == ".gif" else (SourceTruncated, SourceUnreadable)
    with pytest.raises(expected, match=r"missing|breaks off"):
        read_all(half)
