"""The light of the drive: from the afternoon to dusk and back."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, pi

from streams.scenes.canvas import Light

Gain = tuple[float, float, float]

CYCLE = 150.0
"""Seconds from day over dusk to day, where the light changes."""

_DAY_GAIN: Gain = (1.0, 1.0, 1.0)
_DUSK_GAIN: Gain = (0.56, 0.44, 0.46)
_DAY_AIR: Gain = (232.0, 221.0, 208.0)
_DUSK_AIR: Gain = (132.0, 136.0, 188.0)
_CLEAR = 330.0  # metres in which the air takes 63 % of what is seen


def _between(first: Gain, second: Gain, share: float) -> Gain:
    blue, green, red = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return blue, green, red


@dataclass(frozen=True, slots=True)
class Daylight:
    """The light at one moment.

    Attributes
    ----------
    dusk : 0 by day, 1 at dusk.
    """

    dusk: float

    @classmethod
    def at(cls, seconds: float, kind: str) -> Daylight:
        """Light of a kind ("day", "dusk" or "changing") at a time."""
        if kind != "changing":
            return cls(1.0 if kind == "dusk" else 0.0)
        # Flat at both ends: some time of full day and of full dusk.
        wave = 0.5 - 0.5 * cos(2.0 * pi * seconds / CYCLE)
        return cls(min(1.0, max(0.0, 1.4 * wave - 0.2)))

    @property
    def gain(self) -> Gain:
        """Factor on blue, green, red of what has no light of its own."""
        return _between(_DAY_GAIN, _DUSK_GAIN, self.dusk)

    @property
    def air(self) -> Gain:
        """Colour of the air above the horizon."""
        return _between(_DAY_AIR, _DUSK_AIR, self.dusk)

    @staticmethod
    def haze(distance: float) -> float:
        """Share of the air's colour in what is that far away [m]."""
        return 1.0 - exp(-distance / _CLEAR)

    def on(self, distance: float) -> Light:
        """Light of a tree or a house that far away."""
        return Light(self.gain, self.haze(distance), self.air)

    def on_sign(self, distance: float) -> Light:
        """Light of a sign: its foil throws the headlights back."""
        back = 0.42 * self.dusk * min(1.0, max(0.25, (60.0 - distance) / 45.0))
        blue, green, red = self.gain
        return Light((blue + back, green + back, red + back), self.haze(distance), self.air)

    def on_ground(self, distance: float) -> Light:
        """Light of what lies on the road before the headlights."""
        beam = 0.5 * self.dusk * exp(-(((distance - 11.0) / 9.0) ** 2))
        blue, green, red = self.gain
        lit = (blue + 0.86 * beam, green + 0.97 * beam, red + beam)
        return Light(lit, self.haze(distance), self.air)
