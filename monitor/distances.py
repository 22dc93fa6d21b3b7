"""Lp distances between two frames, and budgets on them.

All distances are in pixel units of [0, 1]: a value that moves from 37 to 38 moves by 1/255.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from monitor.arrays import Pixels
from monitor.errors import ConfigError
from monitor.kernels.moved import moved

_SLACK = 1e-6  # grey levels; 4/255 * 255 is 4.000000000000001 on some machines, 3.9999... on others


class Norm(StrEnum):
    """The norms that a budget can be given in; L0 counts pixels, the others go over values."""

    LINF = "linf"
    L2 = "l2"
    L1 = "l1"
    L0 = "l0"


@dataclass(frozen=True, slots=True)
class Budget:
    """How far a perturbed frame may be from the clean one: ||x' - x||_norm <= eps.

    Attributes
    ----------
    norm : which norm.
    eps : in pixel units of [0, 1]. Linf: the most that one value may move, at most 1. L2: the
        Euclidean length over all H * W * 3 values; 1.0 is one value moved from black to white. L1: the
        sum of all moves, 1.0 likewise. L0: the number of pixels that may change, each to any colour.

    Raises
    ------
    ConfigError : eps negative, not finite, over 1 under Linf, or no whole number under L0.
    """

    norm: Norm
    eps: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.eps) or self.eps < 0:
            raise ConfigError(
                f"eps = {self.eps}: a budget is a finite number of at least 0, like 4/255"
            )
        if self.norm is Norm.LINF and self.eps > 1:
            raise ConfigError(
                f"eps = {self.eps}: under linf eps is at most 1 (black to white); write 4/255, not 4"
            )

        if self.norm is Norm.L0 and self.eps != round(self.eps):
            raise ConfigError(
                f"eps = {self.eps}: under l0 eps is a number of pixels; write a whole one, like 1"
            )

    @property
    def levels(self) -> float:
        """The budget in grey levels (eps * 255); under L0 the number of pixels."""
        return self.eps if self.norm is Norm.L0 else self.eps * 255.0

    def holds(self, clean: Pixels, perturbed: Pixels) -> bool:
        """True where `perturbed` (uint8, quantised) is within the budget around `clean`."""
        return self.allows(self.length(clean, perturbed))

    def length(self, clean: Pixels, perturbed: Pixels) -> float:
        """How far two uint8 frames are apart under the budget's norm, in grey levels (L0: pixels)."""
        apart = distances(clean, perturbed).under(self.norm)
        return apart * (1.0 if self.norm is Norm.L0 else 255.0)

    def allows(self, length: float) -> bool:
        """True where a length in grey levels (L0: pixels) is within the budget."""
        return length <= self.levels + _SLACK

    def __str__(self) -> str:
        return f"{self.norm} {format_eps(self.eps, self.norm)}"


@dataclass(frozen=True, slots=True)
class Distances:
    """How far two frames are apart, in pixel units of [0, 1].

    Attributes
    ----------
    linf : the largest move of a value.
    l2 : the Euclidean length of all moves.
    l1 : the sum of all moves.
    l0 : number of pixels that differ; of values where the frames have no colour.
    values : number of values that differ.
    """

    linf: float
    l2: float
    l1: float
    l0: int
    values: int

    def under(self, norm: Norm) -> float:
        """The distance under one norm."""
        apart: float = getattr(self, norm.value)
        return apart


def distances(a: Pixels, b: Pixels) -> Distances:
    """The distances between two uint8 frames of one shape, under every norm, in one pass.

    Raises
    ------
    ValueError : the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"distance of frames of different shapes: {a.shape} and {b.shape}")
    apart = moved(a, b)
    return Distances(
        linf=apart.most / 255.0,
        l2=math.sqrt(apart.squares) / 255.0,
        l1=apart.total / 255.0,
        l0=apart.pixels,
        values=apart.values,
    )


def parse_eps(text: str | float) -> float:
    """`"4/255"`, `"0.0157"` or a number -> eps.

    Raises
    ------
    ConfigError : not a number and not a fraction of two numbers.
    """
    try:
        if isinstance(text, str) and "/" in text:
            over, under = text.split("/")
            return float(over) / float(under)
        return float(text)
    except (ValueError, ZeroDivisionError, TypeError):
        raise ConfigError(
            f"eps = {text!r}: not a number; write a fraction like 4/255 or 0.0157"
        ) from None


def format_eps(eps: float, norm: Norm) -> str:
    """Eps as people of the field write it: `4/255` under Linf, `1.50` under L2 and L1, `3` under L0."""
    if norm is Norm.L0:
        return f"{eps:.0f}"
    if norm is not Norm.LINF:
        return f"{eps:.2f}"
    levels = eps * 255
    nearest = round(levels)
    return f"{nearest}/255" if abs(levels - nearest) < _SLACK * 100 else f"{levels:.2f}/255"
