"""The curves of a run over its frames, as SVG that follows the page's light or dark colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.report.svg import DOT, LINE, drawing, plain
from monitor.runs import Run

Floats = npt.NDArray[np.float64]

_MOST_DOTS = 600

_PER_FRAME = """
SELECT any_value(f.missed) AS missed,
       any_value(f.clean_count) AS clean,
       any_value(f.fabricated) AS fabricated,
       coalesce(sum(o.score_drop), 0.0) AS score_drop,
       f.index AS index
FROM frames f LEFT JOIN objects o ON o.frame = f.index
GROUP BY f.index ORDER BY f.index
"""


@dataclass(frozen=True, slots=True)
class Charts:
    """Drawings of one set of curves, one for a wide page and one for a narrow one.

    Attributes
    ----------
    wide, narrow : SVG elements to stand in HTML; "" where there is nothing to draw.
    legend : what dots and line are.
    """

    wide: str
    narrow: str
    legend: str


@dataclass(frozen=True, slots=True)
class _Curve:
    title: str
    over: Floats
    under: Floats
    top: float | None  # of the axis; None: what the data need


def draw_charts(run: Run) -> Charts:
    """Miss rate and score drop over the frames, and fabrications where the goal asks for them.

    Dots are single frames (or means of neighbours, in a long recording); the line is the rate over the
    last frames, sum over sum as in the monitor's rolling window.
    """
    table = run.query(_PER_FRAME)
    column = {name: table[name].to_numpy().astype(np.float64) for name in table.column_names}
    condition = run.summary["condition"]
    config = run.manifest["config"]
    assert isinstance(condition, dict)
    assert isinstance(config, dict)
    window = min(int(config["drift"]["window"]), max(5, len(column["index"]) // 8))
    curves = []
    if column["clean"].any():
        curves.append(_Curve("miss rate", column["missed"], column["clean"], 1.0))
        curves.append(_Curve("score drop", column["score_drop"], column["clean"], 1.0))
    if condition["goal"] != "vanish":
        ones = np.ones_like(column["clean"])
        curves.append(_Curve("fabrications a frame", column["fabricated"], ones, None))
    if not curves:
        return Charts("", "", "")
    return Charts(
        wide=_svg(curves, column["index"], window, (8.6, 1.9), "wide"),
        narrow=_svg(curves, column["index"], window, (4.0, 1.9), "narrow"),
        legend=_legend(len(column["index"]), window),
    )


def rolling_ratio(over: Floats, under: Floats, window: int) -> Floats:
    """sum(over) / sum(under) over the last `window` entries; NaN where there is nothing to divide by."""
    sums = []
    for values in (over, under):
        running = np.concatenate([[0.0], np.cumsum(values)])
        ends = np.arange(1, len(values) + 1)
        sums.append(running[ends] - running[np.maximum(ends - window, 0)])
    return _divided(sums[0], sums[1])


def thinned(
    index: Floats, over: Floats, under: Floats, most: int = _MOST_DOTS
) -> tuple[Floats, Floats]:
    """(x, over/under) of at most `most` groups of neighbouring frames, each its own sum over sum."""
    size = -(-len(index) // most)
    starts = np.arange(0, len(index), size)
    x = np.add.reduceat(index, starts) / np.diff(np.append(starts, len(index)))
    return x, _divided(np.add.reduceat(over, starts), np.add.reduceat(under, starts))


def _legend(frames: int, window: int) -> str:
    group = -(-frames // _MOST_DOTS)
    dot = "a single frame" if group == 1 else f"the mean of {group} frames in a row"
    return (
        f"A dot is {dot}; the line is the rate over the last {window} frames. "
        "Frames without an object have no dot."
    )


def _divided(over: Floats, under: Floats) -> Floats:
    ratio: Floats = np.divide(over, under, out=np.full(len(over), np.nan), where=under > 0)
    return ratio


def _svg(
    curves: list[_Curve], index: Floats, window: int, size: tuple[float, float], prefix: str
) -> str:
    from matplotlib.ticker import MaxNLocator

    with drawing((size[0], size[1] * len(curves)), prefix) as (figure, finished):
        panels = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
        for axes, curve in zip(panels, curves, strict=True):
            x, dots = thinned(index, curve.over, curve.under)
            line = rolling_ratio(curve.over, curve.under, window)
            step = -(-len(index) // (2 * _MOST_DOTS))
            axes.plot(x, dots, ".", color=DOT, markersize=4, alpha=0.6, clip_on=False)
            axes.plot(index[::step], line[::step], color=LINE, linewidth=2, clip_on=False)
            axes.set_title(curve.title, loc="left", fontsize=10)
            top = curve.top or max(1.0, float(np.nanmax(dots)))
            # A score may rise as well, and then its drop is negative.
            axes.set_ylim(min(0.0, float(np.nanmin(dots))), top)
            axes.set_xlim(float(index[0]), float(max(index[-1], index[0] + 1)))
            axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10], integer=top > 2))
            plain(axes)
        panels[-1].set_xlabel("frame")
        panels[-1].xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        return finished()
