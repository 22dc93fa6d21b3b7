"""Letters and digits of one stroke's width, the way they stand on road signs and boards."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from streams.scenes.sprite import Colour, Points, Sketch, arc

WIDTH: Final = 0.6
"""Of a glyph, in heights."""


def _path(*pairs: float) -> Points:
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _joined(*parts: Points) -> Points:
    return np.concatenate(parts)


_OVAL: Final = _joined(
    arc(0.3, 0.3, 0.3, 0.3, 180, 360), arc(0.3, 0.7, 0.3, 0.3, 0, 180), _path(0, 0.3)
)
_SIX: Final = _joined(_path(0.47, 0, 0.12, 0.38), arc(0.3, 0.69, 0.3, 0.31, 205, 565))
_BOW: Final = arc(0.3, 0.27, 0.29, 0.27, 270, 450)

_STROKES: Final[Mapping[str, tuple[Points, ...]]] = MappingProxyType(
    {
        "0": (_OVAL,),
        "1": (_path(0.06, 0.24, 0.36, 0, 0.36, 1),),
        "2": (_joined(arc(0.3, 0.29, 0.29, 0.29, 190, 385), _path(0, 1, 0.6, 1)),),
        "3": (
            arc(0.29, 0.26, 0.26, 0.26, 195, 450),
            arc(0.29, 0.74, 0.3, 0.26, 270, 525),
        ),
        "4": (_path(0.44, 1, 0.44, 0, 0, 0.7, 0.62, 0.7),),
        "5": (_joined(_path(0.56, 0, 0.1, 0, 0.06, 0.46), arc(0.29, 0.68, 0.3, 0.32, 232, 512)),),
        "6": (_SIX,),
        "7": (_path(0, 0, 0.6, 0, 0.2, 1),),
        "8": (arc(0.3, 0.25, 0.24, 0.25, 0, 360), arc(0.3, 0.74, 0.3, 0.26, 0, 360)),
        "9": (np.array([WIDTH, 1.0]) - _SIX,),
        "A": (_path(0, 1, 0.3, 0, 0.6, 1), _path(0.1, 0.68, 0.5, 0.68)),
        "C": (_joined(arc(0.3, 0.3, 0.3, 0.3, 340, 180), arc(0.3, 0.7, 0.3, 0.3, 180, 20)),),
        "D": (
            _joined(_path(0, 1, 0, 0, 0.25, 0), arc(0.25, 0.5, 0.35, 0.5, 270, 450), _path(0, 1)),
        ),
        "E": (_path(0.56, 0, 0, 0, 0, 1, 0.56, 1), _path(0, 0.49, 0.46, 0.49)),
        "F": (_path(0.56, 0, 0, 0, 0, 1), _path(0, 0.49, 0.46, 0.49)),
        "G": (
            _joined(
                arc(0.3, 0.3, 0.3, 0.3, 340, 180),
                arc(0.3, 0.7, 0.3, 0.3, 180, 0),
                _path(0.6, 0.55, 0.34, 0.55),
            ),
        ),
        "H": (_path(0, 0, 0, 1), _path(0.6, 0, 0.6, 1), _path(0, 0.5, 0.6, 0.5)),
        "I": (_path(0.3, 0, 0.3, 1),),
        "L": (_path(0, 0, 0, 1, 0.56, 1),),
        "M": (_path(0, 1, 0, 0, 0.3, 0.6, 0.6, 0, 0.6, 1),),
        "N": (_path(0, 1, 0, 0, 0.6, 1, 0.6, 0),),
        "O": (_OVAL,),
        "P": (_joined(_path(0, 1, 0, 0), _BOW, _path(0, 0.54)),),
        "R": (_joined(_path(0, 1, 0, 0), _BOW, _path(0, 0.54)), _path(0.28, 0.54, 0.6, 1)),
        "S": (
            _joined(
                arc(0.3, 0.26, 0.28, 0.26, 335, 90),
                arc(0.3, 0.75, 0.3, 0.25, 270, 515),
            ),
        ),
        "T": (_path(0, 0, 0.6, 0), _path(0.3, 0, 0.3, 1)),
        "U": (_joined(_path(0, 0, 0, 0.7), arc(0.3, 0.7, 0.3, 0.3, 180, 0), _path(0.6, 0)),),
        "Y": (_path(0, 0, 0.3, 0.5, 0.6, 0), _path(0.3, 0.5, 0.3, 1)),
        " ": (),
    }
)


def write(
    sketch: Sketch,
    text: str,
    centre: tuple[float, float],
    height: float,
    colour: Colour,
    *,
    weight: float = 0.17,
    squeeze: float = 1.0,
) -> None:
    """Write a word around a point.

    Parameters
    ----------
    sketch : drawn on.
    text : of the letters and digits that there are.
    centre : x, y in unit coordinates.
    height : of a letter, in widths of the picture.
    colour : blue, green, red.
    weight : of the stroke, in heights.
    squeeze : factor on the width of the letters.
    """
    aspect = sketch.size[0] / sketch.size[1]
    across = height * squeeze
    gap = weight * 1.1 + 0.12
    total = len(text) * WIDTH + (len(text) - 1) * gap
    inner = height * (1.0 - weight)  # the pen sticks out by half its width above and below
    x = centre[0] - total * across / 2
    top = centre[1] - inner * aspect / 2
    for letter in text:
        for stroke in _STROKES[letter]:
            points = np.stack(
                [x + stroke[:, 0] * across, top + stroke[:, 1] * inner * aspect], axis=1
            )
            sketch.line(points, weight * height, colour)
        x += (WIDTH + gap) * across
