"""Where Square puts its squares, and the hills that it makes under L2."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitor.arrays import Gradient

Window = tuple[slice, slice]
"""Rows and columns."""

GRID: Final = 8
"""Cells a side that answers are remembered by."""

GUIDED: Final = 0.8
"""Share of the windows that are drawn by what is remembered. The loss of CenterFace for a face of a 25th of
the frame after 500 queries at 8/255, mean of 3 seeds: -2.22 with none, -2.11 with half, -1.87 with 0.8;
of 24 photographs under a classifier at 2/255: -0.86, -0.81, -0.72."""

FIRST: Final = 10
"""Windows that are drawn from anywhere before any is guided."""

DOUBT: Final = 0.5
"""Answers of the mean size that a cell is thought to have given before it gave any."""


class Windows:
    """Square windows of a frame, drawn where the loss answered most to the ones before.

    A detector's loss hears of its objects only; with a small one most squares from anywhere are wasted. How
    much the loss changed, up or down, is remembered for the cells that a window covers.

    Parameters
    ----------
    size : height and width of the frame.
    """

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        self._size, self._rng = size, rng
        self._changes = np.zeros((GRID, GRID))
        self._counts = np.zeros((GRID, GRID))
        self._noted = 0

    def draw(self, side: int) -> Window:
        """A window of `side` pixels, which is at most the frame's shorter side."""
        if self._noted < FIRST or self._rng.random() >= GUIDED:
            return self.anywhere(side)
        mean = self._changes.sum() / self._counts.sum()
        worth = (self._changes + DOUBT * mean) / (self._counts + DOUBT)
        if not worth.sum() > 0:  # nothing was heard of any
            return self.anywhere(side)
        cell = self._rng.choice(worth.size, p=(worth / worth.sum()).reshape(-1))
        first = []
        for size, at in zip(self._size, divmod(int(cell), GRID), strict=True):
            middle = (at + self._rng.random()) * size / GRID
            first.append(int(np.clip(middle - side / 2, 0, size - side)))
        return _square(first[0], first[1], side)

    def anywhere(self, side: int) -> Window:
        """The same from anywhere."""
        top, left = (int(self._rng.integers(0, size - side + 1)) for size in self._size)
        return _square(top, left, side)

    def note(self, window: Window, change: float) -> None:
        """Remember by how much the loss changed, at least 0, shared among the cells of the window."""
        rows, columns = (
            slice(part.start * GRID // size, (part.stop - 1) * GRID // size + 1)
            for part, size in zip(window, self._size, strict=True)
        )
        cells = (rows.stop - rows.start) * (columns.stop - columns.start)
        self._changes[rows, columns] += change / cells
        self._counts[rows, columns] += 1 / cells
        self._noted += 1


def double_hill(side: int, rng: np.random.Generator) -> Gradient:
    """Two hills side by side, one up and one down, lying or standing, of length 1; float32 (side, side)."""
    whole = np.zeros((side, side), np.float32)
    half = side // 2
    whole[:half] = hill(half, side)
    whole[half:] = -hill(side - half, side)
    if rng.random() < 0.5:
        whole = whole.T
    return np.ascontiguousarray(whole / max(float(np.linalg.norm(whole)), 1e-6), np.float32)


def hill(rows: int, columns: int) -> Gradient:
    """Rectangles in each other, the m-th of height 1 / m^2; of length 1 (eq. 2 of the paper)."""
    found = np.zeros((rows, columns), np.float32)
    top, left = rows // 2, columns // 2
    for m in range(1, max(columns // 2, 1) + 1):
        high, wide = slice(max(top, 0), top + 2 * m - 1), slice(max(left, 0), left + 2 * m - 1)
        found[high, wide] += 1 / m**2
        top, left = top - 1, left - 1
    return found / np.float32(max(float(np.linalg.norm(found)), 1e-6))


def _square(top: int, left: int, side: int) -> Window:
    return slice(top, top + side), slice(left, left + side)
