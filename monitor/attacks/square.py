"""Square: random squares of the whole budget, kept where the loss rises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.attacks.iterate import Iterate
from monitor.attacks.starts import stripes
from monitor.attacks.windows import Windows, double_hill
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge, ScoreView

HALVINGS: Final = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Shares of the queries after which a square's area is halved: 10, 50, 200, ... of 10,000 there."""

TILES: Final = 5
"""Tiles a side that an L2 start is made of."""

DRAWS: Final = 10
"""Of new signs, until one changes something: what changes nothing would waste a query."""

_TINY: Final = 1e-10


@dataclass(frozen=True, slots=True)
class Square:
    """Square Attack (Andriushchenko et al. 2020, algorithms 1 to 3): random search, one square a query.

    Beside the paper, squares are drawn where the loss has answered most so far; see `windows.Windows`.

    Attributes
    ----------
    queries : answers asked for at most; over these the squares get smaller.
    share : p, of the frame's area, that the first squares cover. Photographs of 12 that EfficientNet-Lite0
        mistakes at 4/255 after 500 queries: 9 with 0.05, the paper's, 10 with 0.2, 11 with 0.8.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.SCORE
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF, Norm.L2})

    queries: int = 500
    share: float = 0.8

    def run(self, view: ScoreView, x: Pixels, budget: Budget, rng: np.random.Generator) -> Pixels:
        """The first frame that met the goal, else the one of the greatest loss."""
        linf = budget.norm is Norm.LINF
        if linf and _whole(budget) == 0:
            return x.copy()
        most = int(min(self.queries, view.queries_left))
        best = _moved(x, stripes((1, *x.shape[1:]), rng), budget) if linf else tiles(x, budget, rng)
        loss, fell = view.score(best)
        windows = Windows(x.shape[:2], rng)
        for i in range(1, most):
            if fell:
                break
            side = self._side(i / most, x)
            window = windows.draw(side if linf else _odd(side, x))
            change = square if linf else hills
            frame = change(x, best, window, budget, rng)
            there, fell = view.score(frame)
            windows.note(window, abs(there - loss))
            if there > loss or fell:
                best, loss = frame, there
        return best

    def _side(self, done: float, x: Pixels) -> int:
        height, width, _ = x.shape
        area = self.share * height * width / 2 ** sum(done > share for share in HALVINGS)
        return int(np.clip(round(area**0.5), 1, min(height, width)))


def square(
    x: Pixels,
    best: Pixels,
    window: tuple[slice, slice],
    budget: Budget,
    rng: np.random.Generator,
) -> Pixels:
    """The best frame with a square moved up or down anew, each channel for itself (algorithm 2 there)."""
    frame = best.copy()
    for _ in range(DRAWS):
        signs = rng.choice(np.array([-1, 1], np.int8), (1, 1, x.shape[2]))
        frame[window] = _moved(x[window], signs, budget)
        if not np.array_equal(frame[window], best[window]):
            break
    return frame


def tiles(x: Pixels, budget: Budget, rng: np.random.Generator) -> Pixels:
    """A grid of tiles with a double hill of random sign in each (section 3.4 there)."""
    offset = np.zeros(x.shape, np.float32)
    height, width, channels = x.shape
    side = max(min(height, width) // TILES, 1)
    for top in range(0, height - side + 1, side):
        for left in range(0, width - side + 1, side):
            signs = rng.choice((-1, 1), channels)
            hill = double_hill(side, rng)[..., None] * signs
            offset[top : top + side, left : left + side] = hill
    return _scaled(x, offset, budget)


def hills(
    x: Pixels,
    best: Pixels,
    window: tuple[slice, slice],
    budget: Budget,
    rng: np.random.Generator,
) -> Pixels:
    """The best frame with a double hill added in one window, of what another one had (algorithm 3 there)."""
    side = window[0].stop - window[0].start
    other = Windows(x.shape[:2], rng).anywhere(side)
    offset = best.astype(np.float32) - x
    both = np.zeros(x.shape[:2], bool)
    both[window] = both[other] = True
    # What clipping took away is there to be spent again.
    spare = max(budget.levels**2 - float(np.square(offset).sum()), 0) / x.shape[2]
    had = np.square(offset[both]).sum(axis=0)
    old = offset[window].copy()
    signs = rng.choice(np.array([-1, 1], np.float32), x.shape[2])
    new = double_hill(side, rng)[..., None] * signs
    new += old / np.sqrt(np.square(old).sum(axis=(0, 1)) + _TINY)
    new *= np.sqrt((spare + had) / (np.square(new).sum(axis=(0, 1)) + _TINY))
    offset[other] = 0
    offset[window] = new
    return _scaled(x, offset, budget)


def _odd(side: int, x: Pixels) -> int:
    return int(min(max(side, 3) | 1, *x.shape[:2]))


def _whole(budget: Budget) -> int:
    return int(budget.levels + 1e-6)


def _moved(x: Pixels, signs: npt.NDArray[np.int8], budget: Budget) -> Pixels:
    moved = x.astype(np.int16) + _whole(budget) * signs.astype(np.int16)
    frame: Pixels = np.clip(moved, 0, 255).astype(np.uint8)
    return frame


def _scaled(x: Pixels, offset: Gradient, budget: Budget) -> Pixels:
    length = max(float(np.linalg.norm(offset)), _TINY)
    return Iterate(x, budget).put(offset * np.float32(budget.levels / length))
