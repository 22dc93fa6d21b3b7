"""The video of a run, and what its codec leaves of an attack."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from finest import BOX, NOTHING, Finest
from observations import observed

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.goals import Aim, Goal
from monitor.survival import Survival, codec_survival
from monitor.video import MOST_KEPT, Film, Video, check_video
from streams.errors import WriteFailed
from streams.frame import Frame
from streams.opening import open_source
from streams.writer import VideoFileWriter, h264_trouble

pytestmark = pytest.mark.timeout(60)


def scene(number: int, size: tuple[int, int] = (32, 24)) -> np.ndarray:
    rng = np.random.default_rng(number)
    return (rng.integers(0, 128, (size[1], size[0], 3), np.uint8) * 2).astype(np.uint8)


def seen(number: int, *, fell: bool = True, size: tuple[int, int] = (32, 24)) -> Any:
    clean = scene(number, size)
    attacked = clean | 1 if fell else clean
    return observed(
        number,
        BOX,
        NOTHING if fell else BOX,
        frame=Frame(clean, number, number / 10, 0.0, "clip.avi"),
        attacked_pixels=attacked,
        success=fell,
    )


def film(folder: Path, video: Video, codec: str = "ffv1", **kwargs: Any) -> Film:
    aim = Aim(Goal.VANISH)
    return Film(folder, video, codec, lambda _: aim, wait=kwargs.pop("wait", True), **kwargs)


def read(path: Path) -> list[np.ndarray]:
    frames = []
    with open_source(str(path)) as source:
        while (frame := source.read(10)) is not None:
            frames.append(frame.pixels)
    return frames


@pytest.mark.parametrize("video", [Video.CLEAN, Video.ATTACKED, Video.SIDE])
def test_the_file_holds_the_frames_bit_for_bit_at_their_own_rate(tmp_path, video) -> None:
    shots = [seen(number) for number in range(15)]
    made = film(tmp_path, video)
    for shot in shots:
        made.add(shot)
    made.close()
    (reel,) = made.reels
    assert (reel.path.name, reel.frames, made.lost, made.broke_off) == (f"{video}.mkv", 15, 0, "")
    wanted = {
        Video.CLEAN: lambda shot: shot.frame.pixels,
        Video.ATTACKED: lambda shot: shot.attacked_pixels,
        Video.SIDE: lambda shot: np.hstack([shot.frame.pixels, shot.attacked_pixels]),
    }[video]
    for shot, pixels in zip(shots, read(reel.path), strict=True):
        np.testing.assert_array_equal(pixels, wanted(shot))
    with open_source(str(reel.path)) as source:
        assert source.properties.fps == pytest.approx(10, abs=0.2)


@pytest.mark.parametrize("video", [Video.ATTACKED, Video.SIDE])
def test_a_codec_without_loss_keeps_all_and_the_detector_is_not_asked(tmp_path, video) -> None:
    made = film(tmp_path, video)
    for number in range(20):
        made.add(seen(number, fell=number % 2 == 0, size=(33, 25)))
    made.close()
    detector = Finest()
    found = codec_survival(made, detector, threshold=0.5, iou=0.5)
    assert found == Survival(judged=20, fallen=10, survived=10, identical=20, attacked=20)
    assert detector.asked == 0
    assert "every pixel came back" in found.words("FFV1")


@pytest.mark.skipif(bool(h264_trouble()), reason="needs ffmpeg with libx264")
def test_h264_destroys_what_hangs_on_the_lowest_bit(tmp_path) -> None:
    made = film(tmp_path, Video.ATTACKED, "h264")
    for number in range(20):
        made.add(seen(number, size=(64, 48)))
    made.close()
    detector = Finest()
    found = codec_survival(made, detector, threshold=0.5, iou=0.5)
    assert (found.judged, found.fallen, found.identical) == (20, 20, 0)
    assert found.survived == 0
    assert detector.asked == 20
    assert found.words("H.264").startswith("H.264 kept 0.00 of the attack: 0 of 20 frames")


def test_a_clean_video_says_nothing_of_an_attack_and_no_fallen_frame_nothing_of_a_codec(
    tmp_path,
) -> None:
    made = film(tmp_path, Video.CLEAN)
    made.add(seen(0))
    made.close()
    assert codec_survival(made, Finest(), threshold=0.5, iou=0.5) is None
    assert Survival(5, 0, 0, 0).share is None
    assert "no frame had fallen" in Survival(5, 0, 0, 0).words("H.264")


def test_another_size_begins_another_file(tmp_path) -> None:
    made = film(tmp_path, Video.ATTACKED)
    for number, size in enumerate([(32, 24)] * 13 + [(40, 24)] * 3):
        made.add(seen(number, size=size))
    made.close()
    assert [(reel.path.name, reel.size, reel.frames) for reel in made.reels] == [
        ("attacked.mkv", (32, 24), 13),
        ("attacked-2.mkv", (40, 24), 3),
    ]
    assert codec_survival(made, Finest(), threshold=0.5, iou=0.5).identical == 16


class Slow(VideoFileWriter):
    """Waits for leave at every frame."""

    leave = threading.Event()

    def write(self, pixels: np.ndarray) -> None:
        self.leave.wait(20)
        super().write(pixels)


def test_a_slow_encoder_loses_pictures_and_counts_them_and_never_holds_up_the_loop(
    tmp_path,
) -> None:
    Slow.leave.clear()
    made = film(tmp_path, Video.ATTACKED, wait=False, open_writer=Slow)
    for number in range(200):
        made.add(seen(number))
    assert made.lost > 100
    Slow.leave.set()
    made.close()
    assert made.frames + made.lost == 200
    # What is judged is what was written, not what was lost.
    assert codec_survival(made, Finest(), threshold=0.5, iou=0.5).identical == made.frames


class Full(VideoFileWriter):
    """The disk is full after five frames."""

    def write(self, pixels: np.ndarray) -> None:
        if self.frames == 5:
            raise WriteFailed(f"{self.path.name}: the disk is full")
        super().write(pixels)


def test_a_full_disk_ends_the_video_and_says_where_and_the_run_goes_on(tmp_path) -> None:
    made = film(tmp_path, Video.ATTACKED, open_writer=Full)
    for number in range(60):
        made.add(seen(number))
    made.close()
    made.close()
    assert made.broke_off == "after 5 frames: attacked.mkv: the disk is full"
    assert made.frames == 5


def test_no_frame_at_all_leaves_no_file(tmp_path) -> None:
    made = film(tmp_path, Video.ATTACKED)
    made.close()
    assert (made.reels, made.broke_off) == ([], "")
    assert not list(tmp_path.iterdir())


def test_what_is_kept_of_a_long_run_is_bounded_and_even(tmp_path) -> None:
    made = film(tmp_path, Video.ATTACKED)
    shot = seen(0)
    for _ in range(3 * MOST_KEPT):
        made._keep(shot)
    made.close()
    numbers = [kept.number for kept in made.kept]
    assert MOST_KEPT / 2 <= len(numbers) <= MOST_KEPT
    assert set(np.diff(numbers)) == {4}


def test_h264_without_ffmpeg_is_refused_before_anything_begins(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    settings = Settings().changed({"video": "attacked", "codec": "h264"})
    with pytest.raises(ConfigError, match=r"codec = h264.*install ffmpeg.*ffv1"):
        check_video(settings)
    check_video(settings.changed({"video": "none"}))
    check_video(settings.changed({"codec": "ffv1"}))
