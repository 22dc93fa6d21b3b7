"""How many threads a model and the kernels beside it work on."""

from __future__ import annotations

import numba
import torch


def work_on(threads: int) -> None:
    """Have torch and numba work on so many threads, in this thread and, torch, in those that begin later.

    Both, for they share one OpenMP: numba's kernels on two threads left torch on two as well, whatever it had
    been told. Each thread that calls kernels has to say so for itself.

    Parameters
    ----------
    threads : 0: leave them as they are.
    """
    if not threads:
        return
    torch.set_num_threads(threads)
    numba.set_num_threads(min(threads, int(numba.config.NUMBA_NUM_THREADS)))  # type: ignore[attr-defined]
