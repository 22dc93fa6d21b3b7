"""L-BFGS inside a box: few looks, and little work beside them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient

MEMORY: Final = 5
"""Pairs of moves and slopes that stand for the curvature."""

DESCENT: Final = 1e-4
"""Armijo: a step is taken if it lowers the value by this share of what the slope promises."""

SHRINK: Final = 0.3
"""What a step that does not is shortened to."""

_CURVED: Final = 1e-8
"""A pair that shows less curvature than this, as a cosine, is not kept."""

Value = Callable[[Gradient], tuple[float, Gradient]]
"""place -> (value, slope)."""


def minimize_in_box(
    value: Value,
    begin: Gradient,
    clip: Callable[[Gradient], Gradient],
    looks: int,
    stride: float,
) -> tuple[Gradient, float]:
    """(the lowest place found, its value), by projected L-BFGS (Bertsekas 1982; Schmidt, Kim, Sra 2011).

    Values that lie on the box's edge and are pushed outwards are held; the others move along the two-loop
    direction (Nocedal 1980), and what a step carries out of the box is clipped. scipy's L-BFGS-B finds the
    same places and spends more on its own bookkeeping than a detector on its answers: 2.0 of 3.4 s for 57
    looks at a frame of 160 x 120.

    Parameters
    ----------
    value : what is to be low.
    begin : float32, inside the box.
    clip : any place -> the nearest inside; a new array.
    looks : calls of `value`, at most.
    stride : the first step as a share of the slope; later ones know the curvature.
    """
    place, (here, slope) = begin, value(begin)
    pairs: deque[tuple[Gradient, Gradient, float]] = deque(maxlen=MEMORY)
    looks -= 1
    while looks > 0:
        held = clip(place - slope) == place
        free = np.where(held, np.float32(0), slope)
        if not free.any():
            break
        way = _direction(free, held, pairs)
        if np.vdot(way, free) >= 0:
            pairs.clear()
            way = -free
        length = 1.0 if pairs else stride
        while looks > 0:
            there = clip(place + np.float32(length) * way)
            move = there - place
            promised = float(np.vdot(free, move))
            height, steep = value(there)
            looks -= 1
            if height <= here + DESCENT * promised:
                break
            length *= SHRINK
        else:
            break
        _remember(pairs, move, steep - slope)
        place, here, slope = there, height, steep
    return place, here


def _direction(
    free: Gradient, held: npt.NDArray[np.bool_], pairs: deque[tuple[Gradient, Gradient, float]]
) -> Gradient:
    """The two-loop recursion on the values that are free."""
    way = -free
    shares = []
    for move, bent, product in reversed(pairs):
        share = float(np.vdot(move, way)) / product
        way = way - np.float32(share) * bent
        shares.append(share)
    if pairs:
        _, bent, product = pairs[-1]
        way = way * np.float32(product / float(np.vdot(bent, bent)))
    for (move, bent, product), share in zip(pairs, reversed(shares), strict=True):
        way = way + np.float32(share - float(np.vdot(bent, way)) / product) * move
    way[held] = 0
    return way


def _remember(
    pairs: deque[tuple[Gradient, Gradient, float]], move: Gradient, bent: Gradient
) -> None:
    product = float(np.vdot(move, bent))
    if product > _CURVED * float(np.linalg.norm(move)) * float(np.linalg.norm(bent)):
        pairs.append((move, bent, product))
