"""Processes that work for this one, and their end."""

from __future__ import annotations

import subprocess
from contextlib import suppress


def end(child: subprocess.Popen[bytes]) -> None:
    """Kill a process, wait for it and close its pipes; harmless where it has ended already."""
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was not sent yet
                pipe.close()
