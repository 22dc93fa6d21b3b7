"""Keeping freed memory at hand, so that every frame does not ask the system for it anew."""

from __future__ import annotations

import ctypes
import platform

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

KEPT = 1 << 30
"""Bytes that may lie free at the end of the heap before any goes back to the system."""


def keep_freed_memory() -> bool:
    """Tell glibc's malloc to keep what a frame's passes free; True where that could be done.

    The activations of one forward with its graph are some 150 MB. Given back and asked for again at
    every frame, they cost a page fault per 4 kB: forward + backward of CenterFace at 448x352 took 52.8 ms
    instead of 28.4. The price is that the process keeps its largest size. One arena for all threads,
    because only the main one can grow this way.

    For a program to call once at its start, before other threads; a library should not. Elsewhere than
    on Linux with glibc it does nothing.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    wanted = {
        _M_ARENA_MAX: 1,
        _M_MMAP_THRESHOLD: 32 << 20,  # the most that glibc takes
        _M_TRIM_THRESHOLD: KEPT,
        _M_TOP_PAD: 64 << 20,
    }
    taken = [mallopt(option, value) == 1 for option, value in wanted.items()]
    return all(taken)
