"""What a codec leaves of an attack: what is proven, what is sampled, and what a run says of it."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path

import cv2
import nano_nets
import numpy as np
import pytest
from finest import BOX, NOTHING, Finest
from observations import observed
from run_stories import story, writer_in

from models.nano import Nano
from monitor import video as filming_video
from monitor.config import Settings
from monitor.evaluate import evaluate
from monitor.filming import finish_film
from monitor.goals import Aim, Goal
from monitor.pipeline import Observation
from monitor.report import write_report
from monitor.runs import Run
from monitor.survival import Survival, codec_survival
from monitor.video import Film, Video, sampled
from streams.frame import Frame
from streams.writer import VideoFileWriter, h264_trouble

pytestmark = pytest.mark.timeout(60)
needs_ffmpeg = pytest.mark.skipif(bool(h264_trouble()), reason="needs ffmpeg with libx264")


SIZE = 64, 48


def seen(number: int) -> Observation:
    """A frame of even values; every other one is attacked, and falls."""
    rng = np.random.default_rng(number)
    clean = (rng.integers(0, 120, (SIZE[1], SIZE[0], 3)) * 2).astype(np.uint8)
    fell = number % 2 == 0
    return observed(
        number,
        BOX,
        NOTHING if fell else BOX,
        frame=Frame(clean, number, number / 10, 0.0, "clip.avi"),
        attacked_pixels=clean | np.uint8(fell),
        success=fell,
    )


def film(folder: Path, codec: str = "ffv1", **words: object) -> Film:
    aim = Aim(Goal.VANISH)
    return Film(folder, Video.ATTACKED, codec, lambda _: aim, wait=True, **words)  # type: ignore[arg-type]


def filmed(folder: Path, frames: int, codec: str = "ffv1") -> Film:
    made = film(folder, codec)
    for number in range(frames):
        made.add(seen(number))
    made.close()
    return made


def rewritten(made: Film, change: dict[int, int], levels: int = 2) -> None:
    """The film's file written anew, with `levels` more on the frames of `change`: a codec that lost some."""
    (reel,) = made.reels
    with VideoFileWriter(reel.path, reel.size, 25) as video:
        for number in range(reel.frames):
            shown = seen(number).attacked_pixels
            video.write(shown + np.uint8(levels * change.get(number, 0)))


def few(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(filming_video, "MOST_KEPT", most)


def test_without_loss_every_frame_is_proven_though_few_are_kept(tmp_path, monkeypatch) -> None:
    few(monkeypatch, 8)
    made, detector = filmed(tmp_path, 40), Finest()
    assert len(made.kept) <= 8
    found = codec_survival(made, detector, threshold=0.5, iou=0.5)
    assert found == Survival(40, 20, 20, 40, attacked=40)
    assert (found.share, found.psnr_db, detector.asked) == (1.0, None, 0)


def test_one_frame_that_came_back_otherwise_is_seen_and_the_sample_is_told(
    tmp_path, monkeypatch
) -> None:
    few(monkeypatch, 8)
    made = filmed(tmp_path, 40)
    kept = {one.number for one in made.kept}
    other = next(number for number in range(40) if number not in kept)
    rewritten(made, {other: 1})
    found = codec_survival(made, Finest(), threshold=0.5, iou=0.5)
    assert (found.judged, found.attacked) == (len(kept), 40)
    assert found.words("FFV1").endswith("judged on 5 of 40 frames, evenly spaced")
    assert "every pixel" not in found.words("FFV1")


def test_the_error_is_that_of_the_pixels(tmp_path) -> None:
    made = filmed(tmp_path, 12)
    rewritten(made, dict.fromkeys(range(12), 1))
    found = codec_survival(made, Finest(), threshold=0.5, iou=0.5)
    assert found.psnr_db == pytest.approx(10 * math.log10(255**2 / 4))
    assert found.words("H.264").endswith("(PSNR 42.1 dB)")
    assert found.survived == found.fallen == 6  # two levels leave the lowest bit as it is


@needs_ffmpeg
def test_the_error_of_a_real_codec_is_near_that_of_all_pixels(tmp_path) -> None:
    made = filmed(tmp_path, 12, "h264")
    found = codec_survival(made, Finest(), threshold=0.5, iou=0.5)
    capture = cv2.VideoCapture(str(made.reels[0].path))
    apart = [capture.read()[1].astype(float) - seen(number).attacked_pixels for number in range(12)]
    assert found.psnr_db == pytest.approx(10 * math.log10(255**2 / np.square(apart).mean()), abs=1)


@pytest.mark.parametrize("size", [(1, 1), (64, 48), (640, 360), (641, 357)])
def test_a_sample_is_bounded_and_goes_over_all_of_the_picture(size: tuple[int, int]) -> None:
    rows = np.arange(size[1], dtype=np.float64)[:, None, None] * 255 / size[1]
    picture = np.broadcast_to(rows, (size[1], size[0], 3)).astype(np.uint8)
    values = sampled(picture)
    assert 1 <= len(values) <= 4096
    assert abs(float(values.mean()) - float(picture.mean())) < 3


class Native(VideoFileWriter):
    """Fails inside OpenCV after five frames."""

    def write(self, pixels: np.ndarray) -> None:
        if self.frames == 5:
            raise cv2.error("native trouble")
        super().write(pixels)


def test_an_encoder_that_fails_natively_does_not_hold_up_the_run(
    tmp_path, caplog: pytest.LogCaptureFixture
) -> None:
    made = film(tmp_path, open_writer=Native)

    def run() -> None:
        for number in range(100):  # far more than wait for the encoder
            made.add(seen(number))
        made.close()

    loop = threading.Thread(target=run, daemon=True)
    loop.start()
    loop.join(20)
    assert not loop.is_alive()
    assert made.broke_off == "after 5 frames: native trouble"
    assert "the video broke off after 5 frames: native trouble; the tables go on" in caplog.text


# What a run says of it.


def test_the_summary_and_the_report_say_what_became_of_the_video(tmp_path) -> None:
    with writer_in(tmp_path, video="attacked") as writer:
        made = film(writer.folder)
        for shot in story(10):
            writer.add(shot)
            made.add(shot)
        made.lost = 3
        finish_film(made, writer, Settings(), Finest())
    folder = writer.finish()
    told = Run.open(folder).summary["video"]
    assert isinstance(told, dict)
    assert (told["files"], told["frames"], told["frames_lost"]) == (["attacked.mkv"], 10, 3)
    assert (folder / "attacked.mkv").stat().st_size > 0
    page = write_report(folder).read_text(encoding="utf-8")
    assert "<code>codec_survival</code>" in page
    assert "3 frames came too fast for the encoder and are missing" in page
    if told["fallen"]:
        assert told["codec_survival"] == 1.0
        assert "FFV1 kept all of the attack" in page


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Nano:
    model = nano_nets.nano()
    monkeypatch.setattr("monitor.assembly.load_model", lambda *_: model)
    return model


@pytest.mark.slow
def test_an_evaluation_with_a_video_has_the_tables_that_it_has_without(
    tmp_path: Path, net: Nano
) -> None:
    picture = tmp_path / "textured.png"
    cv2.imwrite(str(picture), nano_nets.textured(3, 96, 64))
    small = {"width": 96, "frames": 3, "attack": "fgsm", "eps": "8/255", "model": "signs"}
    plain, shown = (
        evaluate(
            f"photo:{picture}?width=96",
            Settings().changed({"runs": str(tmp_path / video), "video": video, **small}),
        )
        for video in ("none", "side")
    )
    for table in ("frames", "objects", "tracks"):
        for part in (plain / table).iterdir():
            assert part.read_bytes() == (shown / table / part.name).read_bytes(), part.name
    without, beside = (
        json.loads((folder / "summary.json").read_text()) for folder in (plain, shown)
    )
    told = beside.pop("video")
    assert without == beside
    assert (told["files"], told["frames"], told["broke_off"]) == (["side.mkv"], 3, None)
    assert told["identical"] == told["judged"]
    assert told["codec_survival"] in (None, 1.0)
    assert not list(plain.glob("*.mkv"))
