"""The few values of a frame that a kernel has to look at again."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from monitor.kernels.blocks import BLOCK

Flags = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]

PARTS = 32
"""Pieces of a frame, of whole blocks, that are gone through side by side. Fixed, so that what is found comes
in the same order for any number of threads; each has a row of its own for it."""

_WORD = 8
"""Flags that are looked at together."""


def blocks_each(size: int) -> int:
    """Blocks that a part has."""
    return -(-size // (BLOCK * PARTS))


def rows(size: int, dtype: type[Any]) -> npt.NDArray[Any]:
    """Room for what may be found of `size` values, a row a part.

    As much as there are values, but filled from each row's start, so that little of it is ever touched. With
    a row a block 1,500 pages were, 2.4 ms a 1080p frame.
    """
    return np.empty((PARTS, blocks_each(size) * BLOCK + _WORD), dtype)


@numba.njit(cache=True, nogil=True)
def note(flags: Flags, start: int, found: Places) -> int:
    """Write down where `flags` (`BLOCK` of 0 and 1) are 1, counted from `start`; how many.

    The flags are set in a loop of their own, because one that appends is not vectorised. Here nothing is
    asked before it is written: 62,000 of 6.2 million values cost 0.55 ms, with a branch a word and a value
    1.14 (one thread), for the processor cannot guess which come next.
    """
    words = flags.view(np.uint64)
    marked = np.empty(words.size + 1, np.int32)
    few = 0
    for word in range(words.size):
        marked[few] = word
        few += words[word] != 0
    count = 0
    for word in range(few):
        first = _WORD * np.int64(marked[word])
        for i in range(first, first + _WORD):
            found[count] = start + i
            count += flags[i]
    return count


@numba.njit(cache=True, nogil=True)
def pick(values: npt.NDArray[Any], start: int, found: Places, picked: npt.NDArray[Any]) -> None:
    """The values at what was found in a block that begins at `start`; now, while they lie in the cache."""
    for i in range(found.size):
        picked[i] = values[found[i] - start]


@numba.njit(parallel=True, cache=True, nogil=True)
def joined(found: npt.NDArray[Any], counts: Counts) -> npt.NDArray[Any]:
    """What the parts found, one after the other."""
    ends = np.cumsum(counts)
    values = np.empty(ends[-1], found.dtype)
    for part in numba.prange(counts.size):
        values[ends[part] - counts[part] : ends[part]] = found[part, : counts[part]]
    return values
