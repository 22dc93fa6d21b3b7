"""A canvas that knows how many pages there are before the first one is written: "page 3 of 17"."""

from __future__ import annotations

from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from monitor.report.evaluation.fonts import PLAIN, drawable
from monitor.report.evaluation.pdf_look import INK, MARGIN, MUTED, PAGE, RULE, WIDTH


class Numbered(Canvas):  # type: ignore[misc]  # reportlab ships no types
    """Pages are kept back until the last is drawn; then each gets its footer, the contents their numbers."""

    run = ""
    """In the footer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept: list[dict[str, Any]] = []
        self.sections: list[tuple[int, str, str]] = []  # page, key, title
        self.entries: list[tuple[int, str, float, float]] = []  # page, key, right edge, base line

    def section(self, key: str, title: str) -> None:
        """A section begins on this page."""
        self.sections.append((len(self.kept), key, title))

    def entry(self, key: str, right: float, base: float) -> None:
        """A line of the contents whose page number is to stand left of `right`, in points of the page."""
        self.entries.append((len(self.kept), key, right, base))

    def showPage(self) -> None:
        """Keep the page back."""
        self.kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write all pages."""
        kept, sections, entries = self.kept, self.sections, self.entries
        for number, state in enumerate(kept):
            self.__dict__.update(state)
            for page, key, title in sections:
                if page == number:
                    self.bookmarkPage(key)
                    self.addOutlineEntry(drawable(title), key, 0)
            starts = {key: page + 1 for page, key, _ in sections}
            for page, key, right, base in entries:
                if page == number and key in starts:
                    self._entry(key, starts[key], right, base)
            self._footer(number + 1, len(kept))
            super().showPage()
        super().save()

    def _entry(self, key: str, page: int, right: float, base: float) -> None:
        self.setFont(PLAIN, 8.4)
        self.setFillColor(INK)
        self.drawRightString(right, base, str(page))
        self.linkRect("", key, (MARGIN, base - 3, right, base + 9), relative=0, thickness=0)

    def _footer(self, page: int, pages: int) -> None:
        base = 11 * mm
        self.setStrokeColor(RULE)
        self.setLineWidth(0.5)
        self.line(MARGIN, base + 4 * mm, PAGE[0] - MARGIN, base + 4 * mm)
        self.setFont(PLAIN, 7)
        self.setFillColor(MUTED)
        right = f"page {page} of {pages}"
        self.drawRightString(PAGE[0] - MARGIN, base, right)
        room = WIDTH - stringWidth(right, PLAIN, 7) - 12
        name = drawable(f"Robustness evaluation report · run {self.run}")
        while stringWidth(name, PLAIN, 7) > room:
            name = f"{name[:-2]}…"
        self.drawString(MARGIN, base, name)
