"""`camdrift models export`: one of our own models as an ONNX file."""

from __future__ import annotations

import re
from pathlib import Path

from models.errors import ModelError
from models.export import export_onnx
from models.nano import Nano
from models.zoo import load_model


def export(name: str, file: Path, size: str) -> str:
    """Write the file; a line that says what was written and how it is used.

    Raises
    ------
    ModelError : no such model, not one of ours, or a size that it cannot take.
    OSError : the file cannot be written.
    """
    detector = load_model(name)
    if not isinstance(detector, Nano):
        raise ModelError(f"export of {name}: only our own models are exported; take signs or ball")
    sides = re.fullmatch(r"(\d+)x(\d+)", size)
    if sides is None:
        raise ModelError(f"export of {name}: size {size!r}; write it like 640x384")
    export_onnx(detector, file, int(sides[1]), int(sides[2]))
    return (
        f"{file}: input {size}, RGB in [0, 1]; `camdrift live --model {file} --nms 0.5 --agnostic`"
    )
