"""The worst frames of an evaluation, worked out once more to be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.detector import Detector
from monitor.assembly import build_pipeline
from monitor.evaluation.clips import Clip, fetched
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.suite import Condition
from monitor.evaluation.worker import READ_TIMEOUT
from monitor.pipeline import Observation
from monitor.runs.worst import draw, encoded
from monitor.threads import work_on
from streams.opening import open_source

MOST: Final = 6
"""Frames that are shown."""

FOLDER: Final = "worst"


def write_worst(
    run: Evaluation,
    clips: Mapping[int, Clip],
    conditions: Sequence[Condition],
    detectors: Mapping[str, Detector],
    cache: Path,
) -> list[dict[str, Any]]:
    """Draw the worst frames into the run folder, and tell of each.

    At most one of a clip and condition, so that they are not neighbours; of those that lost as much the
    smallest budgets first. Conditions that carry something from frame to frame are left out: a frame of
    theirs cannot be had without all those before it.

    Raises
    ------
    StreamError, ModelError, MonitorError : a clip or a model that was there is gone.
    """
    told = []
    for number, (clip, condition, index) in enumerate(_chosen(run, conditions)):
        seen = _again(clips[clip], conditions[condition], detectors, index, cache)
        if seen is None:
            continue
        names = detectors[conditions[condition].model].class_names
        amplify = conditions[condition].settings.panel.amplify
        row: dict[str, Any] = {
            "clip": clip,
            "clip_name": clips[clip].name,
            "condition": condition,
            "condition_name": conditions[condition].name,
            "frame": index,
            "caption": _caption(seen),
            "amplified": amplify,
        }
        for kind, picture in draw(seen, names, amplify).items():
            row[kind] = f"{FOLDER}/{number:02d}-{kind}.png"
            run.storage.write(row[kind], encoded(picture))
        told.append(row)
    return told


def _chosen(run: Evaluation, conditions: Sequence[Condition]) -> Iterator[tuple[int, int, int]]:
    """(clip, condition, frame), the worst first."""
    columns = [
        "clip",
        "condition",
        "index",
        "missed",
        "relabelled",
        "fabricated",
        "linf",
        "success",
    ]
    table = run.table("frames", columns)
    values = {name: table[name].to_numpy(zero_copy_only=False) for name in columns[:-1]}
    free = np.array([not one.carried for one in conditions])
    harm = 2 * (values["missed"] + values["relabelled"]) + values["fabricated"]
    harm = np.where(free[values["condition"]], harm, 0)
    order = np.lexsort((values["index"], values["clip"], values["linf"], -harm))
    taken: set[tuple[int, int]] = set()
    clips: dict[int, int] = {}
    for at in order:
        if harm[at] <= 0 or len(taken) >= MOST:
            return
        clip, condition = int(values["clip"][at]), int(values["condition"][at])
        # Of one clip half of them at most, where there are others.
        if (clip, condition) in taken or (clips.get(clip, 0) >= MOST // 2 and _several(run)):
            continue
        taken.add((clip, condition))
        clips[clip] = clips.get(clip, 0) + 1
        yield clip, condition, int(values["index"][at])


def _several(run: Evaluation) -> bool:
    """Whether there is more than one clip to choose from."""
    return len(run.manifest.get("clips", ())) > 1


def _again(
    clip: Clip,
    condition: Condition,
    detectors: Mapping[str, Detector],
    index: int,
    cache: Path,
) -> Observation | None:
    work_on(condition.settings.detector.threads)
    pipeline = build_pipeline(condition.settings, detectors[condition.model], clip.stream)
    with open_source(fetched(clip, cache), seed=clip.seed) as source:
        while (frame := source.read(READ_TIMEOUT)) is not None:
            if frame.index == index:
                return pipeline.observe(frame)
    return None


def _caption(seen: Observation) -> str:
    counted = [
        (seen.drift.clean_count, "found in the clean frame"),
        *(
            (sum(str(thing.outcome) == word for thing in seen.drift.objects), word)
            for word in ("missed", "relabelled", "fabricated")
        ),
    ]
    return ", ".join(f"{count} {word}" for count, word in counted if count)
