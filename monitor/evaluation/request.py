"""What is asked, checked and written down before the first frame: suite, clips, models, folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from models.detector import Detector
from models.zoo import weights_sha256
from monitor.assembly import build_pipeline, load_detector
from monitor.config import Settings
from monitor.errors import ConfigError, RunError
from monitor.evaluation.clips import Clip, Probed, find_clips, probe
from monitor.evaluation.media import Failed
from monitor.evaluation.opened import KIND, MANIFEST, SCHEMA, Evaluation
from monitor.evaluation.storage import Storage
from monitor.evaluation.suite import (
    Condition,
    Suite,
    conditions,
)
from monitor.runs.manifest import config_tree, machine, versions, without_secrets
from monitor.runs.manifest import git_state as state_of_git
from monitor.runs.writer import reserve, slug
from streams.naming import is_url

_OPENED_AT_ONCE: Final = 4

_SAME: Final = ("versions", "weights", "git")
"""What must not have changed while a run was broken off, for its halves to be one run."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Prepared:
    """A run that can begin, or go on.

    Attributes
    ----------
    suite : what is asked.
    conditions : its cells.
    clips : those that can be read, with the frames that each is said to have, None where nobody knows.
    unreadable : {"name", "reason"} of the others.
    storage : the run's folder.
    manifest : what stands in it.
    shard_frames : frames a shard.
    most_frames : of a clip, at most; 0: all.
    class_names : model -> class id -> name.
    now : the wall clock, aware; injected for tests.
    """

    suite: Suite
    conditions: tuple[Condition, ...]
    clips: tuple[tuple[Clip, int | None], ...]
    unreadable: tuple[Mapping[str, str], ...]
    most_frames: int
    class_names: Mapping[str, Sequence[str]]
    storage: Storage = field(default_factory=lambda: Storage(""))
    manifest: dict[str, Any] = field(default_factory=dict)
    shard_frames: int = 0
    now: Callable[[], datetime] = _utc_now
    _detectors: dict[str, Detector] = field(default_factory=dict)

    def detectors(self) -> dict[str, Detector]:
        """Model -> the model, each loaded once."""
        for one in self.conditions:
            if one.model not in self._detectors:
                self._detectors[one.model] = load_detector(one.settings)
        return self._detectors


def prepare(
    paths: Sequence[str], suite: Suite, base: Settings, *, truth: str | None = None
) -> Prepared:
    """Check all that can be checked before anything runs; nothing is written yet.

    Parameters
    ----------
    paths : files, folders, globs, scenes, URLs; none: the suite's own.
    suite : checked.
    base : config.toml and the command line.
    truth : see `find_clips`.

    Raises
    ------
    ConfigError : a path that names nothing, a condition that does not work, no clips at all.
    ModelError : a model that cannot be loaded or attacked so.
    """
    cells = conditions(suite, base)
    wanted = tuple(paths) or suite.paths
    if not wanted:
        raise ConfigError(
            f"suite {suite.name}: no clips: it names none itself; give files, folders or scenes"
        )
    most = cells[0].settings.run.frames
    found, failed = find_clips(wanted, truth=truth, scene_seeds=suite.scene_seeds, frames=most)
    made = Prepared(suite, cells, (), (), most, {})
    detectors = made.detectors()
    for one in cells:
        try:
            build_pipeline(one.settings, detectors[one.model])
        except ConfigError as error:
            raise ConfigError(f"suite {suite.name}: {one.name}: {error}") from None
    made.class_names = {model: tuple(held.class_names) for model, held in detectors.items()}
    clips: list[tuple[Clip, int | None]] = []
    # Opening a file is mostly waiting: of 10,000 clips one by one some minutes.
    with ThreadPoolExecutor(_OPENED_AT_ONCE) as pool:
        probed = list(pool.map(_probed, found))
    for clip, seen in zip(found, probed, strict=True):
        if seen is not None and not isinstance(seen, Probed):
            failed.append(seen)
            continue
        count = None if seen is None else seen.frames
        clips.append((clip, count if not most else most if count is None else min(count, most)))
    if not clips:
        reason = failed[0].reason if failed else "there was none"
        raise RunError(f"not one clip can be read: {reason}")
    made.clips = tuple(clips)
    made.unreadable = tuple({"name": one.name, "reason": one.reason} for one in failed)
    return made


def begin(
    prepared: Prepared,
    base: Settings,
    *,
    paths: Sequence[str],
    truth: str | None,
    shard_frames: int,
    command: Sequence[str] = (),
) -> Prepared:
    """Make the run folder and write the manifest into it.

    Raises
    ------
    RunError : the folder cannot be made.
    """
    started = prepared.now()
    root = base.run.runs
    name = f"{started:%Y%m%dT%H%M%SZ}-{slug(prepared.suite.name + '.')}"
    if "://" in root and not root.startswith("file://"):
        storage = Storage(f"{root.rstrip('/')}/{name}")
    else:
        storage = Storage(str(reserve(Path(root.removeprefix("file://")), name)))
    prepared.storage, prepared.shard_frames = storage, shard_frames
    config = config_tree(prepared.conditions[0].settings, "clips")
    prepared.manifest = {
        "kind": KIND,
        "schema": SCHEMA,
        "status": "running",
        "name": storage.name.removesuffix(".partial"),
        "started_utc": started.isoformat(timespec="seconds"),
        "finished_utc": None,
        "suite": prepared.suite.model_dump(mode="json"),
        "paths": [str(path) for path in paths],
        "truth": truth,
        "frames": prepared.most_frames,
        "shard_frames": shard_frames,
        "settings": config,
        "base": config_tree(base, "clips"),
        "classes": {model: list(names) for model, names in prepared.class_names.items()},
        "weights": {model: weights_sha256(model) for model in prepared.class_names},
        "clips": [_told(clip, frames) for clip, frames in prepared.clips],
        "failed": list(prepared.unreadable),
        "seed": prepared.conditions[0].settings.run.seed,
        "command": without_secrets(command),
        "versions": versions(),
        "machine": machine(),
        "git": state_of_git(),
    }
    storage.write_json(MANIFEST, prepared.manifest)
    return prepared


def resumed(url: str) -> Prepared:
    """A run that was broken off, ready to go on.

    Raises
    ------
    RunError : no such run, or something that its numbers depend on has changed since: the code, a package, a
        model, a clip.
    """
    run = Evaluation.open(url, unfinished=True)
    manifest = run.manifest
    try:
        suite = Suite.model_validate(manifest["suite"])
        base = Settings.model_validate(manifest["base"])
    except (ValidationError, KeyError) as error:
        raise RunError(f"{url}/{MANIFEST}: damaged: {str(error).splitlines()[0]}") from error
    if manifest["status"] == "finished":  # all but its name, perhaps
        return Prepared(suite, (), (), (), 0, {}, run.storage, manifest)
    made = prepare(manifest["paths"], suite, base, truth=manifest["truth"])
    now = {
        "versions": versions(),
        "weights": {model: weights_sha256(model) for model in made.class_names},
        "git": state_of_git(),
    }
    for what in _SAME:
        if now[what] != manifest[what]:
            raise RunError(
                f"{url}: cannot go on: {what} are not those it began with "
                f"({_difference(manifest[what], now[what])}); begin a new run"
            )
    names = [_told(clip, frames) for clip, frames in made.clips]
    if names != manifest["clips"]:
        changed = next(
            (a["name"] for a, b in zip(manifest["clips"], names, strict=False) if a != b),
            "their number",
        )
        raise RunError(
            f"{url}: cannot go on: its clips are not those it began with ({changed}); go back to the folder "
            "where it began and put them back, or begin a new run"
        )
    made.storage, made.manifest = run.storage, manifest
    made.shard_frames = int(manifest["shard_frames"])
    return made


def _probed(clip: Clip) -> Probed | Failed | None:
    """What a clip states of itself; None where it would have to be fetched for it: it is taken whole then."""
    return probe(clip) if clip.spec else None


def _told(clip: Clip, frames: int | None) -> dict[str, Any]:
    return {
        "name": clip.name,
        "number": clip.number,
        "path": "" if is_url(clip.url) else clip.url,
        "bytes": clip.size,
        "truth": clip.truth_name,
        "frames": frames,
        "seed": clip.seed,
        "sha256": "",
    }


def _difference(was: object, now: object) -> str:
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in sorted({*was, *now}, key=str):
            if was.get(key) != now.get(key):
                return f"{key}: {was.get(key)} then, {now.get(key)} now"
    return f"{was} then, {now} now"
