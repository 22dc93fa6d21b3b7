"""Adversarial training in small: a copy of the model is taught to hold this one frame against FGSM."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import supervision as sv
import torch
from torch import nn

from models.detector import WhiteBoxDetector, to_tensor
from monitor.arrays import Pixels
from monitor.asking import criteria_of
from monitor.attacks.iterate import Iterate
from monitor.distances import Budget
from monitor.goals import Aim, Criterion
from monitor.lessons.desk import Desk, Made, NothingToShow
from monitor.losses import owned_candidates

STEPS = 10
"""Of PGD."""

RATE = 3e-5
"""Adam's step size. At 1e-4 the answers of faces and signs to the clean frame were gone within ten steps, at
3e-4 the boxes of faces ran to infinity."""


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """What some steps of training came to.

    Attributes
    ----------
    clean, attacked : cross-entropy towards the attacker's goal (`monitor.criteria`) after every step, before
        the first one too; the attacker raises it, the learner lowers both.
    held : the goal was not met by FGSM on the copy, after every step.
    before, after : FGSM on the model as it is and on the copy at the end.
    harder_before, harder : PGD, likewise.
    found : objects that the copy finds in the clean frame, of those that the model finds.
    parameters : numbers that were taught.
    """

    clean: tuple[float, ...]
    attacked: tuple[float, ...]
    held: tuple[bool, ...]
    before: Made
    after: Made
    harder_before: Made
    harder: Made
    found: int
    parameters: int

    @property
    def made(self) -> Made:
        """What is to be seen: FGSM on the copy."""
        return self.after


def training(desk: Desk) -> Iterator[Training]:
    """The least over theta of the highest J in the ball (Madry et al. 2018, eq. 2.1), on one frame.

    The inner maximum is one step of FGSM (Goodfellow et al. 2015, section 6), the outer minimum `amount`
    steps of Adam on the sum of the clean and the attacked loss, fewer where the copy would lose the clean
    frame. One frame teaches nothing about any other.

    Raises
    ------
    NothingToShow : the model shows no parameters.
    """
    before = desk.driven("fgsm", desk.ask())
    pupil = _copy(desk.detector)
    networks = _networks(pupil)
    parameters = [p for network in networks for p in network.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    lesson = _Lesson(pupil, desk.pixels, before.clean, desk.aim, desk.threshold)
    adam = torch.optim.Adam(parameters, lr=RATE)
    clean, attacked, held = [], [], []
    known = [parameter.detach().clone() for parameter in parameters]
    for step in range(desk.amount + 1):
        desk.clock()
        moved = lesson.fgsm(desk.budget)
        first, still = lesson.loss(desk.pixels)
        second, answer = lesson.loss(moved)
        if desk.aim.progress(before.clean, still, desk.iou)[0]:
            _restore(parameters, known)  # the last step cost it the clean frame
            break
        clean.append(float(first.detach()))
        attacked.append(float(second.detach()))
        held.append(not desk.aim.progress(before.clean, answer, desk.iou)[0])
        if step < desk.amount:
            known = [parameter.detach().clone() for parameter in parameters]
            adam.zero_grad()
            (first + second).backward()  # type: ignore[no-untyped-call]
            adam.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    taught = replace(desk, detector=pupil)
    yield Training(
        clean=tuple(clean),
        attacked=tuple(attacked),
        held=tuple(held),
        before=before,
        after=taught.driven("fgsm", taught.ask()),
        harder_before=desk.driven("pgd", desk.ask(), steps=STEPS),
        harder=taught.driven("pgd", taught.ask(), steps=STEPS),
        found=len(pupil.detect(desk.pixels, desk.threshold)),
        parameters=sum(parameter.numel() for parameter in parameters),
    )


class _Lesson:
    """The loss of a model that changes, on one frame and on what the clean answer to it was.

    Parameters
    ----------
    pupil : the model that changes.
    clean : the frame.
    truth : the objects that it is to go on finding: y.
    """

    def __init__(
        self,
        pupil: WhiteBoxDetector,
        clean: Pixels,
        truth: sv.Detections,
        aim: Aim,
        threshold: float,
    ) -> None:
        self._pupil, self._clean, self._truth, self._aim = pupil, clean, truth, aim
        self._threshold = threshold
        self._bar = math.log(threshold / (1 - threshold))
        self._criteria = criteria_of(pupil)[0]

    def loss(self, pixels: Pixels) -> tuple[torch.Tensor, sv.Detections]:
        """(cross-entropy towards the goal, with its graph; the answer). The learner's: it saturates."""
        return self._loss(to_tensor(pixels), Criterion.CE)

    def fgsm(self, budget: Budget) -> Pixels:
        """One step of the whole budget against the model as it is now."""
        frames = to_tensor(self._clean).requires_grad_(True)
        value, _ = self._loss(frames, Criterion.GOAL)
        (slope,) = torch.autograd.grad(value, frames)
        uphill = slope[0].permute(1, 2, 0).contiguous().numpy()
        return Iterate(self._clean, budget).ascend(uphill, 1.0, whole=True)

    def _loss(
        self, frames: torch.Tensor, criterion: Criterion
    ) -> tuple[torch.Tensor, sv.Detections]:
        candidates = self._pupil.forward(frames)
        owned = owned_candidates(candidates, self._truth, self._aim.region)
        value = self._criteria[criterion](self._aim, candidates.logits[0], owned, self._bar)
        return value, self._pupil.decode(candidates, self._threshold)[0]


def _copy(detector: WhiteBoxDetector) -> WhiteBoxDetector:
    """A copy whose parameters are its own."""
    if not _networks(detector):
        raise NothingToShow(
            f"model {detector.name} shows no parameters to train: choose faces, signs or ball"
        )
    return copy.deepcopy(detector)


def _restore(parameters: Sequence[nn.Parameter], known: Sequence[torch.Tensor]) -> None:
    with torch.no_grad():
        for parameter, before in zip(parameters, known, strict=True):
            parameter.copy_(before)


def _networks(detector: WhiteBoxDetector) -> list[nn.Module]:
    """The networks that hold its parameters; see `models.facts`."""
    return [value for value in vars(detector).values() if isinstance(value, nn.Module)]
