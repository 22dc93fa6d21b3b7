"""Tables of the PDF: figures, facts, lines to sign on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph
from reportlab.platypus import Table as Grid

from monitor.report.evaluation.blocks import MARKS, Cell, Column, Facts, Outcome, Signatures, Table
from monitor.report.evaluation.fonts import BOLD, PLAIN, marked_up
from monitor.report.evaluation.pdf_look import (
    INK,
    MUTED,
    RULE,
    STYLES,
    VERDICTS,
    WASH,
    WIDTH,
)
from monitor.report.evaluation.pdf_parts import Figure

_LEAST: Final = 30 * mm  # of a column that takes what is left
_PAD: Final = 3.5
_GREY: Final = "#59626d"

LETTERS: Final = (("FONTNAME", (0, 0), (-1, -1), PLAIN),)
"""Of every grid: a cell that is a flowable still names reportlab's own font, which is not embedded."""

Flowables = list[Flowable]


def paragraph(text: str, style: str) -> Flowable:
    """A text that is shown as it is."""
    return Paragraph(marked_up(text, STYLES[style].fontName), STYLES[style])


def drawn_table(table: Table) -> Flowables:
    """The table, its head on every page, and its notes."""
    head = [paragraph_of_head(column) for column in table.columns]
    body = [
        [_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    if not body:
        body = [[paragraph("Nothing to show.", "cell"), *[""] * (len(head) - 1)]]
    commands: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PAD),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4),
        ("LINEBELOW", (0, 0), (-1, 0), 0.7, INK),
        *_rules(table.rows),
    ]
    # A number stands closer to the name that it numbers than to the edge of its column.
    commands += [
        ("RIGHTPADDING", (i, 0), (i, -1), 8)
        for i, column in enumerate(table.columns[:-1])
        if column.number and not table.columns[i + 1].number
    ]
    grid = Grid([head, *body], colWidths=_widths(table.columns), repeatRows=1)
    grid.setStyle([*LETTERS, *commands])
    grid.spaceBefore, grid.spaceAfter = 3, 3
    return [grid, *(paragraph(note, "note") for note in table.notes if note)]


def paragraph_of_head(column: Column) -> Flowable:
    """A column's title with its unit below."""
    unit = f'<br/><font size="6.2">{marked_up(column.unit)}</font>' if column.unit else ""
    style = STYLES["headnumber" if column.number else "head"]
    return Paragraph(marked_up(column.title) + unit, style)


def _cell(cell: Cell, column: Column) -> Flowable:
    if column.number:
        return Figure(cell.text, cell.small)
    text = marked_up(cell.text)
    if cell.verdict:
        text = f'{_mark(cell.verdict)} <font name="{BOLD}">{text}</font>'
    if cell.small:
        text += f'<br/><font size="6.2" color="{_GREY}">{marked_up(cell.small)}</font>'
    return Paragraph(text, STYLES["cell"])


def _mark(verdict: Any) -> str:
    return f'<font name="{BOLD}" color="{VERDICTS[verdict]}">{MARKS[verdict]}</font>'


def _rules(rows: Sequence[Sequence[Cell]]) -> list[Any]:
    """A faint line below each row that the next one does not go on with (it leaves the name blank)."""
    going_on = [any(not cell.text for cell in row[:2]) for row in rows[1:]] + [False]
    return [
        ("LINEBELOW", (0, i), (-1, i), 0.4, RULE)
        for i, goes_on in enumerate(going_on, start=1)
        if not goes_on
    ]


def _widths(columns: Sequence[Column]) -> list[float]:
    fixed = sum(column.width_mm * mm for column in columns if column.width_mm)
    free = sum(1 for column in columns if column.width_mm is None)
    room = WIDTH - _LEAST * free
    shrink = min(1.0, room / fixed) if fixed else 1.0
    left = (WIDTH - shrink * fixed) / max(free, 1)
    return [left if each.width_mm is None else shrink * each.width_mm * mm for each in columns]


def drawn_facts(facts: Facts) -> Flowables:
    """(what, exactly which) in two columns."""
    rows = [[paragraph(name, "term"), paragraph(text, "fact")] for name, text in facts.rows]
    if not rows:
        return []
    grid = Grid(rows, colWidths=[36 * mm, WIDTH - 36 * mm])
    grid.setStyle(
        [
            *LETTERS,
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (0, -1), 6),
            ("RIGHTPADDING", (1, 0), (1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
        ]
    )
    grid.spaceAfter = 4
    return [grid]


def drawn_outcome(outcome: Outcome) -> Flowables:
    """The verdict in a box, with its colour at the left."""
    from reportlab.lib.colors import HexColor

    text = (
        f'{_mark(outcome.verdict)} <font name="{BOLD}">{marked_up(outcome.word, BOLD)}.</font> '
        f"{marked_up(outcome.sentence)}"
    )
    grid = Grid([[Paragraph(text, STYLES["lead"])]], colWidths=[WIDTH])
    grid.setStyle(
        [
            *LETTERS,
            ("BACKGROUND", (0, 0), (-1, -1), WASH),
            ("LINEBEFORE", (0, 0), (0, -1), 4, HexColor(VERDICTS[outcome.verdict])),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    grid.spaceAfter = 6
    return [grid]


def drawn_signatures(block: Signatures) -> Flowables:
    """Lines for name, date and signature."""
    name, date, signature = (paragraph(word, "head") for word in ("Name", "Date", "Signature"))
    head = ["", name, "", date, "", signature]
    rows = [[paragraph(role, "cell"), *[""] * 5] for role in block.roles]
    widths = [26 * mm, 50 * mm, 4 * mm, 28 * mm, 4 * mm, WIDTH - 112 * mm]
    grid = Grid([head, *rows], colWidths=widths, rowHeights=[12, *[26] * len(rows)])
    lines = [
        ("LINEBELOW", (column, row), (column, row), 0.6, MUTED)
        for row in range(1, len(rows) + 1)
        for column in (1, 3, 5)
    ]
    grid.setStyle(
        [
            *LETTERS,
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            *lines,
        ]
    )
    statement = paragraph(block.statement, "note")
    statement.spaceBefore = 8
    return [statement, grid]
