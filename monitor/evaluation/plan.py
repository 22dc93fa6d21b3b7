"""Clips x conditions, cut into shards that can be worked on by anybody in any order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.evaluation.suite import Condition

MOST_FRAMES: Final = 256
"""Of a shard: what is lost when a worker dies, and what its rows take in memory."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Some frames of one clip, under some conditions of one model.

    Attributes
    ----------
    clip : number of the clip.
    conditions : their numbers; a frame's clean answer is worked out once for all of them.
    first : index of the first frame.
    end : index behind the last one; None: to the end of the clip.
    """

    clip: int
    conditions: tuple[int, ...]
    first: int
    end: int | None

    @property
    def name(self) -> str:
        """Told from all other shards of the run; sorted by name is sorted by clip, condition and frame."""
        return f"c{self.clip:06d}-k{self.conditions[0]:04d}-f{self.first:09d}"


def groups(conditions: Sequence[Condition]) -> Iterator[tuple[Condition, ...]]:
    """Those that go together: of one model and, where something is carried over time, each for itself.

    A carried condition begins with the clip; beside the others it would take their shards' freedom away.
    """
    for model in dict.fromkeys(one.model for one in conditions):
        own = [one for one in conditions if one.model == model]
        free = tuple(one for one in own if not one.carried)
        if free:
            yield free
        yield from ((one,) for one in own if one.carried)


def shards_of(
    clip: int, frames: int | None, conditions: Sequence[Condition], size: int
) -> Iterator[Shard]:
    """The shards of one clip.

    Parameters
    ----------
    clip : its number.
    frames : how many it is said to have; None: nobody knows. Containers estimate: the last shard goes to the
        end, wherever that is, and one that begins behind the end is empty.
    conditions : of the suite.
    size : frames a shard, at most.
    """
    for group in groups(conditions):
        numbers = tuple(one.number for one in group)
        whole = frames is None or group[0].carried
        starts = [0] if whole else list(range(0, max(frames or 0, 1), size))
        for first, end in zip(starts, [*starts[1:], None], strict=True):
            yield Shard(clip, numbers, first, end)
