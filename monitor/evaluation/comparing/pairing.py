"""Which condition, clip and frame of one evaluation is which of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from monitor.evaluation.opened import Evaluation
from streams.opening import PHOTO_PREFIX, SCENE_PREFIX

Row = Mapping[str, Any]
T = TypeVar("T")

_WORDS = ("attack", "norm", "eps", "goal", "target", "faults", "seed", "model")


def condition_words(row: Row) -> tuple[Hashable, ...]:
    """What makes a condition the same as another: attack, norm, eps, goal, target, faults, seed, model."""
    return tuple(row[word] for word in _WORDS)


def clip_key(row: Row) -> tuple[str, str]:
    """What makes a clip the same as another: a file's name and content, a scene's name.

    A file's folder is not heeded where its content is known. Scenes' names hold their seed.
    """
    name, sha256 = str(row["name"]), str(row["sha256"])
    if sha256 and not name.startswith((SCENE_PREFIX, PHOTO_PREFIX)):
        name = name.replace("\\", "/").rpartition("/")[2]
    return name, sha256


def paired_conditions(
    a: Sequence[Row], b: Sequence[Row]
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """(pairs, those of A without a partner, those of B), in the order of A.

    A word of which each run has one value (the only model, the only attack) keeps no two apart: it is what
    was changed. Conditions whose words are all the same, for the suite gives them other options, go together
    in their order.
    """
    free = [
        word for word in _WORDS if all(len({row[word] for row in rows}) == 1 for rows in (a, b))
    ]

    def key(row: Row) -> tuple[Hashable, ...]:
        return condition_words({**row, **dict.fromkeys(free)})

    return _paired(a, b, key)


def paired_clips(
    a: Evaluation, b: Evaluation
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """(pairs, those of A without a partner, those of B) of the rows of `clips`, in the order of A."""
    return _paired(a.clips().to_pylist(), b.clips().to_pylist(), clip_key)


def _paired(
    a: Sequence[T], b: Sequence[T], key: Callable[[T], Hashable]
) -> tuple[list[tuple[T, T]], list[T], list[T]]:
    """By key; of several with one key the first goes with the first."""
    rest = dict(zip(_counted(b, key), b, strict=True))
    pairs, only_a = [], []
    for name, row in zip(_counted(a, key), a, strict=True):
        if name in rest:
            pairs.append((row, rest.pop(name)))
        else:
            only_a.append(row)
    return pairs, only_a, list(rest.values())


def _counted(rows: Sequence[T], key: Callable[[T], Hashable]) -> list[tuple[Hashable, int]]:
    seen: Counter[Hashable] = Counter()
    names = []
    for row in rows:
        name = key(row)
        names.append((name, seen[name]))
        seen[name] += 1
    return names
