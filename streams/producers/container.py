"""Whether a video file is all there, read from the lengths that its container states.

Why not from the number of frames: it is an estimate in most containers. Measured on whole files, frames
decoded / stated: 130/250 (Matroska, variable rate), 250/375 (Matroska with a pause), 250/501 (Matroska
whose sound goes on longer), 250/500 (H.264 in AVI), 167/174 (MP4 that starts within a group of
pictures), 250/252 (FLV). No threshold accepts all of these and still sees a file that was cut in half.
And a GIF's count is made by scanning what is there, so a cut GIF has as many frames as it states.
The lengths of a container's parts do not depend on rates: there was no false alarm on 10 face and
street clips and 22 others, and every cut, at 50 % and at 95 % of the bytes, was seen in the four
containers below.

Detected: MP4/MOV (plain, with the index in front, fragmented): a box longer than the rest of the file,
or no index; Matroska/WebM: the segment; AVI: a RIFF chunk; GIF: a block that breaks off.
Not detected: MPEG-TS/PS, FLV, WMV and raw streams, which state no length, or not one to rely on; live
recordings with an open length (Matroska of an interrupted recorder, AVI with length 0); a cut exactly
between two GIF pictures or MP4 fragments; a file of full length whose end was never filled in.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Final

_Check = Callable[["mmap.mmap"], "str | None"]

# Only these, for other programs append notes of their own to an MP4, which read as a box of absurd length.
_MP4_BOXES: Final = frozenset(
    b"ftyp moov mdat moof mfra free skip wide uuid sidx styp meta udta pdin emsg prft pnot".split()
)
_EBML: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT: Final = b"\x18\x53\x80\x67"
_GIF_IMAGE, _GIF_EXTENSION = 0x2C, 0x21


def missing_part(path: Path) -> str | None:
    """Say what is missing of a file, in words for an error message; None if nothing is known to be.

    Parameters
    ----------
    path : a file that exists; unreadable or of an unknown container gives None.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            check = _check_for(data)
            return None if check is None else check(data)
    except (OSError, ValueError):  # ValueError: an empty file cannot be mapped
        return None


def _check_for(data: mmap.mmap) -> _Check | None:
    if data[4:8] in _MP4_BOXES:
        return _missing_of_mp4
    if data[:4] == _EBML:
        return _missing_of_matroska
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return _missing_of_avi
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return _missing_of_gif
    return None


def _short_of(end: int, data: mmap.mmap) -> str:
    return f"{end - len(data)} of {end} bytes are missing"


def _missing_of_mp4(data: mmap.mmap) -> str | None:
    """Walk the boxes at the top level (ISO/IEC 14496-12, 4.2)."""
    position, has_index = 0, False
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16], "big")
        has_index = has_index or kind == b"moov"
        if size == 0:  # up to the end of the file, wherever that is
            break
        if size < 8:
            return None
        if position + size > len(data):
            return _short_of(position + size, data) if kind in _MP4_BOXES else None
        position += size
    return None if has_index else "its index, which is written last, is missing"


def _missing_of_matroska(data: mmap.mmap) -> str | None:
    """Compare the segment's length with the file's (RFC 8794, 4 and 6)."""
    position = 0
    while position < len(data):
        element = data[position : position + _vint_length(data[position])]
        position += len(element)
        if position >= len(data):
            return None
        length = _vint_length(data[position])
        field = data[position : position + length]
        size = int.from_bytes(field, "big") & ((1 << 7 * length) - 1)
        if size == (1 << 7 * length) - 1:  # unknown: written live
            return None
        position += length + size
        if element == _SEGMENT:
            return _short_of(position, data) if position > len(data) else None
    return None


def _vint_length(first: int) -> int:
    """Bytes of a variable-length number, told by the leading zeros of its first byte."""
    return 9 - max(first.bit_length(), 1)


def _missing_of_avi(data: mmap.mmap) -> str | None:
    """Walk the RIFF chunks; files over 1 GB have several (OpenDML 1.02)."""
    position = 0
    while data[position : position + 4] == b"RIFF":
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        if size in (0, 0xFFFFFFFF):  # the recorder never came back to fill it in
            return None
        # One byte of padding may be counted and not written.
        if position + 8 + size > len(data) + 1:
            return _short_of(position + 8 + size, data)
        position += 8 + size + (size & 1)
    return None


def _missing_of_gif(data: mmap.mmap) -> str | None:
    """Walk the blocks (GIF89a, 18 to 26); a missing trailer after whole pictures is let pass."""
    position = 13 + _gif_table(data[10]) if len(data) >= 13 else 13
    while position < len(data):
        kind = data[position]
        if kind == _GIF_EXTENSION:
            position += 2
        elif kind == _GIF_IMAGE and position + 10 <= len(data):
            position += 11 + _gif_table(data[position + 9])
        else:
            return "its last picture breaks off" if kind == _GIF_IMAGE else None
        while position < len(data) and data[position]:
            position += 1 + data[position]
        position += 1
    return "its last picture breaks off" if position > len(data) else None


def _gif_table(flags: int) -> int:
    """Bytes of the colour table that a descriptor's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
