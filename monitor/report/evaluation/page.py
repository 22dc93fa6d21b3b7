"""The document as one HTML file that needs no script and no network."""

from __future__ import annotations

import importlib.resources
from typing import Final

from markupsafe import Markup

from monitor.report.evaluation.blocks import MARKS, TEST_MATERIAL, Cell, Document
from monitor.report.evaluation.pictures import data_uri
from monitor.report.evaluation.svg import svg

_TEMPLATE: Final = "evaluation.html.j2"
_STYLE: Final = "evaluation.css"
_LONG: Final = 28


def as_html(document: Document) -> str:
    """The whole page; every word of the document is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests["block"] = lambda block, name: type(block).__name__ == name
    environment.filters["long"] = _long
    environment.filters["svg"] = svg
    environment.filters["data_uri"] = data_uri
    place = importlib.resources.files("monitor.report.evaluation")
    template = environment.from_string((place / _TEMPLATE).read_text(encoding="utf-8"))
    style = (place / _STYLE).read_text(encoding="utf-8")
    return template.render(
        document=document, style=Markup(style), marks=MARKS, test_material=TEST_MATERIAL
    )


def _long(cell: Cell) -> bool:
    """It holds a word that has to be broken, or the table would grow wider than the page."""
    return any(len(word) > _LONG for word in f"{cell.text} {cell.small}".split())
