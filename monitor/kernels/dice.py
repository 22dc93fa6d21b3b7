"""Random numbers by counting: value i of frame t is a function of the seed, t and i, and of nothing else.

So any frame can be made without those before it, and in parts side by side, with the same result.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

BITS = 16
"""Of a draw from a table."""

_GOLDEN = 0x9E3779B97F4A7C15


def key(*numbers: int) -> int:
    """32 bits from some numbers (seed, frame), each bit of them mixed into all (splitmix64; Steele 2014)."""
    state = 0
    for number in numbers:
        state = (state + (number & (2**64 - 1)) + _GOLDEN) % 2**64
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
        state ^= state >> 31
    return state >> 32


@numba.njit(inline="always", cache=True, nogil=True)
def dice(seed: np.uint32, i: Any) -> Any:
    """32 random bits: draw `i` under a key (the finaliser of murmur3; Appleby 2011)."""
    bits = np.uint32(np.uint32(i) * np.uint32(0x9E3779B1)) ^ np.uint32(seed)
    bits = np.uint32((bits ^ (bits >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    bits = np.uint32((bits ^ (bits >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    return np.uint32(bits ^ (bits >> np.uint32(16)))


def dice_numpy(seed: int, count: int) -> npt.NDArray[np.uint32]:
    """Draws 0 to `count` - 1 at once."""
    bits = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) ^ np.uint32(seed)
    bits = (bits ^ (bits >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return bits ^ (bits >> np.uint32(16))


@cache
def normal_table() -> npt.NDArray[np.float32]:
    """2**16 quantiles of the standard normal distribution, each of the same probability, float32."""
    from scipy.special import ndtri

    middle = (np.arange(1 << BITS) + 0.5) / (1 << BITS)
    table: npt.NDArray[np.float32] = ndtri(middle).astype(np.float32)
    table /= math.sqrt(float(np.square(table, dtype=np.float64).mean()))
    table.flags.writeable = False
    return table
