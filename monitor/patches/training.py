"""A patch trained by gradients, over what print, place, light and camera may do to it (EOT).

Expectation over transformation (Athalye et al. 2018), for detectors as in DPatch (Liu et al. 2019) and Thys
et al. (2019): frames of real sources, the patch drawn into each under a look of its own, the loss of the goal
on the detector's logits, Adam (Kingma, Ba 2015) on the patch's colours.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from models.detector import WhiteBoxDetector, to_tensor
from monitor.arrays import Pixels
from monitor.goals import Aim, Goal
from monitor.losses import Owned, owned_candidates
from monitor.patches.differentiable import drawn
from monitor.patches.looks import Looks
from monitor.patches.pictures import Picture
from monitor.patches.placing import Beside, Placing, Spot, fitted
from monitor.patches.quads import Quad
from monitor.patches.state import State, restore, save
from monitor.patches.terms import patch_loss, total_variation, unprintable


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train.

    Attributes
    ----------
    steps : in all.
    batch : frames a step, each with a look of its own.
    rate : Adam's step size in [0, 1], falling along half a cosine to a twentieth.
    smooth : weight of the total variation.
    print_weight : weight of the colours that cannot be printed.
    save_every : steps between checkpoints.
    looks : what the transformations are drawn from.
    """

    steps: int = 1000
    batch: int = 4
    rate: float = 0.03
    smooth: float = 0.3
    print_weight: float = 0.1
    save_every: int = 50
    looks: Looks = field(default_factory=Looks)

    def rate_at(self, step: int) -> float:
        """The step size."""
        return self.rate * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / self.steps)))


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is trained, against whom.

    Attributes
    ----------
    detector : the model.
    aim : what is wanted of it.
    place : where the patch hangs.
    share : of the frame that all its copies may cover.
    threshold : score from which a detection counts.
    mask : uint8 (h, w), 255 where the patch shows; its size is the patch's.
    words : what else a training is told by, such as its sources: the checkpoint of another is refused.
    """

    detector: WhiteBoxDetector
    aim: Aim
    place: Placing
    share: float
    threshold: float
    mask: npt.NDArray[np.uint8]
    words: str = ""

    @property
    def aspect(self) -> float:
        """Width over height of the patch."""
        return float(self.mask.shape[1] / self.mask.shape[0])

    @property
    def bar(self) -> float:
        """The logit from which a detection counts."""
        return math.log(self.threshold / (1 - self.threshold))


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands.

    Attributes
    ----------
    step, steps : done, and in all.
    loss : of the goal, mean over a victim, since the last report.
    """

    step: int
    steps: int
    loss: float


def train(
    task: Task,
    pictures: Sequence[Picture],
    plan: Plan,
    seed: int,
    checkpoint: Path | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Pixels:
    """Train, from the checkpoint on if there is one; the patch's colours, uint8 BGR (h, w, 3).

    What is drawn in a step is a function of the seed and the step alone, so that a training that was stopped
    and goes on ends in the same patch, bit for bit, as one that was not.

    Parameters
    ----------
    progress : called after every step; what it raises ends the training, with the last checkpoint left.

    Raises
    ------
    PatchError : the checkpoint is of another training.
    """
    height, width = task.mask.shape
    start = np.random.default_rng((seed, 0)).normal(0.5, 0.05, (3, height, width))
    colours = torch.tensor(start, dtype=torch.float32).clamp_(0, 1).requires_grad_(True)
    optimiser = torch.optim.Adam([colours], lr=plan.rate)
    state = State(colours, optimiser)
    mask = torch.from_numpy(task.mask.astype(np.float32))[None] / 255
    owners = _Owners(task, pictures)
    told = told_by(task, plan, seed)
    step = restore(checkpoint, state, told) if checkpoint else 0
    while step < plan.steps:
        for group in optimiser.param_groups:
            group["lr"] = plan.rate_at(step)
        loss = _step(task, pictures, owners, plan, state, mask, (seed, 1, step))
        step += 1
        if checkpoint and (step % plan.save_every == 0 or step == plan.steps):
            save(checkpoint, state, step, told)
        progress(Progress(step, plan.steps, loss))
    levels: Pixels = (colours.detach().permute(1, 2, 0).numpy() * 255 + 0.5).astype(np.uint8)
    return levels


def told_by(task: Task, plan: Plan, seed: int) -> str:
    """What must be the same for a training to go on from a checkpoint."""
    mask = hashlib.sha256(task.mask.tobytes()).hexdigest()[:12]
    against = (task.detector.name, task.aim, task.place, task.share, task.threshold, task.words)
    return repr((seed, plan, task.mask.shape, mask, against))


def hung(task: Task, picture: Picture) -> list[Quad]:
    """Where the copies of the patch hang in a picture, before a look moves them."""
    if isinstance(task.place, Beside):
        boxes = picture.victims.xyxy.astype(np.float64)
        quads = [task.place.quad((b[0], b[1], b[2], b[3]), task.aspect) for b in boxes]
    elif isinstance(task.place, Spot):
        quads = [task.place.quad(picture.size, task.share, task.aspect)]
    else:
        quads = [task.place.quad(picture.size)]
    return fitted(quads, picture.size, task.share, task.mask.shape[::-1])


def _step(
    task: Task,
    pictures: Sequence[Picture],
    owners: _Owners,
    plan: Plan,
    state: State,
    mask: torch.Tensor,
    drawn_by: tuple[int, ...],
) -> float:
    """One step of the optimiser; the goal's loss, mean over the frames of the batch."""
    state.optimiser.zero_grad(set_to_none=True)
    colours = state.colours
    total = 0.0
    for i in range(plan.batch):
        rng = np.random.default_rng((*drawn_by, i))
        at = int(rng.integers(len(pictures)))
        frame = to_tensor(pictures[at].pixels)
        for quad in hung(task, pictures[at]):
            frame = drawn(frame, colours, mask, quad, plan.looks.draw(rng))
        if not frame.requires_grad:  # every copy hangs outside of the frame
            continue
        aim, owned = owners.of(at)
        loss = patch_loss(aim, task.detector.forward(frame), owned, task.bar) / plan.batch
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    beside = plan.smooth * total_variation(colours) + plan.print_weight * unprintable(colours)
    beside.backward()  # type: ignore[no-untyped-call]
    state.optimiser.step()
    with torch.no_grad():
        colours.clamp_(0, 1)
    return total


class _Owners:
    """Which candidates are the victims' in each picture; asked once a picture, where candidates are fixed."""

    def __init__(self, task: Task, pictures: Sequence[Picture]) -> None:
        self._task, self._pictures = task, pictures
        self._known: dict[int, tuple[Aim, Owned]] = {}

    def of(self, at: int) -> tuple[Aim, Owned]:
        """The aim in that picture, and the owners with the victims alone."""
        if at not in self._known:
            self._known[at] = self._asked(self._pictures[at])
        return self._known[at]

    def _asked(self, picture: Picture) -> tuple[Aim, Owned]:
        aim = self._task.aim
        if aim.goal is Goal.FABRICATE:
            aim = replace(aim, region=tuple(_reach(quad) for quad in hung(self._task, picture)))
        with torch.inference_mode():
            candidates = self._task.detector.forward(to_tensor(picture.pixels))
        owned = owned_candidates(candidates, picture.clean, aim.region)
        wanted = {tuple(box) for box in picture.victims.xyxy.tolist()}
        mine = [i for i, box in enumerate(picture.clean.xyxy.tolist()) if tuple(box) in wanted]
        victims = Owned(
            tuple(owned.by_object[i].clone() for i in mine),
            tuple(owned.labels[i] for i in mine),
            owned.free.clone(),
            owned.wanted.clone(),
        )
        return aim, victims


def _reach(quad: Quad) -> tuple[float, float, float, float]:
    """The box round a quad, in which something is to appear."""
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
