"""`camdrift patch`: train one, print one, list those that come with camdrift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from rich.table import Table

from models.detector import Classifier, WhiteBoxDetector
from models.zoo import load_model
from monitor.aiming import build_aim
from monitor.attack_settings import AttackSettings
from monitor.commands.listing import filled
from monitor.errors import PatchError
from monitor.goals import Aim, Goal
from monitor.patches.judging import Score, judge
from monitor.patches.looks import Looks
from monitor.patches.masks import parse_mask
from monitor.patches.patch import LEAST, MOST, Facts, Patch, controls, load, made_names, save
from monitor.patches.pictures import Picture, Wanted, gather
from monitor.patches.placing import Plane, parse_placing
from monitor.patches.state import checked
from monitor.patches.training import Plan, Progress, Task, told_by, train

HELD_OUT = 5
"""Of the pictures of a source every so many-th stretch is kept from training, to judge the patch by."""

COLUMNS = ("patch", "made to", "against", "place", "held out", "trained on")


@dataclass(frozen=True, slots=True)
class Order:
    """What `camdrift patch train` was asked for, in its own words."""

    file: Path
    sources: Sequence[str]
    model: str
    goal: Goal
    target: str
    victims: tuple[str, ...]
    place: str
    share: float
    side: int
    mask: str
    frames: int
    width: int
    least: float
    threshold: float
    width_mm: float
    seed: int
    resume: bool
    anew: bool


Report = Callable[[str, int, int, str], None]
"""(what is done, how much of it, of how much, in words)."""


def train_patch(order: Order, plan: Plan, report: Report) -> tuple[Path, dict[str, Score]]:
    """Gather pictures, train, judge, save; (the PNG, the scores of the patch and of its controls).

    Raises
    ------
    MonitorError, ModelError, StreamError : a word, a model or a source that cannot be used.
    """
    checkpoint = order.file.with_name(order.file.stem + ".training.pt")
    _check_files(order, checkpoint)
    task = task_of(order)
    if checkpoint.exists():  # before the pictures are looked for, which takes minutes
        checked(checkpoint, told_by(task, plan, order.seed))
    known, unknown = _pictures(order, task, report)

    def progress(now: Progress) -> None:
        report("training", now.step, now.steps, f"loss {now.loss:.2f}")

    pixels = train(task, known, plan, order.seed, checkpoint, progress)
    facts = Facts(
        model=order.model,
        goal=order.goal,
        target=order.target,
        victims=order.victims,
        place=order.place,
        share=order.share,
        width_mm=order.width_mm,
        trained_on=tuple(order.sources),
        steps=plan.steps,
        seed=order.seed,
        looks=asdict(plan.looks),
    )
    patch = Patch(pixels, task.mask, facts)
    scores = scores_of(task, patch, unknown, plan.looks, order.seed)
    held_out = {name: round(score.share, 3) for name, score in scores.items()}
    held_out["of"] = scores["patch"].of
    file = order.file.with_suffix(".png")
    save(replace(patch, facts=facts.model_copy(update={"held_out": held_out})), file)
    return file, scores


def scores_of(
    task: Task, patch: Patch, pictures: Sequence[Picture], looks: Looks, seed: int
) -> dict[str, Score]:
    """What the patch does in pictures that it was not trained on, and what grey and random ones do."""
    contest = {"patch": patch, **dict(controls(patch, seed))}
    # Training draws from (seed, 1, ...), judging from (seed, 2, ...): no look is seen twice.
    return {
        name: judge(task, one, pictures, looks.draw, seed) if pictures else Score(0, 0)
        for name, one in contest.items()
    }


def task_of(order: Order) -> Task:
    """What is trained, against whom.

    Raises
    ------
    MonitorError, ModelError : a goal, a target, a class, a place or a model that does not go together.
    """
    detector = load_model(order.model)
    if not isinstance(detector, WhiteBoxDetector):
        raise PatchError(
            f"model {order.model} is black-box, and training needs gradients; use another"
        )
    if isinstance(detector, Classifier):
        raise PatchError(f"model {order.model} labels the whole frame; train against a detector")
    unknown = [name for name in order.victims if name not in detector.class_names]
    if unknown:
        raise PatchError(
            f"victims: model {order.model} has no class {unknown[0]!r}; it knows "
            f"{', '.join(detector.class_names)}"
        )
    words = AttackSettings(attack="pgd", goal=order.goal, target=order.target)
    aim: Aim = build_aim(words, detector)
    if not LEAST <= order.side <= MOST:
        raise PatchError(f"side = {order.side}: a patch has sides of {LEAST} to {MOST} pixels")
    place = parse_placing(order.place)
    if isinstance(place, Plane):
        raise PatchError(
            f"place = {order.place!r}: a plane is followed through one stream; train at a spot or at "
            "objects, and say patch_at when the patch is worn"
        )
    mask = parse_mask(order.mask, order.side, order.side)
    told = repr((order.sources, order.victims, order.frames, order.width, order.least))
    return Task(detector, aim, place, order.share, order.threshold, mask, told)


def export_patch(name: str, file: Path, width_mm: float | None) -> str:
    """Write the PDF; a line that says what was written.

    Raises
    ------
    PatchError : no such patch, or a size that cannot be printed.
    OSError : the file cannot be written.
    """
    from monitor.patches.sheet import write_sheet  # and with it reportlab

    made = write_sheet(load(name), file, Path(name).stem, width_mm)
    pages = "1 page" if made.pages == 1 else f"{made.pages} pages"
    return (
        f"{file}: {made.width_mm:g} x {made.height_mm:g} mm on {pages} of A4; print at 100 % and check "
        "the scale bar with a ruler"
    )


def patch_table() -> Table:
    """One row a patch that comes with camdrift."""
    rows: list[tuple[str, ...]] = []
    for name in made_names():
        facts = load(name).facts
        against = f"{facts.model}: {', '.join(facts.victims) or 'all'}"
        rows.append(
            (
                name,
                f"{facts.goal} {facts.target}".strip(),
                against,
                f"{facts.place}, at most {100 * facts.share:g} % of the frame",
                held_out_text(facts),
                ", ".join(facts.trained_on),
            )
        )
    caption = "held out: share that fell in pictures and looks kept from training; test material"
    return filled(COLUMNS, rows, caption)


def held_out_text(facts: Facts) -> str:
    """Like "0.81 (grey 0.04, random 0.05) of 163"; "-" where nothing was measured."""
    held = facts.held_out
    if not held.get("of"):
        return "-"
    beside = ", ".join(f"{name} {held[name]:.2f}" for name in ("grey", "random") if name in held)
    return f"{held['patch']:.2f} ({beside}) of {held['of']:g}"


def score_line(scores: dict[str, Score]) -> str:
    """What the patch and its controls did, in words."""
    patch = scores["patch"]
    if not patch.of:
        return "nothing to judge it by: too few pictures"
    beside = ", ".join(
        f"{name} {score.share:.2f}" for name, score in scores.items() if name != "patch"
    )
    return f"{patch.share:.2f} of {patch.of} fell ({beside})"


def _check_files(order: Order, checkpoint: Path) -> None:
    """Nothing that is there already is written over unasked."""
    if order.resume and order.anew:
        raise PatchError("--resume goes on and --anew begins again: give one of them")
    if order.file.suffix not in ("", ".png"):
        raise PatchError(f"{order.file}: a patch is saved as a PNG; name it like stop.png")
    if order.anew:
        checkpoint.unlink(missing_ok=True)
        return
    if checkpoint.exists() and not order.resume:
        raise PatchError(
            f"{checkpoint}: a training of that name is there; --resume goes on with it, --anew begins again"
        )
    if order.file.with_suffix(".png").exists() and not order.resume:
        raise PatchError(
            f"{order.file.with_suffix('.png')}: is there already; name another file, or give --anew"
        )
    if order.resume and not checkpoint.exists():
        raise PatchError(f"{checkpoint}: no such training to go on with; leave --resume out")


def _pictures(order: Order, task: Task, report: Report) -> tuple[list[Picture], list[Picture]]:
    """(pictures to train on, pictures to judge by)."""
    wanted = Wanted(
        order.width,
        order.threshold,
        order.victims,
        bare=order.goal is Goal.FABRICATE,
        least=order.least,
    )
    known: list[Picture] = []
    unknown: list[Picture] = []
    for spec in order.sources:

        def check(found: int, spec: str = spec) -> None:
            report(f"looking at {spec}", found, order.frames, "pictures")

        found = gather(spec, order.frames, order.seed, task.detector, wanted, check)
        # By stretches, for neighbours in a clip are nearly the same picture.
        stretches = np.array_split(np.arange(len(found)), min(2 * HELD_OUT, len(found)))
        for i, stretch in enumerate(stretches):
            (unknown if i % HELD_OUT == HELD_OUT - 1 else known).extend(found[j] for j in stretch)
    return known, unknown
