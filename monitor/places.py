"""Where in a frame something is to appear: a spot that the user names, or an object of the ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from monitor.errors import ConfigError
from streams.frame import Frame

Region = tuple[tuple[float, float, float, float], ...]
"""Boxes, xyxy in pixels of the frame; a thing is in the region if its centre is in one of them."""

REACH: Final = 0.08
"""How far from a spot a centre may be, across and down, as a share of the frame's width."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of the frame, in shares of its width and height.

    The region is the square around it that reaches 8 % of the frame's width to each side. The same
    length down as across: what appears is about as high as it is wide.
    """

    x: float
    y: float

    def region(self, frame: Frame) -> Region:
        """One box, in pixels of the frame."""
        width, height = frame.size
        x, y, reach = self.x * width, self.y * height, REACH * width
        return ((x - reach, y - reach, x + reach, y + reach),)


@dataclass(frozen=True, slots=True)
class Landmark:
    """An object of the source's ground truth, by its class name, wherever it is in the frame."""

    name: str

    def region(self, frame: Frame) -> Region:
        """The boxes of all objects of that name; empty where the frame holds none.

        Raises
        ------
        ConfigError : the source knows no ground truth.
        """
        truth = frame.truth
        if truth is None:
            raise ConfigError(
                f"at = {self.name!r}: {frame.source} has no ground truth to look it up in; "
                'give shares of width and height instead, such as "0.5,0.4"'
            )
        names = [str(name) for name in truth.data.get("class_name", [""] * len(truth))]
        wanted = self.name.casefold()
        return tuple(
            (float(x0), float(y0), float(x1), float(y1))
            for name, (x0, y0, x1, y1) in zip(names, truth.xyxy, strict=True)
            if name.casefold() == wanted
        )


Place = Spot | Landmark


def parse_place(text: str) -> Place | None:
    """What `at` says: "0.62,0.4" is a spot, a name a landmark, nothing None, that is anywhere.

    Raises
    ------
    ConfigError : numbers that are not two, or not shares between 0 and 1.
    """
    text = text.strip()
    if not text:
        return None
    parts = [part.strip() for part in text.split(",")]
    try:
        shares = [float(part) for part in parts]
    except ValueError:
        # A name has a letter; "0.5;0.5" is a spot that was mistyped.
        if any(_numeric(part) for part in parts) or not any(c.isalpha() for c in text):
            raise ConfigError(_BAD) from None
        return Landmark(text)
    if len(shares) != 2 or not all(0 <= share <= 1 for share in shares):
        raise ConfigError(_BAD)
    return Spot(*shares)


_BAD: Final = (
    'write shares of the frame\'s width and height between 0 and 1, such as "0.62,0.4", '
    "or the name of an object in the source's ground truth"
)


def inside(boxes: npt.NDArray[Any], region: Region) -> npt.NDArray[np.bool_]:
    """Which boxes (n, 4), xyxy, have their centre in the region; bool (n,)."""
    centres = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    ranges = np.asarray(region, dtype=np.float64).reshape(-1, 4)
    within = (centres >= ranges[:, :2]) & (centres <= ranges[:, 2:])
    return np.asarray(within.all(axis=2).any(axis=1), dtype=bool)


def _numeric(part: str) -> bool:
    try:
        float(part)
    except ValueError:
        return False
    return True
