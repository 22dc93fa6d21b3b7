"""Flowables that reportlab does not have: figures in a table, charts, where a section begins."""

from __future__ import annotations

from typing import Any, Final

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from monitor.report.evaluation.chart import SIZE, Dot, Fill, Panel, Stroke, Word
from monitor.report.evaluation.fonts import BOLD, PLAIN, drawable
from monitor.report.evaluation.pdf_look import INK, MUTED, RULE, SERIES, SMALL, VALUE

_ROLES: Final = {"ink": INK, "muted": MUTED, "rule": RULE}


class Figure(Flowable):  # type: ignore[misc]  # reportlab ships no types
    """A value and its interval below it, right-aligned; smaller where the column is too narrow."""

    def __init__(self, text: str, small: str) -> None:
        super().__init__()
        self.lines = [(drawable(text), VALUE)]
        if small:
            self.lines.append((drawable(small), SMALL))

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """(width, height) that it takes."""
        del height
        self.width, self.height = width, 9.6 + 7.6 * (len(self.lines) - 1)
        return self.width, self.height

    def draw(self) -> None:
        """Onto the canvas, its lower left corner at (0, 0)."""
        base = self.height - 7.4
        for (text, size), colour in zip(self.lines, (INK, MUTED), strict=False):
            fitting = size * min(1.0, self.width / max(stringWidth(text, PLAIN, size), 0.1))
            self.canv.setFont(PLAIN, fitting)
            self.canv.setFillColor(colour)
            self.canv.drawRightString(self.width, base, text)
            base -= 7.6


class Drawn(Flowable):  # type: ignore[misc]  # reportlab ships no types
    """Panels of a chart beside each other, as vectors."""

    def __init__(self, panels: Any, width: float) -> None:
        super().__init__()
        self.panels = panels
        self.gap = 12.0
        self.each = (width - self.gap * (len(panels) - 1)) / max(len(panels), 1)
        self.scale = min(self.each / panels[0].width, 0.72) if panels else 1.0
        self.width = width
        self.height = self.scale * panels[0].height if panels else 0.0

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """(width, height) that it takes."""
        del width, height
        return self.width, self.height

    def draw(self) -> None:
        """Onto the canvas, its lower left corner at (0, 0)."""
        for i, panel in enumerate(self.panels):
            self.canv.saveState()
            self.canv.translate(i * (self.each + self.gap), 0)
            self.canv.scale(self.scale, self.scale)
            for item in panel.items:
                _draw(self.canv, item, panel)
            self.canv.restoreState()


def _draw(canvas: Any, item: Stroke | Fill | Dot | Word, panel: Panel) -> None:
    if isinstance(item, Word):
        font = BOLD if item.bold else PLAIN
        canvas.setFont(font, SIZE * 0.94)  # DejaVu runs wider than the page's font
        canvas.setFillColor(_colour(item.role, item.series))
        draw = {"start": "drawString", "middle": "drawCentredString", "end": "drawRightString"}
        text = drawable(item.text, font)
        getattr(canvas, draw[item.anchor])(item.at[0], panel.height - item.at[1], text)
        return
    if isinstance(item, Dot):
        canvas.setFillColor(SERIES[item.series])
        canvas.circle(item.at[0], panel.height - item.at[1], 2.6, stroke=0, fill=1)
        return
    path = canvas.beginPath()
    (x, y), *others = item.points
    path.moveTo(x, panel.height - y)
    for x, y in others:
        path.lineTo(x, panel.height - y)
    if isinstance(item, Fill):
        path.close()
        canvas.saveState()
        canvas.setFillColor(SERIES[item.series])
        canvas.setFillAlpha(0.13)
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.restoreState()
        return
    canvas.setStrokeColor(_colour(item.role, item.series))
    canvas.setLineWidth(item.width)
    canvas.setLineJoin(1)
    canvas.setDash(*([list(item.dashes)] if item.dashes else []))
    canvas.drawPath(path, stroke=1, fill=0)


def _colour(role: str, series: int) -> Any:
    return SERIES[series] if role == "series" else _ROLES[role]


class Begin(Flowable):  # type: ignore[misc]  # reportlab ships no types
    """Where a section begins: for the contents and the viewer's outline."""

    def __init__(self, key: str, title: str) -> None:
        super().__init__()
        self.key, self.title = key, title

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Nothing."""
        del width, height
        return 0.0, 0.0

    def draw(self) -> None:
        """Tell the canvas."""
        self.canv.section(self.key, self.title)


class Entry(Flowable):  # type: ignore[misc]  # reportlab ships no types
    """A line of the contents."""

    def __init__(self, key: str, title: str) -> None:
        super().__init__()
        self.key, self.title = key, drawable(title)

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """(width, height) that it takes."""
        del height
        self.width, self.height = width, 13.0
        return self.width, self.height

    def draw(self) -> None:
        """Its title and a dotted line; the canvas adds the number once it is known."""
        canvas = self.canv
        canvas.setFont(PLAIN, 8.4)
        canvas.setFillColor(INK)
        canvas.drawString(0, 3, self.title)
        start = stringWidth(self.title, PLAIN, 8.4) + 6
        canvas.setStrokeColor(MUTED)
        canvas.setLineWidth(0.5)
        canvas.setDash([0.5, 3])
        canvas.line(start, 4, self.width - 18, 4)
        canvas.setDash()
        x, y = canvas.absolutePosition(self.width, 3)
        canvas.entry(self.key, x, y)
