"""One pixel, or a few: repainted in pure colours, moved about and kept where the loss rises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from models.edits import Edits
from monitor.arrays import Pixels
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge, ScoreView

Integers = npt.NDArray[np.int64]

GENERATIONS: Final = 25
"""At least so many, whatever the population: 100 candidates of 500 queries would leave 5."""

SHARE: Final = 0.3
"""Of the pixels that change at once, at first (alpha there)."""

HALVINGS: Final = (0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Shares of the queries after which it is halved."""

REPAINTED, FAR, OWN_COLOUR, FROM_ITSELF = 0.2, 0.16, 0.5, 0.3
"""Of the changes: those in place; those to anywhere. Of the others: with the old colour; from the pixel's old
place and not from that of another pixel."""

REACH: Final = 0.1
"""How far a pixel is moved at first, a standard deviation as a share of the frame's shorter side."""


@dataclass(frozen=True, slots=True)
class OnePixel:
    """The one-pixel attack (Su, Vargas, Sakurai 2019) by the search of Sparse-RS (Croce et al. 2022).

    All candidates of a generation are the best one so far with a share of its pixels changed: moved next to
    a pixel of the best, moved anywhere, or repainted in a corner of the colour cube. Changes to different
    pixels that each raise the loss are then tried together.

    The differential evolution of the one-pixel paper (rand/1, F = 0.5, no crossover) needs four times the
    queries. Mean rise of the loss over 16 photographs of 112 x 112: one pixel, 500 queries, DE with 100
    candidates 2.97, with 30 candidates 3.55, this 4.0; DE with 2000 queries 3.93. Five pixels, 500 queries:
    DE 4.8, this 11.8; 50 pixels: 10.1 and 29.8. Moves to anywhere alone, as in Sparse-RS: 9.0 with five.

    Attributes
    ----------
    queries : answers asked for at most.
    population : candidates of a generation at most.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.SCORE
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.L0})

    queries: int = 500
    population: int = 100

    def run(self, view: ScoreView, x: Pixels, budget: Budget, rng: np.random.Generator) -> Pixels:
        """The first frame that met the goal, else the one of the greatest loss."""
        size = np.array(x.shape[:2])
        count = min(int(budget.eps), int(size.prod()))
        most = left = int(min(self.queries, view.queries_left))
        many = max(min(self.population, most // GENERATIONS), 1)
        best = Edits(rng.integers(0, size, (1, count, 2)), _corners((1, count), rng))
        frame: Pixels = best.written(x)[0]
        loss, fell = view.score(frame)
        left -= 1
        while left > 1 and not fell:  # one is kept back to look at the best of them
            children, slots = changed(best, size, min(many, left - 1), 1 - left / most, rng)
            losses = view.scores_of(children)
            left -= len(losses)
            rising = [int(i) for i in np.argsort(-losses, kind="stable") if losses[i] > loss]
            for found in attempts(best, children, slots, rising):
                if left < 1 or fell:
                    break
                there, fell = view.score(found.written(x)[0])
                left -= 1
                if fell or there >= loss:
                    best, loss = found, there
                if loss > losses[rising[0]]:
                    break
            frame = best.written(x)[0]
        return frame


def changed(
    best: Edits, size: Integers, count: int, done: float, rng: np.random.Generator
) -> tuple[Edits, Integers]:
    """Copies of one candidate, `count` of them, with a share of the pixels of each changed.

    Returns the copies and which pixels were changed, int64 (count, m).

    Parameters
    ----------
    size : height and width of the frame.
    done : share of the queries that are spent; the changes get fewer and smaller.
    """
    places = np.repeat(best.positions, count, axis=0)
    colours = np.repeat(best.colours, count, axis=0)
    pixels = places.shape[1]
    m = max(round(SHARE * pixels / 2 ** sum(done > share for share in HALVINGS)), 1)
    slots = rng.permuted(np.tile(np.arange(pixels), (count, 1)), axis=1)[:, :m]
    copies = np.arange(count)[:, None]
    own = places[copies, slots]
    drawn, stays = rng.random((2, count, m, 1))
    others = places[copies, rng.integers(0, pixels, (count, m))]
    beside = np.where(rng.random((count, m, 1)) < FROM_ITSELF, own, others)
    reach = REACH * (1 - done) * size.min() + 1
    near = np.clip(beside + np.rint(rng.normal(0, reach, own.shape)), 0, size - 1)
    there = np.where(drawn < REPAINTED + FAR, rng.integers(0, size, own.shape), near)
    places[copies, slots] = np.where(drawn < REPAINTED, own, there)
    kept = (drawn >= REPAINTED + FAR) & (stays < OWN_COLOUR)
    colours[copies, slots] = np.where(kept, colours[copies, slots], _corners((count, m), rng))
    return Edits(places, colours), slots


def attempts(best: Edits, children: Edits, slots: Integers, rising: list[int]) -> Iterator[Edits]:
    """What to look at of the children that raised the loss, the best first: all together; the best alone.

    Of children that changed the same pixel the better one holds.
    """
    if not rising:
        return
    places, colours = best.positions.copy(), best.colours.copy()
    taken: set[int] = set()
    parts = 0
    for child in rising:
        mine = slots[child]
        if taken.isdisjoint(mine.tolist()):
            taken.update(mine.tolist())
            places[0, mine] = children.positions[child, mine]
            colours[0, mine] = children.colours[child, mine]
            parts += 1
    if parts > 1:
        yield Edits(places, colours)
    top = slice(rising[0], rising[0] + 1)
    yield Edits(children.positions[top], children.colours[top])


def _corners(shape: tuple[int, ...], rng: np.random.Generator) -> Pixels:
    """Corners of the colour cube: a loss that is nearly linear in a colour has its maximum in one."""
    return rng.integers(0, 2, (*shape, 3), dtype=np.uint8) * np.uint8(255)
