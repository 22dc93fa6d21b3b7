"""The detectors whose weights are our own and come with the package; made by `python -m models.training`."""

from __future__ import annotations

from models.nano import Nano
from models.weights import load_nano

SIGNS = (
    "stop",
    "give way",
    "no entry",
    "speed limit",
    "prohibition",
    "mandatory",
    "warning",
    "priority",
    "crosswalk",
    "traffic light",
    "other sign",
)
"""The classes of `signs`; the last holds boards, panels, mirrors: what is a sign and none of the others."""

BALL = ("ball",)
"""The class of `ball`."""

SIGNS_SHA256 = "1dc27f84ea40724fe0335e40f76577f55fbd997eeef452071e919ffe3b31624a"
BALL_SHA256 = "9f705b2f28dc742d061cc7c503ff5ac8a4e0b9071947a54f377454738b425a83"


def load_signs() -> Nano:
    """Traffic signs and lights.

    Raises
    ------
    WeightsError : the weights are missing or not the expected ones.
    """
    return load_nano("signs", SIGNS, SIGNS_SHA256)


def load_ball() -> Nano:
    """Sports balls.

    Raises
    ------
    WeightsError : the weights are missing or not the expected ones.
    """
    return load_nano("ball", BALL, BALL_SHA256)
