"""Training: it learns, it resumes bit for bit, it refuses what is not its own, and it is judged fairly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from models.centerface import CenterFace
from monitor.errors import PatchError
from monitor.goals import Aim, Goal
from monitor.patches.judging import judge
from monitor.patches.looks import PLAIN, Looks
from monitor.patches.patch import Facts, Patch, controls, load
from monitor.patches.pictures import Picture, Wanted, looked_at
from monitor.patches.placing import parse_placing
from monitor.patches.training import Plan, Progress, Task, hung, train
from streams.frame import Frame

WANTED = Wanted(width=160, threshold=0.5)
SIDE = 24


class Stopped(Exception):
    """What a progress callback raises."""


@pytest.fixture
def task(faces: CenterFace) -> Task:
    mask = np.full((SIDE, SIDE), 255, np.uint8)
    return Task(faces, Aim(Goal.VANISH), parse_placing("on:0.5"), 0.05, 0.5, mask)


@pytest.fixture
def pictures(faces: CenterFace, portrait: np.ndarray) -> list[Picture]:
    turned = np.ascontiguousarray(portrait[:, ::-1])
    frames = (Frame(pixels, i, None, 0.0, "still") for i, pixels in enumerate((portrait, turned)))
    found = [looked_at(frame, faces, WANTED) for frame in frames]
    assert all(len(picture.victims) == 1 for picture in found)
    return found


def patch_of(task: Task, pixels: np.ndarray) -> Patch:
    facts = Facts(model="faces", goal=task.aim.goal, place="on:0.5", share=task.share)
    return Patch(pixels, task.mask, facts)


def test_what_is_learnt_hides_faces_and_what_nobody_trained_does_not(
    task: Task, pictures: list[Picture]
) -> None:
    losses: list[float] = []
    plan = Plan(steps=60, batch=2, rate=0.1)
    pixels = train(task, pictures, plan, 0, progress=lambda now: losses.append(now.loss))
    assert len(losses) == plan.steps
    assert np.mean(losses[-10:]) < 0.75 * np.mean(losses[:5])
    patch = patch_of(task, pixels)
    many = pictures * 8

    def share(one: Patch) -> float:
        return judge(task, one, many, Looks().draw, seed=1).share

    trained, others = share(patch), [share(one) for _, one in controls(patch)]
    assert trained >= 0.5
    assert trained >= 2 * max(others)


def test_a_training_that_was_stopped_ends_in_the_same_patch(
    task: Task, pictures: list[Picture], tmp_path: Path
) -> None:
    plan = Plan(steps=12, batch=1, save_every=5)
    unbroken = train(task, pictures, plan, 3)

    def stop(now: Progress) -> None:
        if now.step == 8:  # three steps after the last checkpoint
            raise Stopped

    checkpoint = tmp_path / "a.training.pt"
    with pytest.raises(Stopped):
        train(task, pictures, plan, 3, checkpoint, stop)
    steps: list[int] = []
    resumed = train(task, pictures, plan, 3, checkpoint, lambda now: steps.append(now.step))
    assert steps == list(range(6, 13))
    assert np.array_equal(resumed, unbroken)
    assert not np.array_equal(unbroken, train(task, pictures, plan, 4))


@pytest.mark.parametrize("changes", [{"rate": 0.2}, {"steps": 13}, {"looks": Looks(roll=2.0)}])
def test_another_trainings_checkpoint_is_refused(
    changes: dict[str, object], task: Task, pictures: list[Picture], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "a.training.pt"
    plan = Plan(steps=2, batch=1, save_every=1)
    train(task, pictures, plan, 0, checkpoint)
    with pytest.raises(PatchError, match="with other settings"):
        train(task, pictures, replace(plan, **changes), 0, checkpoint)  # type: ignore[arg-type]
    with pytest.raises(PatchError, match="with other settings"):
        train(task, pictures, plan, 1, checkpoint)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 cut"])
def test_a_damaged_checkpoint_is_refused(
    content: bytes, task: Task, pictures: list[Picture], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "a.training.pt"
    checkpoint.write_bytes(content)
    with pytest.raises(PatchError, match="not a checkpoint of a patch"):
        train(task, pictures, Plan(steps=1), 0, checkpoint)


def test_holes_of_the_mask_are_not_trained_and_stickers_are(
    task: Task, pictures: list[Picture]
) -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[4:10] = 255
    plan = Plan(steps=3, batch=1, smooth=0, print_weight=0)
    other = replace(task, mask=mask)
    learnt = train(other, pictures, plan, 0).astype(int)
    start = train(other, pictures, replace(plan, rate=1e-9), 0).astype(int)
    moved = np.abs(learnt - start).max(axis=2)
    assert moved[5:9].max() > 5
    assert moved[:3].max() <= 1  # the rows beside the mask are mixed in where the patch is halved
    assert moved[12:].max() <= 1


def test_smoothness_has_its_weight(task: Task, pictures: list[Picture]) -> None:
    def rough(smooth: float) -> float:
        plan = Plan(steps=25, batch=1, rate=0.05, smooth=smooth, print_weight=0)
        pixels = train(task, pictures, plan, 0).astype(float)
        return float(np.abs(np.diff(pixels, axis=0)).mean())

    assert rough(20.0) < 0.5 * rough(0.0)


def test_a_patch_that_covers_too_much_of_an_object_says_nothing_of_it(
    task: Task, pictures: list[Picture]
) -> None:
    grey = patch_of(task, np.full((SIDE, SIDE, 3), 128, np.uint8))
    score = judge(task, grey, pictures, lambda _: PLAIN, 0, most=0.2)
    assert (score.fell, score.of, score.hidden) == (0, 0, 2)
    assert score.share == 0
    beside = replace(task, place=parse_placing("below:0.5"))
    score = judge(beside, grey, pictures, lambda _: PLAIN, 0, most=0.2)
    assert (score.of, score.hidden) == (2, 0)


def test_where_something_is_to_appear_frames_are_counted(
    faces: CenterFace, task: Task, photograph: np.ndarray
) -> None:
    """A photograph of a face as the patch: held up, it is found as a face."""
    empty = np.full((160, 160, 3), 120, np.uint8)
    picture = looked_at(Frame(empty, 0, None, 0.0, "empty"), faces, WANTED)
    box = faces.detect(photograph, 0.5).xyxy[0].astype(int)
    head = photograph[max(box[1] - 20, 0) : box[3] + 20, box[0] - 25 : box[2] + 25]
    mask = np.full(head.shape[:2], 255, np.uint8)
    adding = replace(
        task, aim=Aim(Goal.FABRICATE), place=parse_placing("0.5,0.5"), share=0.5, mask=mask
    )
    held = Patch(np.ascontiguousarray(head), mask, load("face").facts)
    grey = dict(controls(held))["grey"]
    assert len(hung(adding, picture)) == 1
    assert judge(adding, held, [picture], lambda _: PLAIN, 0).share == 1
    assert judge(adding, grey, [picture], lambda _: PLAIN, 0).share == 0


def test_a_plan_can_be_written_down() -> None:
    plan = Plan(steps=7)
    assert plan.rate_at(0) == pytest.approx(plan.rate)
    assert plan.rate_at(7) == pytest.approx(plan.rate / 20)
    tree = asdict(plan)
    assert Plan(**{**tree, "looks": Looks(**tree["looks"])}) == plan
    assert isinstance(tree["looks"]["scale"], Sequence)
