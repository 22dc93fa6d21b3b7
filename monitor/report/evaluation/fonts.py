"""The PDF's letters: DejaVu, which comes with matplotlib, embedded."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from monitor.report.evaluation.text import spelled

PLAIN: Final = "DejaVuSans"
BOLD: Final = "DejaVuSans-Bold"
MONO: Final = "DejaVuSansMono"


@lru_cache(maxsize=1)
def register() -> dict[str, Any]:
    """Make the fonts known to reportlab; name -> what it can draw, by the number of a sign."""
    import matplotlib as mpl
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    known = {}
    for name in (PLAIN, BOLD, MONO):
        font = TTFont(name, str(folder / f"{name}.ttf"))
        registerFont(font)
        known[name] = font.face.charToGlyph
    return known


def drawable(text: str, font: str = PLAIN) -> str:
    """The text with every sign that the font lacks spelled "‹U+4E2D›": an empty box could be any name."""
    glyphs = register()[font]
    if all(ord(sign) in glyphs for sign in text):
        return text
    return "".join(sign if ord(sign) in glyphs else spelled(sign) for sign in text)


def marked_up(text: str, font: str = PLAIN) -> str:
    """A text that reportlab's paragraphs take as it is, without reading tags in it."""
    return escape(drawable(text, font))
