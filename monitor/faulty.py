"""Faults of a camera on a stream, with or without an attack among them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from monitor.arrays import Pixels
from monitor.corruptions.fault import Build, Fault, Shape, Stage
from monitor.kernels.dice import key
from monitor.objective import Objective
from monitor.perturbers import Perturbed, Perturber
from streams.frame import Frame

AFTER_THE_ATTACK: Final = frozenset({Stage.CODEC, Stage.LINK})
"""What a picture meets once an attacker has had it: all else is done to the light or by the camera."""

_SIDE: Final = 64
"""Of the picture that kernels are compiled on."""


@dataclass(slots=True)
class Worn:
    """One fault on a stream of frames.

    Attributes
    ----------
    name : in the catalogue; of two faults of a stream each has its own chance.
    build : makes it for frames of a size.
    stage : where on its way a picture meets it.
    severity : the highest it reaches, over 0.
    seed : of the stream.
    """

    name: str
    build: Build
    stage: Stage
    severity: float
    seed: int
    _fault: Fault | None = field(default=None, repr=False)
    _shape: Shape | None = field(default=None, repr=False)

    def apply(self, pixels: Pixels, share: float, at: int) -> Pixels:
        """The frame with the fault at a share of its severity; its own array at none."""
        if share <= 0:
            return pixels
        shape = (pixels.shape[0], pixels.shape[1], 3)
        if self._fault is None or shape != self._shape:
            self._fault, self._shape = self.build(shape, self.seed), shape
        return self._fault.apply(pixels, share * self.severity, at)

    def compile(self) -> None:
        """Have what this fault needs compiled, or loaded from numba's cache, before the first frame."""
        pixels = np.full((_SIDE, _SIDE, 3), 100, np.uint8)
        fault = self.build((_SIDE, _SIDE, 3), self.seed)
        for at in range(2):
            fault.apply(pixels, self.severity, at)

    def forget(self) -> None:
        """Begin anew: the next frame does not follow the last one."""
        self._fault = None


@dataclass(slots=True)
class Faulty:
    """Faults before and after an attack, in the order in which a camera meets them.

    The scene, the lens, the light and the sensor come before the attack, which works on what the sensor
    delivers; codec and link come after it. A patch hangs in the scene itself, and all come after it. Within a
    stage the order is that of the settings.

    Attributes
    ----------
    faults : any number.
    inner : the attack.
    ramp : frames over which all severities rise from 0 and fall back again; 0: they stay.
    in_scene : the attack is something that hangs in the scene, so that all faults come over it.
    """

    faults: tuple[Worn, ...]
    inner: Perturber
    ramp: int = 0
    in_scene: bool = False
    _before: tuple[Worn, ...] = field(init=False, repr=False)
    _after: tuple[Worn, ...] = field(init=False, repr=False)
    _index: int | None = None

    def __post_init__(self) -> None:
        self.faults = tuple(sorted(self.faults, key=lambda worn: worn.stage.place))
        self._before, self._after = (
            tuple(
                worn
                for worn in self.faults
                if (self.in_scene or worn.stage in AFTER_THE_ATTACK) is after
            )
            for after in (False, True)
        )

    @property
    def needs_gradient(self) -> bool:
        """That of the attack where it sees the clean frame itself; else it asks about another frame."""
        return self.inner.needs_gradient and not self._before

    def compile(self) -> None:
        """See `Worn.compile`."""
        for worn in self.faults:
            worn.compile()

    def share(self, at: int) -> float:
        """Of the severities, at a frame: up and down along the ramp."""
        if not self.ramp:
            return 1.0
        place = at % self.ramp / self.ramp
        return 2 * min(place, 1 - place)

    def perturb(self, frame: Frame, view: Objective) -> Perturbed:
        """The frame after faults and attack; success is judged against the clean frame's answer."""
        if self._index is not None and frame.index <= self._index:
            for worn in self.faults:
                worn.forget()
        self._index = frame.index
        share = self.share(frame.index)
        severity = share * max(worn.severity for worn in self.faults)
        pixels = frame.pixels
        for worn in self._before:
            pixels = worn.apply(pixels, share, frame.index)
        attacked = self._attacked(frame, pixels, view)
        pixels = attacked.pixels
        for worn in self._after:
            pixels = worn.apply(pixels, share, frame.index)
        return Perturbed(pixels, attacked.attacked or view.applies, severity)

    def _attacked(self, frame: Frame, pixels: Pixels, view: Objective) -> Perturbed:
        if pixels is frame.pixels:
            return self.inner.perturb(frame, view)
        inner = view.of(pixels, with_gradient=self.inner.needs_gradient)
        found = self.inner.perturb(replace(frame, pixels=pixels), inner)
        view.counts.add(inner.counts)
        return found


def fault_seed(seed: int, stream: int, name: str) -> int:
    """32 bits for one fault of one stream of a run."""
    return key(seed, stream, *name.encode())
