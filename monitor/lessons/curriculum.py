"""The lessons by name, and which sliders each of them has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monitor.lessons.desk import Desk
from monitor.lessons.fgsm import Fgsm, fgsm
from monitor.lessons.linear import Linear, linear
from monitor.lessons.masking import Masking, masking
from monitor.lessons.nearest import Nearest, nearest
from monitor.lessons.norms import Norms, norms
from monitor.lessons.patch import Patch, patch
from monitor.lessons.pgd import Pgd, pgd
from monitor.lessons.threat import Threat, threat
from monitor.lessons.training import Training, training

Result = Norms | Nearest | Fgsm | Pgd | Patch | Threat | Masking | Linear | Training
"""What a lesson shows."""


class Lesson(StrEnum):
    """The lessons, in the order of a lecture."""

    NORMS = "Distances"
    NEAREST = "Nearest frame"
    FGSM = "FGSM"
    PGD = "PGD"
    PATCH = "Patch and pixel"
    THREAT = "White and black box"
    MASKING = "Gradient masking"
    LINEAR = "Why it happens"
    TRAINING = "Adversarial training"


@dataclass(frozen=True, slots=True)
class Amount:
    """A lesson's own slider.

    Attributes
    ----------
    label, info : its name with the unit, and what it does.
    least, most, usual : whole numbers.
    """

    label: str
    info: str
    least: int
    most: int
    usual: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A lesson.

    Attributes
    ----------
    work : desk -> what it shows, once or as it grows.
    amount : its own slider; None: it has none.
    any_norm : the norm can be chosen; else Linf holds.
    eps : it has the slider of eps.
    at_pixel : what it works out hangs on the pixel, and is worked out anew for another.
    """

    work: Callable[[Desk], Iterator[Result]]
    amount: Amount | None = None
    any_norm: bool = False
    eps: bool = True
    at_pixel: bool = False


PLANS: Final[Mapping[Lesson, Plan]] = {
    Lesson.NORMS: Plan(norms, any_norm=True),
    Lesson.NEAREST: Plan(
        nearest,
        Amount("steps", "of the search, FMN; more of them find nearer frames", 10, 100, 20),
        any_norm=True,
        eps=False,
    ),
    Lesson.FGSM: Plan(fgsm),
    Lesson.PGD: Plan(pgd, Amount("steps", "each of one forward and one backward", 1, 20, 10)),
    Lesson.PATCH: Plan(
        patch,
        Amount(
            "side [pixels]", "of the square round the pixel; 1 is the one-pixel attack", 1, 96, 32
        ),
        eps=False,
        at_pixel=True,
    ),
    Lesson.THREAT: Plan(
        threat,
        Amount("queries", "that an attacker without gradients may ask", 20, 500, 60),
        at_pixel=True,
    ),
    Lesson.MASKING: Plan(
        masking, Amount("grey levels", "that the defence leaves of the 256", 2, 64, 16)
    ),
    Lesson.LINEAR: Plan(linear),
    Lesson.TRAINING: Plan(
        training, Amount("steps", "of training on this one frame, by Adam", 1, 20, 6)
    ),
}
