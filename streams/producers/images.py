"""A folder of pictures, or those that a glob finds, one after the other."""

from __future__ import annotations

import glob
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from streams.errors import SourceNotFound, SourceUnreadable
from streams.frame import Pixels, SourceProperties
from streams.naming import one_line
from streams.pixels import as_bgr8
from streams.producers.producer import Picture

_LOG: Final = logging.getLogger(__name__)

SUFFIXES: Final = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".jp2")
)
"""What counts as a picture in a folder; a glob takes what it finds."""


class ImagesProducer:
    """Pictures in natural order of their names: frame2 before frame10.

    Each comes in its own size, turned as its EXIF says, 16 bits brought to 8 and alpha dropped. One that
    cannot be decoded is left out with a warning; its time stays empty.

    Parameters
    ----------
    where : a folder, or a glob such as "shots/*.png" or "shots/**/*.jpg"; `~` is the home folder.
    fps : pictures a second.

    Raises
    ------
    ValueError : a rate that is not above 0.
    """

    def __init__(self, where: str, *, fps: float = 10.0) -> None:
        if not fps > 0:
            raise ValueError(f"fps must be above 0, got {fps:g}")
        self._where = Path(where).expanduser()
        self._name = "images:" + one_line(self._where.name or where)
        self._fps = fps
        self._files: Sequence[Path] = ()
        self._next = 0
        self._first: Pixels | None = None

    def open(self) -> SourceProperties:
        """Find the pictures and decode the first.

        Raises
        ------
        SourceNotFound : no such folder, or no picture in it.
        SourceUnreadable : not one can be decoded.
        """
        self._files = found(self._where)
        if not self._files:
            raise SourceNotFound(
                f"{one_line(str(self._where))}: no pictures there; give a folder or a glob of "
                f"{', '.join(sorted(suffix[1:] for suffix in SUFFIXES))} files"
            )
        self._next = 0
        first = self._decoded()
        if first is None:
            raise SourceUnreadable(
                f"{self._name}: none of its {len(self._files)} files can be decoded; give pictures"
            )
        self._first = first
        return SourceProperties(
            name=self._name,
            width=first.shape[1],
            height=first.shape[0],
            fps=self._fps,
            frame_count=len(self._files),
            live=False,
        )

    def read(self) -> Picture | None:
        """Return the next picture, None after the last."""
        first, self._first = self._first, None
        pixels = first if first is not None else self._decoded()
        if pixels is None:
            return None
        return Picture(pixels, media_time=(self._next - 1) / self._fps)

    def close(self) -> None:
        """Forget the list."""
        self._files = ()

    def _decoded(self) -> Pixels | None:
        while self._next < len(self._files):
            file = self._files[self._next]
            self._next += 1
            pixels = decoded(file)
            if pixels is not None:
                return pixels
            _LOG.warning(
                "%s: %s is no picture that can be decoded; left out", self._name, file.name
            )
        return None


def found(where: Path) -> list[Path]:
    """The pictures of a folder, or the files that a glob finds, in natural order."""
    if where.is_dir():
        files = [path for path in where.iterdir() if path.suffix.lower() in SUFFIXES]
    else:
        # Not Path.glob: that takes no absolute pattern.
        files = [Path(path) for path in glob.glob(str(where), recursive=True)]  # noqa: PTH207
    return sorted((path for path in files if path.is_file()), key=_natural)


def decoded(file: Path) -> Pixels | None:
    """The picture in a file, uint8 BGR; None where there is none."""
    try:
        data = np.frombuffer(file.read_bytes(), np.uint8)
        # Not IMREAD_UNCHANGED: that leaves a phone's pictures lying on their side.
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if data.size else None
        return None if picture is None else as_bgr8(picture)
    except (OSError, cv2.error, ValueError):
        return None


def _natural(path: Path) -> list[tuple[int, int | str]]:
    parts = re.split(r"(\d+)", str(path))
    return [(0, int(part)) if part.isdecimal() else (1, part.lower()) for part in parts]
