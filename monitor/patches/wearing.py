"""A patch on a stream: hung up, lit, drawn, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np
import supervision as sv

from monitor.arrays import Pixels
from monitor.attacks.driver import Attack
from monitor.distances import Budget, Norm
from monitor.errors import ConfigError
from monitor.knowledge import BlindView, Knowledge
from monitor.objective import Objective
from monitor.patches.anchors import Anchors
from monitor.patches.drawing import drawn
from monitor.patches.light import SceneLight
from monitor.patches.patch import Patch, load, made_names
from monitor.patches.placing import Beside, Placing, Plane, Spot, fitted, parse_placing
from monitor.patches.planes import PlaneFollower
from monitor.patches.quads import Quad
from monitor.patches.texture import Sizes
from monitor.perturbers import Perturbed, Perturber
from streams.frame import Frame

MIDDLE: Final = Spot(0.5, 0.5)
"""Where a patch is put on a frame of which nothing is known."""


@dataclass(frozen=True, slots=True)
class WearPatch:
    """The attack "patch": something printed hangs in the scene; the model was asked when it was trained.

    Its budget is its own, a share of the frame's pixels (L0), so it declares no norms.

    Attributes
    ----------
    patch : a file, or a name of `made_names`.
    at : see `monitor.patches.placing.parse_placing`; empty: as the patch was trained.
    share : of the frame that all patches together may cover.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.NONE
    norms: ClassVar[frozenset[Norm]] = frozenset()

    patch: str
    at: str
    share: float

    def run(
        self, objective: BlindView, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """On a frame of its own, of which nothing is known: at its spot, or in the middle."""
        del objective, budget, rng
        patch = self.loaded()
        place = parse_placing(self.at or patch.facts.place)
        out, size = x.copy(), (x.shape[1], x.shape[0])
        spot = place if isinstance(place, Spot) else MIDDLE
        quads = fitted([spot.quad(size, self.share, patch.aspect)], size, self.share, patch.size)
        _draw(out, Sizes.of(patch.pixels, patch.mask), quads, SceneLight())
        return out

    def loaded(self) -> Patch:
        """The patch itself.

        Raises
        ------
        ConfigError : none is named.
        PatchError : it cannot be read.
        """
        if not self.patch:
            raise ConfigError(
                "patch = '': attack patch needs one: write --attack patch:FILE, or patch:NAME of those that "
                f"come with camdrift ({', '.join(made_names())})"
            )
        return load(self.patch)


@dataclass(slots=True)
class Wearing:
    """One patch on one stream.

    Attributes
    ----------
    patch : what hangs.
    place : where.
    share : of the frame that all copies together may cover.
    """

    patch: Patch
    place: Placing
    share: float
    _sizes: Sizes = field(init=False, repr=False)
    _light: SceneLight = field(default_factory=SceneLight, repr=False)
    _anchors: Anchors = field(default_factory=Anchors, repr=False)
    _plane: PlaneFollower | None = field(default=None, repr=False)
    _last: tuple[int, tuple[int, int]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._sizes = Sizes.of(self.patch.pixels, self.patch.mask)

    @property
    def needs_gradient(self) -> bool:
        """Never."""
        return False

    def perturb(self, frame: Frame, view: Objective) -> Perturbed:
        """The frame with the patch in it; its own pixels where there is nothing to hang it at."""
        if self._last is None or frame.index <= self._last[0] or frame.size != self._last[1]:
            self._begin()
        self._last = frame.index, frame.size
        quads = self.quads(frame, view.clean)
        if not quads:
            return Perturbed(frame.pixels, attacked=False)
        out = frame.pixels.copy()
        painted = _draw(out, self._sizes, quads, self._light)
        return Perturbed(out, attacked=view.applies and painted > 0)

    def quads(self, frame: Frame, clean: sv.Detections) -> list[Quad]:
        """Where it hangs in this frame; `clean` are the objects of the frame as it came."""
        place, aspect = self.place, self.patch.aspect
        if isinstance(place, Spot):
            hung = [place.quad(frame.size, self.share, aspect)]
        elif isinstance(place, Beside):
            boxes = self._anchors.update(chosen(clean, self.patch.facts.victims), frame.size)
            hung = [place.quad(box, aspect) for box in boxes]
        else:
            hung = self._on_plane(place, frame)
        return fitted(hung, frame.size, self.share, self.patch.size)

    def _on_plane(self, place: Plane, frame: Frame) -> list[Quad]:
        if self._plane is None:
            self._plane = PlaneFollower(place.quad(frame.size))
        quad = self._plane.update(frame.pixels)
        return [] if quad is None else [quad]

    def _begin(self) -> None:
        self._light.forget()
        self._anchors.forget()
        self._plane = None


def chosen(found: sv.Detections, classes: tuple[str, ...]) -> sv.Detections:
    """The objects of some classes; of all, where none is named."""
    if not classes or not len(found):
        return found
    wanted = np.isin(found.data["class_name"], classes)
    kept = found[wanted]
    assert isinstance(kept, sv.Detections)
    return kept


def wearing(attack: Attack, budget: Budget, seed: int, stream: int) -> Perturber:
    """The catalogue's lift; the budget is the patch's own, and nothing is drawn by chance.

    Raises
    ------
    ConfigError : no patch is named, or its place cannot be read.
    PatchError : it cannot be read.
    """
    del budget, seed, stream
    assert isinstance(attack, WearPatch)
    patch = attack.loaded()
    return Wearing(patch, parse_placing(attack.at or patch.facts.place), attack.share)


def _draw(out: Pixels, sizes: Sizes, quads: list[Quad], light: SceneLight) -> int:
    gain, lift = light.at(out, quads)
    return sum(drawn(out, sizes, quad, gain, lift) for quad in quads)
