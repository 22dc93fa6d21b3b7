"""A patch on paper: an A4 PDF on which it stands at its true size, in several pieces where it must."""

from __future__ import annotations

import math
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from monitor.errors import PatchError
from monitor.patches.ink import BOLD, MARGIN, OVERLAP, PLAIN, Ink, Window
from monitor.patches.patch import NOTE, Patch
from monitor.patches.sheet_words import described, in_mm, pages_described

PAGES: Final = ((210.0, 297.0), (297.0, 210.0))
"""A4, upright and landscape; this and all lengths here in mm."""

LEAST, MOST = 10.0, 2000.0
"""Width of a print."""

MOST_PAGES: Final = 100

_HEAD, _BAND, _LINE, _INDENT = 17.0, 27.0, 4.6, 20.0
_OVERVIEW = 110.0


@dataclass(frozen=True, slots=True)
class Printed:
    """What was written: pages of the PDF, and the patch's true size on them in mm."""

    pages: int
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class _Layout:
    """A page, the pieces across and down, and whether text and patch are on one page."""

    page: tuple[float, float]
    columns: int = 1
    rows: int = 1
    together: bool = False

    @property
    def pages(self) -> int:
        return 1 if self.together else 1 + self.columns * self.rows


def write_sheet(patch: Patch, file: Path, name: str, width_mm: float | None = None) -> Printed:
    """Write a PDF of the patch, whole or not at all; the same bytes for the same patch.

    Where patch and text do not fit on one page, the text has the first to itself. The patch follows, uncut
    if it fits within the margins, else in pieces that overlap.

    Parameters
    ----------
    patch, name : what is printed, and what it is called.
    file : ends in .pdf.
    width_mm : of the patch; None: as its facts say. The height follows from its pixels.

    Raises
    ------
    PatchError : another kind of file, a width outside `LEAST` to `MOST`, more than `MOST_PAGES` pages.
    OSError : the file cannot be written.
    """
    width = float(patch.facts.width_mm if width_mm is None else width_mm)
    if file.suffix.lower() != ".pdf":
        raise PatchError(f"{file}: a patch is printed to a PDF; name the file like {file.stem}.pdf")
    if not LEAST <= width <= MOST:
        raise PatchError(
            f"patch {name}: a width of {width:g} mm cannot be printed; give one of {LEAST:g} to {MOST:g}"
        )
    sheet = _Sheet(patch, name, width)
    if sheet.layout.pages > MOST_PAGES:
        raise PatchError(
            f"patch {name}: {sheet.size} take {sheet.layout.pages} pages of A4, more than {MOST_PAGES}; "
            "give a smaller width"
        )
    whole = sheet.drawn()
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".partial")
    try:
        partial.write_bytes(whole)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return Printed(sheet.layout.pages, sheet.width, sheet.height)


class _Sheet:
    """A patch, where it goes on which page, and the canvas; y goes up and everything is in mm."""

    def __init__(self, patch: Patch, name: str, width: float) -> None:
        down, across = patch.mask.shape
        self.width, self.height = width, width / patch.aspect
        self.size = f"{in_mm(self.width)} x {in_mm(self.height)} mm"
        self.title = f"{' '.join(name.split())}, {self.size}"
        squares = f"{across} x {down} squares of {width / across:.3g} mm"
        self.facts = [
            ("Size", f"{self.size} when printed at 100 %, {squares}"),
            *described(patch.facts),
        ]
        self.layout = self._laid_out()
        if not self.layout.together:
            self.facts.append(("Pages", pages_described(self.layout.rows, self.layout.columns)))
        self.file = BytesIO()
        page = (self.layout.page[0] * mm, self.layout.page[1] * mm)
        self.canvas = Canvas(self.file, pagesize=page, pageCompression=1, invariant=1)
        self.ink = Ink(self.canvas, self.layout.page[0], patch, width)

    def drawn(self) -> bytes:
        """The PDF."""
        self.canvas.setTitle(f"Adversarial patch {self.title}")
        self.canvas.setSubject(NOTE)
        self.canvas.setAuthor("camdrift")
        self.canvas.setCreator("camdrift")
        # A viewer that heeds this does not offer to fit the page to the paper.
        self.canvas.setViewerPreference("PrintScaling", "None")
        self._begin()
        self._first_page()
        if not self.layout.together:
            for row, column in np.ndindex(self.layout.rows, self.layout.columns):
                self.canvas.showPage()
                self._begin()
                self._piece(row, column)
        self.canvas.save()
        return self.file.getvalue()

    def _begin(self) -> None:
        self.canvas.scale(mm, mm)
        self.canvas.setLineWidth(0.15)

    def _laid_out(self) -> _Layout:
        for page in PAGES:
            free = page[1] - 2 * MARGIN - _HEAD - self._foot(page[0])
            if self.width <= page[0] - 2 * MARGIN and self.height <= free:
                return _Layout(page, together=True)
        for page in PAGES:
            if self.width <= page[0] - 2 * MARGIN and self.height <= page[1] - 2 * MARGIN:
                return _Layout(page)
        layouts = []
        for page in PAGES:
            wide, high = page[0] - 2 * MARGIN, page[1] - 2 * MARGIN - _BAND
            layouts.append(_Layout(page, _pieces(self.width, wide), _pieces(self.height, high)))
        return min(layouts, key=lambda layout: layout.pages)

    def _lines(self, page_width: float) -> list[tuple[str, str]]:
        """(label or nothing, text): three lines a fact at most, for a model may have a thousand classes."""
        lines: list[tuple[str, str]] = []
        for label, text in self.facts:
            parts = simpleSplit(text, PLAIN, 9, (page_width - 2 * MARGIN - _INDENT) * mm)
            if len(parts) > 3:
                parts = [*parts[:2], f"{parts[2]} ..."]
            lines += zip((label, "", ""), parts, strict=False)
        return lines

    def _foot(self, page_width: float) -> float:
        """Height of what stands below the patch: facts, scale bar, note."""
        return _LINE * (len(self._lines(page_width)) + len(_note(page_width))) + 18

    def _first_page(self) -> None:
        wide, high = self.layout.page
        foot, note = self._foot(wide), _note(wide)
        self.ink.write(MARGIN, high - MARGIN - 5, self.title, 16, BOLD)
        self.ink.write(MARGIN, high - MARGIN - 11, "adversarial patch made by camdrift", 10)
        if self.layout.together:
            x = (wide - self.width) / 2
            y = (MARGIN + foot + high - MARGIN - _HEAD - self.height) / 2
            self.ink.picture(x, y, (0, 0, self.width, self.height))
        else:
            self._overview(MARGIN + foot, high - MARGIN - _HEAD)
        for i, (label, line) in enumerate(self._lines(wide), start=1):
            self.ink.write(MARGIN, MARGIN + foot - 3 - _LINE * i, label, 9, BOLD)
            self.ink.write(MARGIN + _INDENT, MARGIN + foot - 3 - _LINE * i, line, 9)
        box = _LINE * len(note) + 3
        self.ink.bar(MARGIN + box + 4)
        self.canvas.rect(MARGIN, MARGIN, wide - 2 * MARGIN, box)
        for i, line in enumerate(note, start=1):
            self.ink.write(MARGIN + 2.5, MARGIN + box - 0.2 - _LINE * i, line, 9, BOLD)

    def _overview(self, bottom: float, top: float) -> None:
        """A small picture of how the pieces lie."""
        scale = min(min(_OVERVIEW, top - bottom - 12) / self.height, _OVERVIEW / self.width)
        x = (self.layout.page[0] - scale * self.width) / 2
        y = (bottom + top - scale * self.height) / 2 + 3
        self.ink.picture(x, y, (0, 0, self.width, self.height), scale)
        self.ink.write(
            x, y - 5, "overview, not at true size; the numbers are those of the pages", 8
        )
        for i, at in enumerate(np.ndindex(self.layout.rows, self.layout.columns), start=2):
            left, up, wide, high = (scale * side for side in self._window(*at))
            lower = y + scale * self.height - up - high
            self.canvas.rect(x + left, lower, wide, high)
            middle = x + left + wide / 2, lower + high / 2
            self.canvas.setFillGray(1)
            self.canvas.rect(middle[0] - 2.5, middle[1] - 1.8, 5, 3.6, fill=1)
            self.canvas.setFillGray(0)
            self.canvas.drawCentredString(middle[0], middle[1] - 1, str(i))

    def _window(self, row: int, column: int) -> Window:
        """Of a piece; all are of one size."""
        rows, columns = self.layout.rows, self.layout.columns
        wide = (self.width + (columns - 1) * OVERLAP) / columns
        high = (self.height + (rows - 1) * OVERLAP) / rows
        return column * (wide - OVERLAP), row * (high - OVERLAP), wide, high

    def _piece(self, row: int, column: int) -> None:
        page, rows, columns = self.layout.page, self.layout.rows, self.layout.columns
        left, top, wide, high = self._window(row, column)
        uncut = rows * columns == 1
        x, y = (page[0] - wide) / 2, (page[1] - high + (0 if uncut else _BAND)) / 2
        self.ink.picture(x, y, (left, top, wide, high))
        if uncut:  # it may fill the page up to its margins, which are left for the words
            self.ink.bar(page[1] - 7.5)
            self.ink.write(page[0] - MARGIN - 45, page[1] - 7.5, self.title, 8, BOLD)
            self.ink.write(MARGIN, 5, NOTE, 8)
            return
        self.ink.marks(x, y, wide, high, below=row < rows - 1, right=column < columns - 1)
        self.ink.bar(MARGIN + 14)
        where = f"row {row + 1} of {rows}, column {column + 1} of {columns}"
        self.ink.write(MARGIN, MARGIN + 7, where, 11, BOLD)
        self.ink.write(MARGIN + 70, MARGIN + 7, self.title, 9)
        self.ink.write(MARGIN, MARGIN + 1, NOTE, 8, BOLD)


def _note(page_width: float) -> list[str]:
    return list(simpleSplit(NOTE, BOLD, 9, (page_width - 2 * MARGIN - 5) * mm))


def _pieces(length: float, window: float) -> int:
    """How many windows that overlap cover a length."""
    return max(math.ceil((length - OVERLAP) / (window - OVERLAP) - 1e-9), 1)
