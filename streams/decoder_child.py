"""A process that decodes pictures from strangers, one after the other; it may crash without harm.

Input: 4 bytes of length, big-endian, and so many bytes of a picture. Output: a byte (0: a picture, 1: none),
4 bytes of length, and either height and width in 4 bytes each and the pixels, uint8 BGR, or the reason in
UTF-8.
"""

from __future__ import annotations

import struct
import sys
from typing import BinaryIO

from streams.errors import SourceUnreadable
from streams.producers.visitor import MOST_BYTES, decoded

_MOST_MEMORY = 4 * 2**30
"""Bytes of address space; OpenCV alone maps 1.5 GiB."""


def main() -> None:
    """Until the input ends."""
    _confine()
    come, go = sys.stdin.buffer, sys.stdout.buffer
    while (head := come.read(4)) and len(head) == 4:
        (length,) = struct.unpack(">I", head)
        if length > MOST_BYTES:
            return
        _answer(go, come.read(length))


def _answer(go: BinaryIO, data: bytes) -> None:
    try:
        pixels = decoded(data)
    except SourceUnreadable as error:
        reason = str(error).encode()
        go.write(struct.pack(">BI", 1, len(reason)) + reason)
    else:
        body = struct.pack(">II", *pixels.shape[:2]) + pixels.tobytes()
        go.write(struct.pack(">BI", 0, len(body)) + body)
    go.flush()


def _confine() -> None:
    """No files written, no memory without end, where the system can hold a process to it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))


if __name__ == "__main__":
    main()
