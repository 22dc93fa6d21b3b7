"""Figures as SVG that stands in the page and follows its light or dark colours."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Stand-ins that matplotlib writes into the SVG and that become the page's own colours.
INK, FAINT, LINE, DOT = "#010203", "#010204", "#010205", "#010206"
_COLOURS = {INK: "var(--ink)", FAINT: "var(--rule)", LINE: "var(--accent)", DOT: "var(--muted)"}


@contextmanager
def drawing(size: tuple[float, float], prefix: str) -> Iterator[tuple[Figure, Callable[[], str]]]:
    """(a figure of that size in inches, what makes the <svg> element of it); `prefix` is of its ids."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with mpl.rc_context(
        {
            "svg.fonttype": "none",  # real text: selectable, and in the page's own font
            "svg.hashsalt": prefix,  # same run, same file
            "font.size": 10.0,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": FAINT,
            "xtick.color": INK,
            "ytick.color": INK,
        }
    ):
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.1))
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0)

        def finished() -> str:
            target = io.StringIO()
            figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
            return _for_page(target.getvalue(), prefix)

        yield figure, finished


def plain(axes: Axes) -> None:
    """Without a frame; faint lines across."""
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.patch.set_alpha(0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, pad=6)


def _for_page(svg: str, prefix: str) -> str:
    """The <svg> element alone, with ids of its own, in the page's font and colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", svg)
    svg = re.sub(r'(<svg [^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", svg, count=1)
    for stand_in, colour in _COLOURS.items():
        svg = svg.replace(stand_in, colour)
    return svg
