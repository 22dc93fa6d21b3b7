"""Reading one picture file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from streams.errors import SourceTruncated, SourceUnreadable
from streams.files import check_file
from streams.frame import Pixels
from streams.naming import one_line
from streams.pixels import as_bgr8

_WANTED: Final = "a picture file (JPEG, PNG, WebP, BMP or TIFF)"
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG"


def read_still(path: Path) -> Pixels:
    """Decode a picture, turned the way its EXIF orientation says.

    Grey, 16 bits (65535 is white) and alpha (dropped) are taken as everywhere in this package.

    Returns
    -------
    uint8 (H, W, 3) BGR.

    Raises
    ------
    SourceNotFound : no such file.
    SourceUnreadable : a folder, empty, no picture, or one that cannot be decoded.
    SourceTruncated : the end of a JPEG or PNG file is missing; the decoder would fill the rest with grey.
    """
    check_file(path, wanted=_WANTED, folder="folders of pictures come later; give one picture file")
    name = one_line(path.name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceUnreadable(
            f"{name}: the file cannot be read ({error.strerror}); copy it again"
        ) from error
    picture = None
    try:
        # Colour and any depth: unlike "unchanged", this heeds the EXIF orientation.
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
        picture = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), flags)
        pixels = None if picture is None else as_bgr8(picture)
    except (cv2.error, ValueError) as error:
        raise SourceUnreadable(
            f"{name}: decoding failed ({one_line(str(error)).strip()}); convert it to an 8 bit PNG or JPEG"
        ) from error
    if _cut_short(content):
        raise SourceTruncated(f"{name}: the end of the file is missing; copy it again")
    if pixels is None:
        raise SourceUnreadable(f"{name}: not a picture that can be decoded; give {_WANTED}")
    return pixels


def _cut_short(content: bytes) -> bool:
    """Whether a JPEG has no end of image behind its last scan, or a PNG no end chunk.

    Within a scan 0xFF is always followed by 0 or a restart marker, so the two markers stand for themselves.
    """
    if content.startswith(_JPEG):
        return content.find(b"\xff\xd9", max(0, content.rfind(b"\xff\xda"))) < 0
    return content.startswith(_PNG) and content.rfind(b"IEND") < 0
