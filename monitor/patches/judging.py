"""How often a patch does what it is for: on pictures and under looks that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import supervision as sv

from monitor.goals import Goal, labels
from monitor.pairing import pair
from monitor.patches.drawing import with_look
from monitor.patches.looks import Look
from monitor.patches.patch import Patch
from monitor.patches.pictures import Picture
from monitor.patches.quads import Quad, covered
from monitor.patches.training import Task, hung

IOU: Final = 0.5
"""Overlap from which two boxes are one object."""

Draw = Callable[[np.random.Generator], Look]


@dataclass(frozen=True, slots=True)
class Score:
    """What a patch did.

    Attributes
    ----------
    fell : objects that were lost or renamed; with a target, that took its name; frames in which
        something appeared, where that is the goal.
    of : how many were looked at.
    hidden : objects that were left out, for the patch lies over too much of them.
    """

    fell: int
    of: int
    hidden: int = 0

    @property
    def share(self) -> float:
        """0 to 1; 0 where there was nothing to look at."""
        return self.fell / self.of if self.of else 0.0


def judge(
    task: Task,
    patch: Patch,
    pictures: Sequence[Picture],
    draw: Draw,
    seed: int,
    most: float = 1.0,
) -> Score:
    """Hang a patch in every picture, each copy under a look of its own.

    Parameters
    ----------
    most : share of an object that a patch may lie over; an object that is covered more does not count.
    """
    fell = of = hidden = 0
    for i, picture in enumerate(pictures):
        rng = np.random.default_rng((seed, 2, i))
        shown, where = picture.pixels, []
        for quad in hung(task, picture):
            shown, moved = with_look(shown, patch, quad, draw(rng))
            where.append(moved)
        answer = task.detector.detect(shown, task.threshold)
        if task.aim.goal is Goal.FABRICATE:
            of += 1
            fell += _appeared(task, picture, answer)
            continue
        seen = _seen(picture.victims, where, most)
        hidden += int((~seen).sum())
        of += int(seen.sum())
        fell += int((seen & ~_kept(task, picture.victims, answer)).sum())
    return Score(fell, of, hidden)


def _seen(victims: sv.Detections, where: list[Quad], most: float) -> np.ndarray:
    """Which victims no patch lies over by more than that share, bool (n,)."""
    boxes = victims.xyxy.astype(float).tolist()
    return np.array([all(covered(q, tuple(box)) <= most for q in where) for box in boxes], bool)


def _kept(task: Task, victims: sv.Detections, answer: sv.Detections) -> np.ndarray:
    """Which victims did not fall, bool (n,)."""
    kept = np.ones(len(victims), bool)
    target = task.aim.target if task.aim.goal is Goal.MISLABEL else None
    if target is None:
        # One by one: whatever else stands there as well, the object is still found under its name.
        for i in range(len(victims)):
            same = answer[labels(answer) == labels(victims)[i]]
            assert isinstance(same, sv.Detections)
            one = victims[[i]]
            assert isinstance(one, sv.Detections)
            kept[i] = bool(pair(one, same, IOU))
        return kept
    for mine, theirs, _ in pair(victims, answer, IOU):
        kept[mine] = labels(answer)[theirs] != target
    return kept


def _appeared(task: Task, picture: Picture, answer: sv.Detections) -> bool:
    return task.aim.progress(picture.clean, answer, IOU)[0]
