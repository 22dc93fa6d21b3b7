"""How much of an attack a codec leaves: the detector on what was written."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.detector import Detector
from monitor.arrays import Pixels
from monitor.video import Film, Reel, Video
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
    """

    judged: int
    fallen: int
    survived: int
    identical: int

    @property
    def share(self) -> float | None:
        """Codec survival: survived of fallen; None where none had fallen."""
        return self.survived / self.fallen if self.fallen else None

    def words(self, codec: str) -> str:
        """One line for people."""
        if not self.fallen:
            return f"{codec}: no frame had fallen, so there is nothing that it could destroy"
        if self.identical == self.judged:
            return (
                f"{codec} kept all of the attack: every pixel came back as it was ({self.fallen} frames that "
                "had fallen)"
            )
        assert self.share is not None
        return (
            f"{codec} kept {self.share:.2f} of the attack: {self.survived} of {self.fallen} frames that had "
            "fallen still fall after it"
        )


def codec_survival(
    film: Film, detector: Detector, *, threshold: float, iou: float
) -> Survival | None:
    """Judge what a film's files hold; None where it holds no attacked frames.

    A frame that comes back bit for bit needs no detector: its answer is the one that it had.

    Parameters
    ----------
    film : closed.
    detector : that answered when the frames were made.
    threshold, iou : as then.

    Raises
    ------
    StreamError : a file cannot be read back.
    """
    if film.video not in (Video.ATTACKED, Video.SIDE):
        return None
    wanted = {kept.number: kept for kept in film.kept}
    judged = fallen = survived = identical = 0
    for number, pixels in enumerate(_decoded(film)):
        kept = wanted.get(number)
        if kept is None or kept.fell is None:
            continue
        judged += 1
        same = zlib.crc32(pixels.data) == kept.checksum
        identical += same
        if not kept.fell:
            continue
        fallen += 1
        if same:
            survived += 1
            continue
        found = detector.detect(pixels, threshold)
        survived += kept.aim.progress(kept.clean, found, iou)[0]
    return Survival(judged, fallen, survived, identical)


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
