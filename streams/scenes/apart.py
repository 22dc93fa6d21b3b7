"""A scene that is rendered in another process, one frame ahead of who looks at it."""

from __future__ import annotations

import json
import pickle
import struct
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
import supervision as sv

from streams.children import end
from streams.errors import SourceUnreadable
from streams.frame import Pixels

_COMMAND: Final = (sys.executable, "-m", "streams.scenes.render_child")
_TRIES: Final = 2

HEAD: Final = struct.Struct(">II")
"""Before every answer: bytes of what is pickled, bytes of pixels."""

QUESTION: Final = struct.Struct(">Q")
"""A frame's number."""


class Apart:
    """The same frames as the scene itself gives, bit for bit.

    A scene of 640 x 384 takes 14 ms of Python a frame, in which no other thread of this process can run
    Python; here it takes one to read it from a pipe.

    Parameters
    ----------
    name, seed, options : of the scene; see `streams.scenes.SCENES`.
    command : of the process; injected for tests.

    Raises
    ------
    ValueError : what the scene itself refuses.
    """

    def __init__(
        self,
        name: str,
        seed: int = 0,
        *,
        command: Sequence[str] = _COMMAND,
        **options: Any,
    ) -> None:
        self._name = f"scene:{name}"
        self._arguments = (*command, name, str(seed), json.dumps(options))
        self._begin()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._child.pid

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self._facts["width"])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self._facts["height"])

    @property
    def fps(self) -> float:
        """Frames a second."""
        return float(self._facts["fps"])

    @property
    def frame_count(self) -> int | None:
        """Frames in all, None for an endless scene."""
        count = self._facts["frame_count"]
        return None if count is None else int(count)

    def render(self, index: int) -> tuple[Pixels, sv.Detections]:
        """Frame `index`, and ask for the one after it; a process that ended is replaced.

        Raises
        ------
        SourceUnreadable : the process ends again and again.
        """
        for _ in range(_TRIES):
            try:
                if self._asked is not None and self._asked != index:
                    self._answer()  # of a frame that nobody wants any more
                if self._asked is None:
                    self._ask(index)
                truth, pixels = self._answer()
                if self.frame_count is None or index + 1 < self.frame_count:
                    self._ask(index + 1)
            except (OSError, EOFError):
                self._end()
                with suppress(ValueError):  # told by the next try
                    self._begin()
            else:
                return pixels, truth
        raise SourceUnreadable(
            f"{self._name}: the process that renders it ended, {_TRIES} times; open it again"
        )

    def _begin(self) -> None:
        self._asked: int | None = None
        self._child = subprocess.Popen(
            self._arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C is the program's to hear.
            start_new_session=True,
        )
        # Also at the end of this process; where that is killed, the child finds its pipes closed.
        self._end = weakref.finalize(self, end, self._child)
        try:
            told, _ = self._received()
        except (OSError, EOFError):
            raise ValueError("the process that renders it did not start") from None
        if isinstance(told, str):
            raise ValueError(told)
        self._facts: Mapping[str, Any] = told

    def _ask(self, index: int) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(QUESTION.pack(index))
        self._child.stdin.flush()
        self._asked = index

    def _answer(self) -> tuple[sv.Detections, Pixels]:
        truth, pixels = self._received()
        self._asked = None
        return truth, pixels.reshape(self.height, self.width, 3)

    def _received(self) -> tuple[Any, Pixels]:
        assert self._child.stdout is not None
        head = self._child.stdout.read(HEAD.size)
        if len(head) < HEAD.size:
            raise EOFError
        told, size = HEAD.unpack(head)
        words = self._child.stdout.read(told)
        pixels = np.empty(size, np.uint8)
        if len(words) < told or self._child.stdout.readinto(pixels.data) < size:  # type: ignore[attr-defined]
            raise EOFError
        return pickle.loads(words), pixels
