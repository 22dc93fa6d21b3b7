"""The frames of a run as video: clean, attacked, or side by side."""

from __future__ import annotations

import logging
import queue
import threading
import zlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import supervision as sv

from monitor.arrays import Pixels
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.goals import Aim
from monitor.pipeline import Observation
from streams.errors import StreamError
from streams.writer import Codec, VideoFileWriter, h264_trouble

log = logging.getLogger(__name__)

MOST_KEPT: Final = 500
"""Frames whose clean answers are kept for the codec's survival figure, evenly over the run."""

_RATE_FROM: Final = 12
"""Frames from which the rate of the file is taken: what a camera states and what goes through differ."""

_QUEUED: Final = 32
"""Frames that wait for the encoder; 22 MB at 640x360."""

_USUAL_RATE: Final = 25.0

_SAMPLED: Final = 4096
"""Values of a kept frame that are compared after the codec: 2 MB for all that are kept."""


class Video(StrEnum):
    """Which frames of a run are written as video."""

    NONE = "none"
    CLEAN = "clean"
    ATTACKED = "attacked"
    SIDE = "side"


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What is needed to judge a frame once more after the codec.

    Attributes
    ----------
    number : of the frame in the video, from 0.
    clean : the answer to the clean frame.
    fell : the goal was met when the frame was made; None: it was not attacked.
    aim : the goal, at its place in this frame.
    sample : values of the attacked pixels, by which the codec's error is told; see `sampled`.
    """

    number: int
    clean: sv.Detections
    fell: bool | None
    aim: Aim
    sample: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Reel:
    """One file of a film: `frames` frames whose own size is `size`; in the file they may be padded."""

    path: Path
    size: tuple[int, int]
    frames: int


def check_video(settings: Settings) -> None:
    """Pass if the video that the settings want can be written here.

    Raises
    ------
    ConfigError : H.264 without the program ffmpeg, or one without libx264.
    """
    run = settings.run
    if Video(run.video) is Video.NONE or run.codec != "h264":
        return
    if trouble := h264_trouble():
        raise ConfigError(f"codec = {run.codec}: {trouble}")


def sampled(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Values of a picture at places that are the same for its size, at most 4096, uint8 (n,).

    A stride without small factors goes over rows, columns and channels alike; one of 8 or 16 would meet
    the codec's blocks at the same place each time.
    """
    values = pixels.reshape(-1)
    stride = max(1, values.size // _SAMPLED)
    while any(stride % prime == 0 for prime in (2, 3, 5, 7)) and stride > 1:
        stride += 1
    return values[::stride][:_SAMPLED].copy()


class Film:
    """Writes one run's video in a thread of its own.

    Parameters
    ----------
    folder : that the files are made in: attacked.mkv, and attacked-2.mkv where the frame's size changes.
    video : which frames.
    codec : how they are written.
    aim_at : frame's observation -> the goal in it.
    wait : True waits for a slow encoder, so that nothing is lost; False loses pictures instead, and counts.
    open_writer : injected for tests.
    """

    def __init__(
        self,
        folder: Path,
        video: Video,
        codec: Codec,
        aim_at: Callable[[Observation], Aim],
        *,
        wait: bool,
        open_writer: Callable[..., VideoFileWriter] = VideoFileWriter,
    ) -> None:
        self.video, self.codec = video, codec
        self._folder, self._aim_at, self._wait = folder, aim_at, wait
        self._open_writer = open_writer
        self._queue: queue.Queue[tuple[Pixels, float] | None] = queue.Queue(_QUEUED)
        self._writer: VideoFileWriter | None = None
        self._rate: float | None = None
        self._begun: list[tuple[Pixels, float]] = []
        self._stride = 1
        self._taken = 0
        self.kept: list[Kept] = []
        """Every so-many-th frame, evenly."""
        self.checksums = array("L")
        """Of the attacked pixels of every frame, CRC-32: what proves that a codec lost nothing."""
        self.fell = array("b")
        """Of every frame: 1 the goal was met, 0 it was not, -1 it was not attacked."""
        self.reels: list[Reel] = []
        """The files, whole after `close`."""
        self.lost = 0
        """Frames that the encoder had no time for."""
        self.broke_off = ""
        """Why the video ends before the run does; "" where it does not."""
        self._thread = threading.Thread(target=self._run, name="camdrift-film", daemon=True)
        self._thread.start()

    @property
    def frames(self) -> int:
        """Frames in the files."""
        return sum(reel.frames for reel in self.reels)

    def add(self, seen: Observation) -> None:
        """Add one frame; called in the loop, costs a copy of it at most."""
        if self.broke_off:
            return
        time = seen.frame.media_time
        item = self._picture(seen), seen.frame.captured_at if time is None else time
        try:
            self._queue.put(item, block=self._wait)
        except queue.Full:
            self.lost += 1
            return
        self._keep(seen)

    def close(self) -> None:
        """Write what waits, and finish the files."""
        if self._thread.is_alive():
            self._queue.put(None)
        self._thread.join()

    def _keep(self, seen: Observation) -> None:
        number, self._taken = self._taken, self._taken + 1
        fell = seen.success
        self.checksums.append(zlib.crc32(np.ascontiguousarray(seen.attacked_pixels).data))
        self.fell.append(-1 if fell is None else int(fell))
        if number % self._stride:
            return
        sample = sampled(seen.attacked_pixels)
        self.kept.append(Kept(number, seen.clean, fell, self._aim_at(seen), sample))
        if len(self.kept) > MOST_KEPT:
            self._stride *= 2
            self.kept = self.kept[::2]

    def _picture(self, seen: Observation) -> Pixels:
        if self.video is Video.CLEAN:
            return seen.frame.pixels
        if self.video is Video.ATTACKED:
            return seen.attacked_pixels
        return np.hstack([seen.frame.pixels, seen.attacked_pixels])

    # The rest runs in the film's own thread.

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if not self.broke_off:
                self._try(lambda item=item: self._take(item))  # type: ignore[misc]
        if not self.broke_off:
            self._try(self._develop)
        self._try(self._finish)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except StreamError as error:
            self._break_off(error)
        except (
            Exception
        ) as error:  # cv2.error for one: without its thread the run would wait for ever
            log.exception("the video's encoder failed")
            self._break_off(error)

    def _break_off(self, error: Exception) -> None:
        if not self.broke_off:
            self.broke_off = f"after {self._written} frames: {error}"
            log.warning("the video broke off %s; the tables go on", self.broke_off)

    @property
    def _written(self) -> int:
        return self.frames + (self._writer.frames if self._writer is not None else 0)

    def _take(self, item: tuple[Pixels, float]) -> None:
        if self._rate is not None:
            self._write(item[0])
            return
        self._begun.append(item)
        if len(self._begun) >= _RATE_FROM:
            self._develop()

    def _develop(self) -> None:
        """Write the frames that were held back until the rate was known."""
        begun, self._begun = self._begun, []
        times = [time for _, time in begun]
        if self._rate is None:
            span = times[-1] - times[0] if len(times) > 1 else 0.0
            self._rate = min(240.0, max(1.0, (len(times) - 1) / span)) if span > 0 else _USUAL_RATE
        for pixels, _ in begun:
            self._write(pixels)

    def _write(self, pixels: Pixels) -> None:
        size = pixels.shape[1], pixels.shape[0]
        if self._writer is None or self._writer.size != size:
            self._finish()
            assert self._rate is not None
            number = f"-{len(self.reels) + 1}" if self.reels else ""
            path = self._folder / f"{self.video}{number}.mkv"
            self._writer = self._open_writer(path, size, self._rate, self.codec)
        self._writer.write(pixels)

    def _finish(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            self.reels.append(Reel(writer.path, writer.size, writer.frames))
            writer.close()
