"""Rates of drift over the last frames, or over all of them: a frame comes in, the oldest goes out.

The cost of a frame does not grow with the window: running sums are updated and reverted. The sums are
whole numbers (see `exact`), so that ten million updates and reverts leave no rounding behind and the
window is equal to a recomputation from its frames, bit for bit.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from models.errors import ModelOutputError
from monitor.drift.matching import FrameDrift, ObjectDrift, Outcome

RATIOS = (
    "miss_rate",
    "relabel_rate",
    "fabrications_per_frame",
    "attack_success_rate",
    "score_drop",
    "centre_shift_px",
)
"""The rates that are a sum over frames divided by another sum over frames."""

SCORE_BINS = 10

_SHIFT = 60  # bits after the point: a float32 score over 2^-36 is kept without any rounding


def exact(value: float) -> int:
    """`value` in units of 2^-60, a whole number: sums of these neither drift nor depend on order."""
    return round(math.ldexp(value, _SHIFT))


def inexact(units: int) -> float:
    """The nearest float to a whole number of units of 2^-60."""
    return units / (1 << _SHIFT)


@dataclass(frozen=True, slots=True)
class FrameTally:
    """What one frame adds to a window.

    Attributes
    ----------
    clean, kept, relabelled, missed, fabricated : objects of this frame.
    success : the attack's goal was met; None where nothing was attacked.
    score_drop : sum over the clean objects, in units of 2^-60 (see `exact`).
    centre_shift : sum over kept and relabelled objects, pixels, in units of 2^-60.
    clean_classes, attacked_classes : class id of every object on either side.
    clean_bins, attacked_bins : score bin, 0 to 9, of every object on either side.
    """

    clean: int
    kept: int
    relabelled: int
    missed: int
    fabricated: int
    success: bool | None
    score_drop: int
    centre_shift: int
    clean_classes: tuple[int, ...]
    attacked_classes: tuple[int, ...]
    clean_bins: tuple[int, ...]
    attacked_bins: tuple[int, ...]

    @classmethod
    def of(cls, drift: FrameDrift, success: bool | None = None) -> FrameTally:
        """The tally of one frame's drift.

        Raises
        ------
        ModelOutputError : a score is NaN, infinite or outside [0, 1].
        """
        for thing in drift.objects:
            _check(thing, drift.index)
        clean = [thing for thing in drift.objects if thing.outcome is not Outcome.FABRICATED]
        attacked = [thing for thing in drift.objects if thing.outcome is not Outcome.MISSED]
        shared = [thing for thing in clean if thing.outcome is not Outcome.MISSED]
        return cls(
            clean=len(clean),
            kept=drift.count(Outcome.KEPT),
            relabelled=drift.count(Outcome.RELABELLED),
            missed=drift.count(Outcome.MISSED),
            fabricated=drift.count(Outcome.FABRICATED),
            success=success,
            score_drop=sum(exact(thing.score_drop) for thing in clean),
            centre_shift=sum(exact(thing.centre_shift_px) for thing in shared),
            clean_classes=tuple(thing.clean_class or 0 for thing in clean),
            attacked_classes=tuple(thing.attacked_class or 0 for thing in attacked),
            clean_bins=tuple(score_bin(thing.clean_score) for thing in clean),
            attacked_bins=tuple(score_bin(thing.attacked_score) for thing in attacked),
        )

    def ratios(self) -> tuple[tuple[int, int], ...]:
        """(numerator in units of 2^-60, denominator) of every rate in `RATIOS`, in that order."""
        return (
            (self.missed << _SHIFT, self.clean),
            (self.relabelled << _SHIFT, self.clean),
            (self.fabricated << _SHIFT, 1),
            (int(self.success is True) << _SHIFT, int(self.success is not None)),
            (self.score_drop, self.clean),
            (self.centre_shift, self.kept + self.relabelled),
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """What drifted, in numbers; None where there was nothing to divide by.

    Attributes
    ----------
    miss_rate : share of clean objects that the attacked answer lacks, in [0, 1].
    relabel_rate : share of clean objects that were found under another class, in [0, 1].
    fabrications_per_frame : objects a frame that only the attacked answer holds.
    attack_success_rate : share of attacked frames whose goal was met, in [0, 1].
    score_drop : clean less attacked score, mean over clean objects; a missed one lost its whole score.
    centre_shift_px : distance between the two centres, mean over objects found twice, pixels.
    js_distance_classes, js_distance_scores : Jensen-Shannon distance (base 2, in [0, 1]; Endres and
        Schindelin 2003) between clean and attacked histograms of classes and of scores in ten bins;
        None where one side holds no object at all.
    """

    miss_rate: float | None
    relabel_rate: float | None
    fabrications_per_frame: float | None
    attack_success_rate: float | None
    score_drop: float | None
    centre_shift_px: float | None
    js_distance_classes: float | None
    js_distance_scores: float | None

    def as_dict(self) -> dict[str, float | None]:
        """Name -> value, in the order above."""
        return asdict(self)


class RollingWindow:
    """The rates over the last `size` frames; `size` None: over every frame since the start.

    Parameters
    ----------
    size : frames, at least 1. None keeps no frame at all, only the sums, so memory does not grow.

    Raises
    ------
    ValueError : a size under 1.
    """

    def __init__(self, size: int | None) -> None:
        if size is not None and size < 1:
            raise ValueError(f"a window of {size} frames: it takes at least 1, or None for all")
        self.size = size
        self._tallies: deque[FrameTally] = deque()
        self._frames = 0
        self._over = [0] * len(RATIOS)
        self._under = [0] * len(RATIOS)
        self._histograms: tuple[Counter[int], ...] = tuple(Counter() for _ in range(4))

    def __len__(self) -> int:
        """Frames inside."""
        return self._frames

    def update(self, tally: FrameTally) -> None:
        """Take the newest frame in, and let the oldest go if the window was full."""
        self._add(tally, 1)
        if self.size is None:
            return
        self._tallies.append(tally)
        if len(self._tallies) > self.size:
            self._add(self._tallies.popleft(), -1)

    def revert(self) -> FrameTally:
        """Let the oldest frame go and return it.

        Raises
        ------
        IndexError : the window is empty, or it is over all frames and keeps none.
        """
        if not self._tallies:
            raise IndexError("no frame to let go: the window is empty or keeps only sums")
        oldest = self._tallies.popleft()
        self._add(oldest, -1)
        return oldest

    def rates(self) -> Rates:
        """The rates now; costs as much as there are classes, whatever the window's size."""
        ratios = map(_divided, self._over, self._under)
        clean_classes, attacked_classes, clean_bins, attacked_bins = self._histograms
        return Rates(
            **dict(zip(RATIOS, ratios, strict=True)),
            js_distance_classes=js_distance(clean_classes, attacked_classes),
            js_distance_scores=js_distance(clean_bins, attacked_bins),
        )

    def _add(self, tally: FrameTally, sign: int) -> None:
        self._frames += sign
        for i, (over, under) in enumerate(tally.ratios()):
            self._over[i] += sign * over
            self._under[i] += sign * under
        sides: Iterable[tuple[int, ...]] = (
            tally.clean_classes,
            tally.attacked_classes,
            tally.clean_bins,
            tally.attacked_bins,
        )
        for histogram, side in zip(self._histograms, sides, strict=True):
            for key in side:
                histogram[key] += sign
                if not histogram[key]:
                    del histogram[key]  # a class that is long gone must not cost time


def score_bin(score: float) -> int:
    """Which of the ten bins a score in [0, 1] falls in; 1.0 falls in the last."""
    return min(int(score * SCORE_BINS), SCORE_BINS - 1)


def js_distance(p: Mapping[int, int], q: Mapping[int, int]) -> float | None:
    """Jensen-Shannon distance of two histograms, base 2, in [0, 1]; None where one of them is empty.

    The square root of the divergence (Lin 1991), which makes it a metric (Endres, Schindelin 2003).
    """
    total_p, total_q = sum(p.values()), sum(q.values())
    if not total_p or not total_q:
        return None
    terms = []
    for key in p.keys() | q.keys():
        a, b = p.get(key, 0) / total_p, q.get(key, 0) / total_q
        middle = (a + b) / 2
        terms += [x * math.log2(x / middle) for x in (a, b) if x]
    # Rounding may leave a hair below zero or above one. fsum: keys come in no fixed order.
    return math.sqrt(min(max(math.fsum(terms) / 2, 0.0), 1.0))


def _divided(over: int, under: int) -> float | None:
    return over / (under << _SHIFT) if under else None


def _check(thing: ObjectDrift, index: int) -> None:
    scores = []
    if thing.outcome is not Outcome.FABRICATED:
        scores.append(thing.clean_score)
    if thing.outcome is not Outcome.MISSED:
        scores.append(thing.attacked_score)
    for score in scores:
        if not 0 <= score <= 1:  # NaN is not
            raise ModelOutputError(
                f"frame {index}: the model gave a score of {score}, expected 0 to 1; check its weights"
            )
