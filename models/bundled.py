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

SIGNS_SHA256 = "cbe80b83004f63b1bc87d95845225532d25336a1258a25e14e59a5366ce77e58"
BALL_SHA256 = "25ecd6f4c7fe190a4aaf2f619fee1ac380eada737c6c751d0f9fade728bce4f3"


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
