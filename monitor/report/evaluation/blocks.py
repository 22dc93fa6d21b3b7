"""What the report consists of, told once: HTML and PDF are two drawings of the same blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from monitor.report.evaluation.chart import Panel

Verdict = Literal["pass", "fail", "undecided", "none"]


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `kind` says how it looks: "body", "lead", or "note" (small and grey)."""

    text: str
    kind: Literal["body", "lead", "note"] = "body"


@dataclass(frozen=True, slots=True)
class Subheading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """(what, exactly which), one below the other."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Code:
    """A command line, in pieces that should not be broken."""

    pieces: Sequence[str]


@dataclass(frozen=True, slots=True)
class Column:
    """Of a table.

    Attributes
    ----------
    title, unit : of the head; the unit stands below the title, "" where there is none.
    width_mm : in the PDF; None: shares what is left.
    number : right-aligned, with figures of one width.
    """

    title: str
    unit: str = ""
    width_mm: float | None = None
    number: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """Of a table.

    Attributes
    ----------
    text : the value.
    small : below it, small: the 95 % interval, or a remark.
    verdict : draws the verdict's mark before the text.
    """

    text: str
    small: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head.

    Attributes
    ----------
    columns, rows : every row has a cell for each column.
    notes : below it: what its marks mean, what was left out.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Charts:
    """Panels beside each other, with what they show above and what has to be known below."""

    title: str
    panels: Sequence[Panel]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pictures:
    """A worst frame: three JPEG or PNG files, with a word each."""

    caption: str
    pictures: Sequence[tuple[str, bytes]]
    note: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict over all criteria, in a sentence."""

    verdict: Verdict
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Signatures:
    """Lines to sign on: a row for each role, for name, date and signature; `statement` stands above."""

    statement: str
    roles: Sequence[str]


Block = Text | Subheading | Facts | Points | Code | Table | Charts | Pictures | Outcome | Signatures


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the report; `key` is its anchor."""

    key: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report.

    Attributes
    ----------
    title, kicker : of page one.
    run : the run's name, in the footer of every page.
    digest : the manifest's seal: a sha256, in hex.
    made : by which version, finished when; for the last line.
    front : page one.
    sections : what follows.
    """

    title: str
    kicker: str
    run: str
    digest: str
    made: str
    front: Sequence[Block]
    sections: Sequence[Section]


MARKS: dict[Verdict, str] = {"pass": "✓", "fail": "✗", "undecided": "?", "none": "\N{EN DASH}"}
"""Told apart without colour."""

WORDS: dict[Verdict, str] = {
    "pass": "Pass",
    "fail": "Fail",
    "undecided": "Undecided",
    "none": "No criteria",
}

TEST_MATERIAL = (
    "Test material. Made to test a model's robustness; pictures in it may have been manipulated on purpose. "
    "For models and recordings of your own, or that you have leave to test."
)
