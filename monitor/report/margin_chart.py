"""Success against eps: which share of the frames of a run falls at which budget, as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.distances import Norm
from monitor.report.chart import Charts
from monitor.report.svg import DOT, LINE, drawing, plain

_UNITS = {
    Norm.LINF: ("eps [/255], linf", 255.0),
    Norm.L2: ("eps, l2", 1.0),
    Norm.L1: ("eps, l1", 1.0),
    Norm.L0: ("eps [pixels], l0", 1.0),
}


def draw_margins(summary: Mapping[str, Any]) -> Charts:
    """The curve of a run, with its median; nothing where no margin was measured or no frame fell."""
    points, condition = summary.get("margin_curve") or [], summary["condition"]
    if not points:
        return Charts("", "", "")
    frames = int(summary["counts"]["frames_with_margin"])
    return Charts(
        wide=_svg(points, condition, summary["margin_eps"], (8.6, 2.6), "margin-wide"),
        narrow=_svg(points, condition, summary["margin_eps"], (4.0, 2.6), "margin-narrow"),
        legend=(
            f"The share of {frames} frames that were seen to fall at a budget of eps or less. "
            "The frames were searched, not the budgets: a better search can only raise the curve."
        ),
    )


def _svg(
    points: list[list[float]],
    condition: Mapping[str, Any],
    median: float | None,
    size: tuple[float, float],
    prefix: str,
) -> str:
    from matplotlib.ticker import MaxNLocator

    label, unit = _UNITS[Norm(condition["norm"])]
    eps = [0.0, *(unit * point[0] for point in points)]
    shares = [0.0, *(point[1] for point in points)]
    end = 1.15 * eps[-1]
    with drawing(size, prefix) as (figure, finished):
        axes = figure.subplots()
        axes.step(
            [*eps, end], [*shares, shares[-1]], where="post", color=LINE, linewidth=2, clip_on=False
        )
        if median is not None:
            axes.plot([unit * median] * 2, [0, 0.5], color=DOT, linewidth=1, linestyle="--")
            axes.annotate(
                f"median {unit * median:.3g}",
                (unit * median, 0.06),
                xytext=(5, 0),
                textcoords="offset points",
            )
        axes.set_title("success against eps", loc="left", fontsize=10)
        axes.set_ylim(0, 1)
        axes.set_xlim(0, end)
        axes.set_xlabel(label)
        # Linf and L0 come in whole levels and pixels.
        whole = condition["norm"] in (Norm.LINF, Norm.L0)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=whole))
        plain(axes)
        return finished()
