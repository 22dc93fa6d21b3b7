"""The worst frames' pictures, small enough that the report stays one that can be mailed."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np

from monitor.errors import RunError
from monitor.evaluation.storage import Storage
from monitor.report.evaluation.blocks import Pictures
from monitor.report.evaluation.numbers import Tree
from monitor.report.evaluation.text import shown

MOST_BYTES: Final = 4_500_000
"""Of all pictures together: as base64 in the page they grow by a third."""

_SMALL: Final = 40_000  # a PNG of no more bytes stays as it is
_WIDEST: Final = 960
_QUALITY: Final = 88
_PLACE: Final = re.compile(r"worst/[\w.-]+\.(png|jpg|jpeg)", re.ASCII)
_WORDS: Final = {
    "clean": "Clean",
    "attacked": "Attacked",
    "difference": "Difference{times}; grey: unchanged",
}
NOTE: Final = "Test material: the attacked picture was manipulated on purpose."


def worst_frames(storage: Storage, frames: Sequence[Tree]) -> tuple[list[Pictures], int]:
    """(the worst frames in order, how many are left out because the report would grow too large).

    Raises
    ------
    RunError : a picture is missing, damaged, or lies outside the folder worst/.
    """
    found: list[Pictures] = []
    total = 0
    for frame in frames:
        amplified = frame.get("amplified")
        times = (
            f" \N{MULTIPLICATION SIGN} {amplified:g}"
            if isinstance(amplified, int | float)
            else ", amplified"
        )
        pictures = [
            (word.format(times=times), _picture(storage, frame[kind]))
            for kind, word in _WORDS.items()
        ]
        total += sum(len(content) for _, content in pictures)
        if total > MOST_BYTES:
            break
        found.append(Pictures(_caption(frame), pictures, NOTE))
    return found, len(frames) - len(found)


def data_uri(content: bytes) -> str:
    """A picture as it stands in HTML."""
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _picture(storage: Storage, name: Any) -> bytes:
    if not isinstance(name, str) or not _PLACE.fullmatch(name) or ".." in name:
        # Whoever writes summary.json must not have the report carry files from elsewhere.
        raise RunError(
            f"{storage.url}/summary.json: damaged: {shown(name)} is no picture in the folder worst; "
            "run the evaluation again"
        )
    content = storage.read(name)
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if pixels is None:
        raise RunError(f"{storage.url}/{name}: damaged: no picture; run the evaluation again")
    if len(content) <= _SMALL and pixels.shape[1] <= _WIDEST:
        return content
    if pixels.shape[1] > _WIDEST:
        height = max(round(pixels.shape[0] * _WIDEST / pixels.shape[1]), 1)
        pixels = cv2.resize(pixels, (_WIDEST, height), interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def _caption(frame: Tree) -> str:
    where = f"{shown(frame['clip_name'], 90)}, frame {frame['frame']}"
    under = f"condition {frame['condition']} ({shown(frame['condition_name'], 90)})"
    return f"{where}, {under}: {shown(frame['caption'], 300)}"
