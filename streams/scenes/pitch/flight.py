"""How a football flies, bounces and rolls out."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, inf
from typing import Final

RADIUS: Final = 0.11
"""Metres; Law 2: a circumference of 68 to 70 cm."""
GRAVITY: Final = 9.81
RESTITUTION: Final = 0.62
"""Share of the downward speed that a bounce on grass gives back."""
GRIP: Final = 0.78
"""Share of the speed along the ground that a bounce leaves."""
ROLLING: Final = 1.3
"""Metres a second squared by which grass slows a rolling ball."""
_LEAST_BOUNCE: Final = 0.5  # metres a second upwards; less is rolling
_NOWHERE: Final = 1e-9  # metres; less is no way at all

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Leg:
    """A stretch of constant acceleration."""

    begin: float
    end: float
    place: Vector
    speed: Vector
    pull: Vector

    def place_at(self, seconds: float) -> Vector:
        t = seconds - self.begin
        x, y, z = (
            p + v * t + a * t * t / 2
            for p, v, a in zip(self.place, self.speed, self.pull, strict=True)
        )
        return x, y, z

    def speed_at(self, seconds: float) -> Vector:
        t = seconds - self.begin
        x, y, z = (v + a * t for v, a in zip(self.speed, self.pull, strict=True))
        return x, y, z


@dataclass(frozen=True, slots=True)
class Flight:
    """A ball's way after a kick: arcs, bounces, rolling, rest. The air does not slow it.

    Attributes
    ----------
    legs : in the order of time, from 0 on; the last never ends.
    """

    legs: tuple[_Leg, ...]

    @classmethod
    def kicked(cls, x: float, y: float, speed: Vector) -> Flight:
        """A ball on the ground at (x, y) [m] is given a speed [m/s]; z points upwards."""
        legs: list[_Leg] = []
        now, place = 0.0, (x, y, RADIUS)
        vx, vy, vz = speed
        while vz > _LEAST_BOUNCE:
            lasts = 2 * vz / GRAVITY
            leg = _Leg(now, now + lasts, place, (vx, vy, vz), (0.0, 0.0, -GRAVITY))
            legs.append(leg)
            now += lasts
            end = leg.place_at(now)
            place = (end[0], end[1], RADIUS)
            vx, vy, vz = vx * GRIP, vy * GRIP, vz * RESTITUTION
        pace = hypot(vx, vy)
        if pace > 0:
            pull = (-ROLLING * vx / pace, -ROLLING * vy / pace, 0.0)
            leg = _Leg(now, now + pace / ROLLING, place, (vx, vy, 0.0), pull)
            legs.append(leg)
            now = leg.end
            place = leg.place_at(now)
        legs.append(_Leg(now, inf, place, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
        return cls(tuple(legs))

    @classmethod
    def aimed(
        cls, start: tuple[float, float], target: tuple[float, float], seconds: float, up: float
    ) -> Flight:
        """The kick that brings the ball from one place to another in a time, if it leaves with `up` [m/s].

        The way made in a given time grows with the speed along the ground, so the speed is found by halving.
        A ball that would roll too slowly to last that long is at the target early and rests there.
        """
        dx, dy = target[0] - start[0], target[1] - start[1]
        way = hypot(dx, dy)
        if (
            way < _NOWHERE
        ):  # the squares of less may come to 0, and the halving would end at its top
            return cls.kicked(*start, (0.0, 0.0, up))
        low, high = 0.0, 3.0 * way / min(seconds, 0.3) + 10.0
        for _ in range(60):
            pace = (low + high) / 2
            x, y, _ = cls.kicked(*start, (pace * dx / way, pace * dy / way, up)).place_at(seconds)
            if hypot(x - start[0], y - start[1]) < way:
                low = pace
            else:
                high = pace
        return cls.kicked(*start, (high * dx / way, high * dy / way, up))

    def place_at(self, seconds: float) -> Vector:
        """Where the ball's centre is, in metres."""
        return self._leg(seconds).place_at(seconds)

    def speed_at(self, seconds: float) -> Vector:
        """Its speed, in metres a second."""
        return self._leg(seconds).speed_at(seconds)

    def _leg(self, seconds: float) -> _Leg:
        return next(leg for leg in self.legs if seconds < leg.end)
