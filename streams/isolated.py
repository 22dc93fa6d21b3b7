"""Pictures from strangers are decoded in another process, which may crash or hang."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Final

import numpy as np

from streams.children import end
from streams.errors import SourceUnreadable
from streams.frame import Pixels
from streams.producers.visitor import MOST_BYTES, NAME

PATIENCE: Final = 5.0
"""Seconds for a picture; the first one starts the process, which takes 0.5 s, more on a busy machine."""

_COMMAND: Final = (sys.executable, "-m", "streams.decoder_child")


class IsolatedDecoder:
    """Decodes one picture at a time; a process that ended is replaced at the next.

    Any thread may call it; a 640 x 480 JPEG takes 3.3 ms, in this process 1.5.

    Parameters
    ----------
    command : of the process.
    patience : seconds for a picture, then the process is killed.
    """

    def __init__(self, command: Sequence[str] = _COMMAND, patience: float = PATIENCE) -> None:
        self._command, self._patience = tuple(command), patience
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process; None before the first picture."""
        return self._child.pid if self._child else None

    def __call__(self, data: bytes) -> Pixels:
        """The picture, uint8 BGR (H, W, 3).

        Raises
        ------
        SourceUnreadable : too large, no picture, or one that ended the process that decoded it.
        """
        if len(data) > MOST_BYTES:
            raise SourceUnreadable(
                f"{NAME}: a picture of {len(data)} bytes; {MOST_BYTES} are taken"
            )
        with self._lock:
            child = self._running()
            watchdog = threading.Timer(self._patience, child.kill)
            watchdog.start()
            try:
                status, body = _asked(child, data)
            except (OSError, struct.error, ValueError):
                self._end()
                raise SourceUnreadable(
                    f"{NAME}: a picture came that ended its decoder; send another"
                ) from None
            finally:
                watchdog.cancel()
        if status:
            raise SourceUnreadable(body.decode("utf-8", "replace"))
        height, width = struct.unpack(">II", body[:8])
        return np.frombuffer(body, np.uint8, offset=8).reshape(height, width, 3)

    def close(self) -> None:
        """End the process; may be called twice."""
        with self._lock:
            self._closed = True
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise SourceUnreadable(f"{NAME}: the panel is closing")
        if self._child is not None and self._child.poll() is not None:
            self._end()
        if self._child is None:
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Ctrl-C is the panel's to hear.
                start_new_session=True,
            )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            end(child)


def _asked(child: subprocess.Popen[bytes], data: bytes) -> tuple[int, bytes]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(struct.pack(">I", len(data)) + data)
    child.stdin.flush()
    status, length = struct.unpack(">BI", child.stdout.read(5))
    body = child.stdout.read(length)
    if len(body) != length:
        raise ValueError("the process ended")
    return status, body
