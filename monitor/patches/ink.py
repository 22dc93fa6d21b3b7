"""How the print of a patch is drawn: texels, lines to cut along, marks, scale bar, text."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from monitor.patches.patch import Patch

MARGIN, OVERLAP, BAR = 10.0, 5.0, 50.0
"""mm, as all lengths here."""

PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
_CHECK = "50 mm: check it with a ruler; print at 100 %, without fitting to the page"

_DOT = 0.1  # more than this no viewer that smooths pictures can blur the edge between two texels
_THIN = 0.15  # of a cutting line

Window = tuple[float, float, float, float]  # left, top, width, height in the patch


class Ink:
    """What a patch's print is drawn with; y goes up.

    Attributes
    ----------
    canvas : in mm.
    page_width : mm.
    texel : side of a square of the patch, mm.
    """

    def __init__(self, canvas: Canvas, page_width: float, patch: Patch, width: float) -> None:
        self.canvas, self.page_width = canvas, page_width
        self.shows = patch.mask > 0
        self.texels = np.where(self.shows[..., None], patch.pixels, 255)[..., ::-1]
        self.width, self.height = width, width / patch.aspect
        self.texel = width / self.shows.shape[1]

    def picture(self, x: float, y: float, window: Window, scale: float = 1.0) -> None:
        """A window of the patch with its lower left corner at (x, y), and the lines to cut along.

        The texels are enlarged here, for many a viewer smooths what it enlarges itself.
        """
        left, top, wide, high = window
        times = math.ceil(scale * self.texel / _DOT)
        dot = self.texel / times
        rows, columns = (
            np.arange(int(start / dot), min(math.ceil((start + side) / dot), times * count))
            for start, side, count in zip((top, left), (high, wide), self.shows.shape, strict=True)
        )
        enlarged = self.texels[rows[:, None] // times, columns // times]
        canvas = self.canvas
        canvas.saveState()
        canvas.translate(x, y)
        canvas.scale(scale, scale)
        clip = canvas.beginPath()
        clip.rect(-_THIN / 2, -_THIN / 2, wide + _THIN, high + _THIN)
        canvas.clipPath(clip, stroke=0)
        canvas.translate(-left, top + high)
        canvas.drawImage(
            ImageReader(Image.fromarray(enlarged)),
            columns[0] * dot,
            -(rows[-1] + 1) * dot,
            len(columns) * dot,
            len(rows) * dot,
        )
        canvas.setLineWidth(_THIN)
        canvas.setDash(1, 1)
        canvas.rect(0, -self.height, self.width, self.height)
        for x0, y0, x1, y1 in _edges(self.shows):
            canvas.line(*(side * self.texel for side in (x0, -y0, x1, -y1)))
        canvas.restoreState()

    def marks(self, x: float, y: float, wide: float, high: float, below: bool, right: bool) -> None:
        """Where to cut a piece, and which edges of it the next ones are glued onto; all outside of it."""
        tabs: list[tuple[float, float, int]] = []
        if right:
            tabs += [(x + wide - OVERLAP, up, 0) for up in (y - 4.5, y + high + 1.5)]
        if below:
            tabs += [(across, y, 90) for across in (x - 1.5, x + wide + 4.5)]
        for across, up, angle in tabs:
            self.canvas.saveState()
            self.canvas.translate(across, up)
            self.canvas.rotate(angle)
            self.canvas.setFillGray(0.85)
            self.canvas.rect(0, 0, OVERLAP, 3, stroke=0, fill=1)
            self.canvas.setFillGray(0)
            self.write(0.55, 0.9, "glue", 6)
            self.canvas.restoreState()
        for start in (-5, 1.5):
            for across, up in ((x, y), (x + wide, y + high)):
                begin = start + (y if start < 0 else y + high)
                self.canvas.line(across, begin, across, begin + 3.5)
                begin = start + (x if start < 0 else x + wide)
                self.canvas.line(begin, up, begin + 3.5, up)

    def bar(self, y: float) -> None:
        """50 mm with a tick every 10, and what to do with it."""
        self.canvas.line(MARGIN, y, MARGIN + BAR, y)
        for tick in range(0, int(BAR) + 1, 10):
            self.canvas.line(MARGIN + tick, y, MARGIN + tick, y + (3 if tick in (0, BAR) else 2))
        self.write(MARGIN + BAR + 3, y, _CHECK, 8)

    def write(self, x: float, y: float, text: str, points: float, font: str = PLAIN) -> None:
        """A line, in smaller letters where it would reach into the right margin."""
        widest = self.page_width - MARGIN - x
        size = min(points / mm, widest / max(stringWidth(text, font, 1), 1e-9))
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, text)


def _edges(shows: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int, int, int]]:
    """x0, y0, x1, y1 in texels: where what shows of a patch meets a hole, but not the patch's own edges."""
    for upright, mask in ((False, shows), (True, shows.T)):
        for at, change in enumerate(mask[1:] != mask[:-1], start=1):
            ends = np.flatnonzero(np.diff(np.pad(change.astype(np.int8), 1))).tolist()
            for start, end in zip(ends[::2], ends[1::2], strict=True):
                yield (at, start, at, end) if upright else (start, at, end, at)
