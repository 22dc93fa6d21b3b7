"""A curve with its band over the budgets, as lines and words in a plane; `svg` and `pdf_chart` draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

WIDTH, HEIGHT = 380.0, 250.0
_LEFT, _TOP, _BOTTOM = 40.0, 26.0, 42.0
SIZE: Final = 11.0
"""Of the words."""

_LINE_GAP = 12.5
_LETTER = 0.56  # of the size: the mean width of a letter
_LONGEST = 26

SERIES: Final = 7
"""Lines that can be told apart in one panel."""

DASHES: Final = ((), (7, 3), (2, 2.5), (8, 3, 2, 3), (12, 3), (4, 2), (8, 2, 2, 2, 2, 2))

Role = Literal["ink", "muted", "rule", "series"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points; `series` gives colour and dashes where the role is "series"."""

    points: Sequence[Point]
    role: Role
    width: float
    series: int = 0
    dashes: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Fill:
    """An area in a series' colour, pale."""

    points: Sequence[Point]
    series: int


@dataclass(frozen=True, slots=True)
class Dot:
    """A measured point."""

    at: Point
    series: int


@dataclass(frozen=True, slots=True)
class Word:
    """A text at its base line."""

    at: Point
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    role: Role = "ink"
    series: int = 0
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A curve to be drawn.

    Attributes
    ----------
    label : at its end.
    eps, rates : its points; a rate is a share, None where it was not measured.
    intervals : of the rates.
    """

    label: str
    eps: Sequence[float]
    rates: Sequence[float | None]
    intervals: Sequence[tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """What is drawn: shapes in a plane of `width` x `height`, y down.

    Attributes
    ----------
    told : the same in words, for who cannot see it.
    """

    told: str
    items: Sequence[Stroke | Fill | Dot | Word]
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True, slots=True)
class Axis:
    """The budgets: what stands below the axis, and (eps, word) of the ticks."""

    title: str
    ticks: Sequence[tuple[float, str]]


@dataclass(slots=True)
class _Plane:
    """Where shares and budgets lie."""

    right: float
    largest: float
    items: list[Stroke | Fill | Dot | Word] = field(default_factory=list)

    def x(self, eps: float) -> float:
        return round(_LEFT + (self.right - _LEFT) * eps / self.largest, 2)

    def y(self, rate: float) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * min(max(rate, 0), 1), 2)


def panel(title: str, axis: Axis, lines: Sequence[Line]) -> Panel:
    """Shares in percent over the budgets, a band of 95 % around each curve, its name at its end.

    Parameters
    ----------
    title : what the shares are.
    axis : of the budgets.
    lines : at most `SERIES`.
    """
    assert len(lines) <= SERIES
    labels = [_cut(line.label) for line in lines]
    margin = 12 + _LETTER * SIZE * max((len(label) for label in labels), default=0)
    largest = max((eps for line in lines for eps in line.eps), default=0.0) or 1.0
    plane = _Plane(WIDTH - min(margin, 0.46 * WIDTH), largest)
    _axes(plane, title, axis)
    # All bands below all curves, so that none hides another one's line.
    for series, line in enumerate(lines):
        _band(plane, line, series)
    for series, line in enumerate(lines):
        _curve(plane, line, series)
    _names(plane, lines, labels)
    return Panel(_told(title, lines), plane.items)


def _axes(plane: _Plane, title: str, axis: Axis) -> None:
    put = plane.items.append
    put(Word((0.0, 11.0), title, bold=True))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = plane.y(share)
        put(Stroke([(_LEFT, y), (plane.right, y)], "rule", 0.8))
        put(Word((_LEFT - 6, y + 4), f"{100 * share:.0f}", "end", "muted"))
    base = plane.y(0.0)
    put(Stroke([(_LEFT, base), (plane.right, base)], "ink", 0.9))
    # From the largest down: where budgets lie close together, the ones that lie apart keep their words.
    taken: list[float] = []
    for eps, word in sorted(axis.ticks, reverse=True):
        x, half = plane.x(eps), _LETTER * SIZE * len(word) / 2 + 3
        put(Stroke([(x, base), (x, base + 4)], "ink", 0.9))
        if all(abs(x - other) >= 2 * half for other in taken):
            put(Word((x, base + 16), word, "middle", "muted"))
            taken.append(x)
    put(Word(((_LEFT + plane.right) / 2, HEIGHT - 6), axis.title, "middle", "muted"))


def _band(plane: _Plane, line: Line, series: int) -> None:
    known = [
        (eps, interval)
        for eps, interval in zip(line.eps, line.intervals, strict=True)
        if interval is not None
    ]
    if len(known) > 1:
        upper = [(plane.x(eps), plane.y(high)) for eps, (_, high) in known]
        lower = [(plane.x(eps), plane.y(low)) for eps, (low, _) in reversed(known)]
        plane.items.append(Fill([*upper, *lower], series))


def _curve(plane: _Plane, line: Line, series: int) -> None:
    points = _points(plane, line)
    if len(points) > 1:
        plane.items.append(Stroke(points, "series", 1.8, series, DASHES[series]))
    plane.items += [Dot(point, series) for point in points]


def _points(plane: _Plane, line: Line) -> list[Point]:
    return [
        (plane.x(eps), plane.y(rate))
        for eps, rate in zip(line.eps, line.rates, strict=True)
        if rate is not None
    ]


def _names(plane: _Plane, lines: Sequence[Line], labels: Sequence[str]) -> None:
    """Each curve's name at its end, moved up or down where two would touch."""
    ends = [
        (points[-1], series)
        for series, line in enumerate(lines)
        if (points := _points(plane, line))
    ]
    ends.sort(key=lambda end: (end[0][1], end[1]))
    places: list[float] = []
    for (_, y), _series in ends:
        places.append(max(y, places[-1] + _LINE_GAP) if places else y)
    lowest = HEIGHT - _BOTTOM
    for i in reversed(range(len(places))):
        limit = lowest if i == len(places) - 1 else places[i + 1] - _LINE_GAP
        places[i] = min(places[i], limit)
    for ((x, y), series), place in zip(ends, places, strict=True):
        start = plane.right + 3
        plane.items.append(
            Stroke([(x, y), (start, place), (start + 4, place)], "series", 0.7, series)
        )
        plane.items.append(
            Word((start + 7, place + 4), labels[series], role="series", series=series)
        )


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"


def _told(title: str, lines: Sequence[Line]) -> str:
    ends = [
        f"{line.label} ends at {100 * line.rates[-1]:.1f} %"
        for line in lines
        if line.rates and line.rates[-1] is not None
    ]
    return (
        f"{title} against the budget; {'; '.join(ends)}" if ends else f"{title}: nothing measured"
    )
