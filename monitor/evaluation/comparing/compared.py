"""Figures of two evaluations over the frames that both have, with intervals of what they differ by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import numpy as np

from monitor.drift.intervals import paired_interval
from monitor.errors import ConfigError
from monitor.evaluation.comparing.differences import Difference, differences, refuse
from monitor.evaluation.comparing.pairing import paired_clips, paired_conditions
from monitor.evaluation.comparing.tallies import (
    HIGHER_IS_BETTER,
    RATIOS,
    Floats,
    Ints,
    Tally,
    moved,
    split,
    tally,
)
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.query import connected

FELL_SHOWN: Final = 50
"""Frames that fell in one run only are listed up to here, and counted beyond."""

RESAMPLES: Final = 4_000
"""A figure and condition: the ends of an interval then move by one hundredth of its width from seed to seed;
with 10,000 by 0.7 of one, in two and a half times the time."""

SCHEMA: Final = 1


class PairedInterval(Protocol):
    """As `monitor.drift.intervals.paired_interval`; of the first ratio less the second."""

    def __call__(
        self,
        over_a: Floats,
        under_a: Floats,
        over_b: Floats,
        under_b: Floats,
        /,
        *,
        seed: int,
        resamples: int,
        clips: Sequence[int] | None,
    ) -> tuple[float, float] | None: ...


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure over the frames that both runs have.

    Attributes
    ----------
    name : as in summary.json.
    a, b : in A and in B; None where there is nothing to divide by.
    difference : b - a.
    interval : of the difference, 95 %, paired by frame; None where it is not defined.
    verdict : of B beside A: "better", "worse", or "undecided" where the interval holds 0 or there is none.
    """

    name: str
    a: float | None
    b: float | None
    difference: float | None
    interval: tuple[float, float] | None
    verdict: str


@dataclass(frozen=True, slots=True)
class ComparedCondition:
    """A condition of A with its partner in B.

    Attributes
    ----------
    a, b : rows of `conditions`.
    frames : that both have.
    only_a, only_b : frames that one of them has only.
    figures : in the order of `RATIOS`; those with neither side are left out.
    fell_a, fell_b : frames that fell in A only, and in B only, where both were attacked.
    fell_a_first, fell_b_first : the first 50 of them, (name of the clip, index).
    """

    a: dict[str, Any]
    b: dict[str, Any]
    frames: int
    only_a: int
    only_b: int
    figures: tuple[ComparedFigure, ...]
    fell_a: int
    fell_b: int
    fell_a_first: tuple[tuple[str, int], ...]
    fell_b_first: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ComparedEvaluations:
    """Two evaluations beside each other.

    Attributes
    ----------
    name_a, name_b : of the run folders.
    differences : all that is not the same, whether it counts or not.
    conditions : the paired ones, in the order of A.
    only_a, only_b : names of conditions without a partner.
    clips : how many both have.
    clips_only_a, clips_only_b : names of the others.
    seed : of the intervals' draws.
    """

    name_a: str
    name_b: str
    differences: tuple[Difference, ...]
    conditions: tuple[ComparedCondition, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    clips: int
    clips_only_a: tuple[str, ...]
    clips_only_b: tuple[str, ...]
    seed: int


def compared_evaluations(
    a: Evaluation,
    b: Evaluation,
    *,
    allow: bool = False,
    seed: int = 0,
    interval: PairedInterval = paired_interval,
) -> ComparedEvaluations:
    """Compare B with A, frame by frame.

    Parameters
    ----------
    a, b : finished evaluations; A is what B is judged by.
    allow : compare them although they differ in more than one thing.
    seed : of the intervals' draws.
    interval : of a difference; injected for tests.

    Raises
    ------
    ConfigError : they differ in more than one thing, or have no frame in common.
    RunError : a run folder is damaged.
    """
    found = differences(a, b)
    if not allow:
        refuse(found, a, b)
    clips, clips_a, clips_b = paired_clips(a, b)
    pairs, only_a, only_b = paired_conditions(
        a.conditions().to_pylist(), b.conditions().to_pylist()
    )
    names = {int(left["clip"]): str(left["name"]) for left, _ in clips}
    clip_of = {int(right["clip"]): int(left["clip"]) for left, right in clips}
    with connected(a) as of_a, connected(b) as of_b:
        conditions = [
            _compared(
                (dict(left), dict(right)),
                (tally(of_a, int(left["condition"])), tally(of_b, int(right["condition"]))),
                (names, clip_of),
                seed,
                interval,
            )
            for left, right in pairs
        ]
    if not any(one.frames for one in conditions):
        raise ConfigError(
            f"{a.name} and {b.name} have no frame in common (in both: clips {len(clips)}, conditions "
            f"{len(pairs)}): compare runs over the same clips, under the same conditions"
        )
    return ComparedEvaluations(
        name_a=a.name,
        name_b=b.name,
        differences=tuple(found),
        conditions=tuple(conditions),
        only_a=tuple(str(row["name"]) for row in only_a),
        only_b=tuple(str(row["name"]) for row in only_b),
        clips=len(clips),
        clips_only_a=tuple(str(row["name"]) for row in clips_a),
        clips_only_b=tuple(str(row["name"]) for row in clips_b),
        seed=seed,
    )


def _compared(
    rows: tuple[dict[str, Any], dict[str, Any]],
    tallies: tuple[Tally, Tally],
    clips: tuple[Mapping[int, str], Mapping[int, int]],
    seed: int,
    interval: PairedInterval,
) -> ComparedCondition:
    a, b = tallies
    names, clip_of = clips
    shared, at_a, at_b = np.intersect1d(
        a.keys, moved(b.keys, clip_of), assume_unique=False, return_indices=True
    )
    left, right = a.at(at_a), b.at(at_b)
    numbers, _ = split(shared)
    # Frames of each clip, one behind the other: no block of the bootstrap reaches from one into the next.
    lengths = np.unique(numbers, return_counts=True)[1].tolist()
    both = (left["attacked"] > 0) & (right["attacked"] > 0)
    fell_a = shared[both & (left["fell"] > 0) & (right["fell"] == 0)]
    fell_b = shared[both & (left["fell"] == 0) & (right["fell"] > 0)]
    return ComparedCondition(
        a=rows[0],
        b=rows[1],
        frames=len(shared),
        only_a=len(a.keys) - len(shared),
        only_b=len(b.keys) - len(shared),
        figures=tuple(_figures(left, right, lengths, seed, interval)),
        fell_a=len(fell_a),
        fell_b=len(fell_b),
        fell_a_first=_first(fell_a, names),
        fell_b_first=_first(fell_b, names),
    )


def _figures(
    a: Mapping[str, Floats],
    b: Mapping[str, Floats],
    lengths: list[int],
    seed: int,
    interval: PairedInterval,
) -> Iterator[ComparedFigure]:
    for name, (over, under) in RATIOS.items():
        left, right = _ratio(a[over], a[under]), _ratio(b[over], b[under])
        if left is None and right is None:
            continue
        if left is None or right is None:
            yield ComparedFigure(name, left, right, None, None, "undecided")
            continue
        if np.array_equal(a[over], b[over]) and np.array_equal(a[under], b[under]):
            # Equal in every frame is equal in every resample.
            yield ComparedFigure(name, left, right, 0.0, (0.0, 0.0), "undecided")
            continue
        ends = interval(
            *(b[over], b[under], a[over], a[under]), seed=seed, resamples=RESAMPLES, clips=lengths
        )
        yield ComparedFigure(name, left, right, right - left, ends, _verdict(name, ends))


def _ratio(over: Floats, under: Floats) -> float | None:
    total = float(under.sum())
    return float(over.sum()) / total if total > 0 else None


def _verdict(name: str, interval: tuple[float, float] | None) -> str:
    if interval is None or interval[0] <= 0 <= interval[1]:
        return "undecided"
    return "better" if (interval[0] > 0) == (name in HIGHER_IS_BETTER) else "worse"


def _first(keys: Ints, names: Mapping[int, str]) -> tuple[tuple[str, int], ...]:
    clips, frames = split(keys[:FELL_SHOWN])
    return tuple((names[int(clip)], int(frame)) for clip, frame in zip(clips, frames, strict=True))


def comparison_tree(compared: ComparedEvaluations) -> dict[str, Any]:
    """The comparison as plain data for JSON: the classes' fields by their names, and a schema."""
    tree: dict[str, Any] = {"schema": SCHEMA, "kind": "comparison", **asdict(compared)}
    return _plain(tree)  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return value
