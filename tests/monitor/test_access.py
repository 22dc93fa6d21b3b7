"""From afar nothing is opened but what camdrift was started with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.access import Access
from monitor.config import Settings
from monitor.errors import ConfigError

STARTED = Settings().changed(
    {"source": "rtsp://user:secret@cam/1", "also": ("clip.mp4",), "surrogate": "signs"}
)


@pytest.mark.parametrize(
    "source",
    [
        "auto",
        "visitor",
        "0",
        "/dev/video1",
        "scene:road?frames=30",
        "rtsp://user:secret@cam/1",
        "rtsp://cam/1",
        "clip.mp4",
    ],
)
def test_scenes_cameras_and_what_it_was_started_with_are_open(source: str) -> None:
    Access(STARTED).check({"source": source})


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "../clip.mp4",
        "./clip.mp4",
        "photo:/etc/passwd",
        "images:/",
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        "http://127.0.0.1:9000/",
        "rtsp://cam/2",
        "/dev/video0/../../etc/passwd",
        "0123456789",
        "",
    ],
)
def test_no_other_file_or_address_is(source: str) -> None:
    with pytest.raises(ConfigError, match=r"source: .*may not be opened from here") as caught:
        Access(STARTED).check({"source": source})
    assert "\n" not in str(caught.value)


def test_a_refusal_shows_no_login() -> None:
    with pytest.raises(ConfigError) as caught:
        Access(STARTED).check({"source": "http://me:hunter2@10.0.0.1/x?token=abc"})
    assert "hunter2" not in str(caught.value)
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"patch": "/etc/passwd"},
        {"surrogate": "os:system"},
        {"surrogate": "hf:/tmp/x"},
        {"surrogate": "other.pt"},
        {"attack": "patch:/etc/passwd"},
    ],
)
def test_nor_is_code_or_a_patch_loaded(changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="may not be opened from here"):
        Access(STARTED).check(changes)


def test_names_of_the_house_are_open() -> None:
    Access(STARTED).check(
        {"attack": "patch:face", "surrogate": "faces", "patch": "face", "eps": "4/255"}
    )


@given(st.text(max_size=40))
def test_whatever_is_written_names_no_path(text: str) -> None:
    if text.strip() in ("auto", "visitor", "clip.mp4") or text.strip().startswith("scene:"):
        return
    camera = text.strip().removeprefix("/dev/video")
    if camera.isascii() and camera.isdigit():
        return
    with pytest.raises(ConfigError):
        Access(STARTED).check({"source": text})
