"""How much of an attack a codec leaves: the detector on what was written."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np

from models.detector import Detector
from monitor.arrays import Pixels
from monitor.video import MOST_KEPT, Film, Kept, Reel, Video, sampled
from streams.producers.file import FileProducer


@dataclass(frozen=True, slots=True)
class Survival:
    """What became of the frames that had fallen.

    Attributes
    ----------
    judged : frames that were looked at once more.
    fallen : of these, whose goal was met when they were made.
    survived : of these, whose goal is still met after the codec.
    identical : of those judged, that came back pixel by pixel.
    attacked : frames of the film that could have been judged; more than `judged` where the film is long, and
        0 where nobody counted.
    psnr_db : of the film, from up to 4096 values of each frame that was kept [dB]; None where no value moved.
    """

    judged: int
    fallen: int
    survived: int
    identical: int
    attacked: int = 0
    psnr_db: float | None = None

    @property
    def share(self) -> float | None:
        """Codec survival: survived of fallen; None where none had fallen."""
        return self.survived / self.fallen if self.fallen else None

    def words(self, codec: str) -> str:
        """One line for people."""
        if not self.fallen:
            return f"{codec}: no frame had fallen, so there is nothing that it could destroy"
        if self.identical == max(self.judged, self.attacked):
            return (
                f"{codec} kept all of the attack: every pixel came back as it was ({self.fallen} frames that "
                "had fallen)"
            )
        assert self.share is not None
        text = (
            f"{codec} kept {self.share:.2f} of the attack: {self.survived} of {self.fallen} frames that had "
            "fallen still fall after it"
        )
        if self.judged < self.attacked:
            text += f", judged on {self.judged} of {self.attacked} frames, evenly spaced"
        return text if self.psnr_db is None else f"{text} (PSNR {self.psnr_db:.1f} dB)"


def codec_survival(
    film: Film,
    detector: Detector,
    *,
    threshold: float,
    iou: float,
    most: int = MOST_KEPT,
    turn: AbstractContextManager[object] | None = None,
) -> Survival | None:
    """Judge what a film's files hold; None where it holds no attacked frames.

    A frame that comes back bit for bit needs no detector: its answer is the one that it had.

    Parameters
    ----------
    film : closed.
    detector : that answered when the frames were made.
    threshold, iou : as then.
    most : frames that the detector is asked about.
    turn : held while it is asked, where somebody else is at work with it.

    Raises
    ------
    StreamError : a file cannot be read back.
    """
    if film.video not in (Video.ATTACKED, Video.SIDE):
        return None
    turn = turn or nullcontext()
    step = -(-len(film.kept) // most) or 1
    wanted = {kept.number: kept for kept in film.kept[::step]}
    whole, some, error = _Tally(), _Tally(), _Error()
    lossless = True
    for number, pixels in enumerate(_decoded(film)):
        fell, kept = film.fell[number], wanted.get(number)
        same = zlib.crc32(pixels.data) == film.checksums[number]
        lossless &= same
        if kept is not None:
            error.add(kept, pixels)
        if fell < 0:
            continue
        whole.add(fell == 1, same, survived=same)
        if kept is None:
            continue
        survived = same
        if fell == 1 and not same:
            with turn:
                found = detector.detect(pixels, threshold)
            survived = kept.aim.progress(kept.clean, found, iou)[0]
        some.add(fell == 1, same, survived=survived)
    # Bit for bit the whole film is judged, for nobody has to be asked; else the frames that were kept of it.
    tally = whole if lossless else some
    return Survival(
        tally.judged,
        tally.fallen,
        tally.survived,
        tally.identical,
        attacked=whole.judged,
        psnr_db=error.psnr_db,
    )


@dataclass(slots=True)
class _Tally:
    judged: int = 0
    fallen: int = 0
    survived: int = 0
    identical: int = 0

    def add(self, fell: bool, same: bool, *, survived: bool) -> None:
        self.judged += 1
        self.identical += same
        self.fallen += fell
        self.survived += fell and survived


@dataclass(slots=True)
class _Error:
    """The squared error of the values that were kept."""

    squared: int = 0
    values: int = 0

    def add(self, kept: Kept, pixels: Pixels) -> None:
        apart = sampled(pixels).astype(np.int64) - kept.sample
        self.squared += int((apart * apart).sum())
        self.values += apart.size

    @property
    def psnr_db(self) -> float | None:
        if not self.squared:
            return None
        return 10 * math.log10(255**2 * self.values / self.squared)


def _decoded(film: Film) -> Iterator[Pixels]:
    """The attacked frames of all files, in order."""
    for reel in film.reels:
        yield from _of(reel, side=film.video is Video.SIDE)


def _of(reel: Reel, *, side: bool) -> Iterator[Pixels]:
    producer = FileProducer(reel.path)
    width, height = reel.size
    left = width // 2 if side else 0
    try:
        producer.open()
        while (picture := producer.read()) is not None:
            yield np.ascontiguousarray(picture.pixels[:height, left:width])
    finally:
        producer.close()
