"""How a patch may look once it hangs somewhere: the transformations of EOT, drawn by chance.

Expectation over transformation (Athalye, Engstrom, Ilyas, Kwok 2018): a patch is trained on the mean over all
that print, place, light and camera may do to it, not on one picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.patches.quads import UNIT, Quad, mapped

_DISTANCE: Final = 3.0  # of the eye, in sides of the patch, for what a tilt does to it


@dataclass(frozen=True, slots=True)
class Look:
    """One way in which a patch is seen; `PLAIN` is the way in which it is stored.

    Attributes
    ----------
    scale : factor on its size.
    shift : across and down, in sides.
    roll, yaw, pitch : degrees in its plane, about its upright and about its level axis.
    gain, lift : BGR each: level x gain + lift, in [0, 1].
    ink : what black and white of the print come to.
    blur : standard deviation in pixels of the frame.
    grain : standard deviation of the camera's noise, in [0, 1].
    print_grain : the same, of the print.
    seed : of both kinds of noise.
    """

    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    ink: tuple[float, float] = (0.0, 1.0)
    blur: float = 0.0
    grain: float = 0.0
    print_grain: float = 0.0
    seed: int = 0

    def placed(self, quad: Quad) -> Quad:
        """Where the corners of a patch that hangs in the quad come to be."""
        yaw, pitch, roll = (math.radians(angle) for angle in (self.yaw, self.pitch, self.roll))
        x, y = UNIT.T
        depth = x * math.sin(yaw) + y * math.sin(pitch)
        flat = np.stack([x * math.cos(yaw), y * math.cos(pitch)]) / (1 + depth / _DISTANCE)
        turn = np.array([[math.cos(roll), -math.sin(roll)], [math.sin(roll), math.cos(roll)]])
        return mapped(quad, self.scale * (turn @ flat).T + np.asarray(self.shift))


PLAIN: Final = Look()


@dataclass(frozen=True, slots=True)
class Looks:
    """What is drawn from: each quantity evenly from its range, symmetric where one number is given.

    Attributes
    ----------
    scale, shift, roll, tilt, ink, blur, grain, print_grain : see `Look`; tilt is of yaw and of pitch, and
        `ink` how much black and white may come closer to grey.
    light : the gain of all channels.
    tint : by how much the gain of a channel may differ.
    haze : the lift of all channels.
    """

    scale: tuple[float, float] = (0.8, 1.25)
    shift: float = 0.08
    roll: float = 15.0
    tilt: float = 25.0
    light: tuple[float, float] = (0.5, 1.2)
    tint: float = 0.06
    haze: tuple[float, float] = (0.0, 0.06)
    ink: float = 0.1
    blur: tuple[float, float] = (0.0, 1.0)
    grain: tuple[float, float] = (0.0, 0.02)
    print_grain: tuple[float, float] = (0.0, 0.04)

    def draw(self, rng: np.random.Generator) -> Look:
        """One look."""
        light, haze = rng.uniform(*self.light), rng.uniform(*self.haze)
        tint = 1 + rng.uniform(-self.tint, self.tint, 3)
        black, white = rng.uniform(0, self.ink, 2)
        return Look(
            scale=float(np.exp(rng.uniform(*np.log(self.scale)))),
            shift=_two(rng.uniform(-self.shift, self.shift, 2)),
            roll=rng.uniform(-self.roll, self.roll),
            yaw=rng.uniform(-self.tilt, self.tilt),
            pitch=rng.uniform(-self.tilt, self.tilt),
            gain=_three(light * tint),
            lift=_three(np.full(3, haze)),
            ink=(float(black), float(1 - white)),
            blur=rng.uniform(*self.blur),
            grain=rng.uniform(*self.grain),
            print_grain=rng.uniform(*self.print_grain),
            seed=int(rng.integers(2**32)),
        )

    def beyond(self, rng: np.random.Generator, by: float = 0.3) -> Look:
        """A look that `draw` never gives: roll or tilt, light and blur each outside of their ranges.

        Parameters
        ----------
        by : how far outside at most, as a share of the range's own reach.
        """
        over = 1 + rng.uniform(0.02, by, 4)
        sign = np.where(rng.random(3) < 0.5, -1.0, 1.0)
        look = self.draw(rng)
        if rng.random() < 0.5:
            look = replace(look, roll=float(sign[0] * over[0] * self.roll))
        else:
            yaw, pitch = sign[1:] * over[1] * self.tilt
            look = replace(look, yaw=float(yaw), pitch=float(pitch))
        dark, bright = self.light
        light = dark / over[2] if rng.random() < 0.5 else bright * over[2]
        gain = np.asarray(look.gain) / np.mean(look.gain) * light
        return replace(look, gain=_three(gain), blur=float(self.blur[1] * over[3]))


def _two(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _three(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
