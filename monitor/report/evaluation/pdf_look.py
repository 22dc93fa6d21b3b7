"""How the PDF looks: colours, measures, styles of paragraphs."""

from __future__ import annotations

from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from monitor.report.evaluation.fonts import BOLD, MONO, PLAIN

PAGE: Final = A4
MARGIN: Final = 18 * mm
FOOT: Final = 20 * mm
WIDTH: Final = PAGE[0] - 2 * MARGIN

INK, MUTED, RULE, WASH = (HexColor(each) for each in ("#16191d", "#59626d", "#cfd4da", "#f4f6f8"))
WARN: Final = HexColor("#a64600")
VERDICTS: Final = {"pass": "#00775a", "fail": "#b84800", "undecided": "#59626d", "none": "#59626d"}
SERIES: Final = tuple(
    HexColor(each)
    for each in ("#0072b2", "#d55e00", "#009e73", "#b3578f", "#b87a00", "#16191d", "#2f93cf")
)
"""Okabe and Ito's colours, the pale ones darker, for they stand on white as letters too."""

VALUE, SMALL = 7.6, 6.0


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    told = {"fontName": PLAIN, "textColor": INK, "splitLongWords": 1, **more}
    return ParagraphStyle(name, fontSize=size, leading=leading, **told)


STYLES: Final[dict[str, ParagraphStyle]] = {
    "body": _style("body", 8.8, 12.6, spaceAfter=5),
    "lead": _style("lead", 9.6, 13.6, spaceAfter=5),
    "note": _style("note", 7, 9.6, textColor=MUTED, spaceBefore=2, spaceAfter=2),
    "kicker": _style("kicker", 7.6, 10, textColor=MUTED, spaceAfter=3),
    "title": _style("title", 18, 22, fontName=BOLD, spaceAfter=9),
    "section": _style("section", 12.5, 16, fontName=BOLD, spaceBefore=4, spaceAfter=6),
    "sub": _style("sub", 9.4, 12.5, fontName=BOLD, spaceBefore=9, spaceAfter=4),
    "term": _style("term", 8.4, 11.6, textColor=MUTED),
    "fact": _style("fact", 8.4, 11.6),
    "point": _style(
        "point", 8.4, 11.6, leftIndent=10, bulletFontName=PLAIN, bulletFontSize=8.4, spaceAfter=2.5
    ),
    "code": _style("code", 7.6, 11, fontName=MONO),
    "cell": _style("cell", VALUE, 9.6),
    "head": _style("head", 7, 8.8, textColor=MUTED),
    "headnumber": _style("headnumber", 7, 8.8, textColor=MUTED, alignment=TA_RIGHT),
    "caption": _style("caption", 8.2, 11, spaceAfter=3),
    "chart": _style("chart", 8.4, 11, fontName=BOLD, spaceBefore=6, spaceAfter=4),
    "warning": _style("warning", 7, 9.4, textColor=WARN),
}
