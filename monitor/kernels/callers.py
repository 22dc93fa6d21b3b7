"""Whether two threads may call the kernels at once: that is up to what numba found to run them on."""

from __future__ import annotations

import numba


def one_caller_only() -> bool:
    """True where two callers at once would end the process (numba's own threads, "workqueue").

    OpenMP and TBB bear any number. Known once a kernel has run; before that False.
    """
    try:
        return bool(numba.threading_layer() == "workqueue")  # type: ignore[attr-defined]
    except ValueError:
        return False
