"""What of a run is still as its manifest says: files, inputs, weights, settings, code and packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from models.errors import ModelError
from models.zoo import ZOO, load_model, weights_sha256
from monitor.evaluation.clips import Clip
from monitor.evaluation.hashes import (
    CONFIG,
    PARTS,
    SEAL,
    WORST,
    config_sha256,
    evidence,
    manifest_sha256,
    sha256_of,
    sha256_of_url,
)
from monitor.evaluation.opened import Evaluation
from monitor.runs import Run
from monitor.runs.manifest import git_state, sha256_of_file, sha256_of_tree, versions
from streams.naming import is_url
from streams.opening import PHOTO_PREFIX, SCENE_PREFIX, input_file

Tree = Mapping[str, Any]


class Level(StrEnum):
    """What a check came to."""

    OK = "ok"
    CHANGED = "changed"
    MISSING = "missing"
    """A file of the run is gone."""
    NOT_THERE = "not there"
    """An input or weights are not where they were; nothing says that they were changed."""
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what : a file, "seal of the manifest", "input NAME", "weights of MODEL", "settings", "camdrift", ...
    expected : as the manifest has it; empty where it has nothing.
    found : as it is now.
    level : what that comes to.
    """

    what: str
    expected: str
    found: str
    level: Level


_FAILS: Final = (Level.CHANGED, Level.MISSING)
_NOTHING: Final = "nothing was written down"


def verify(run: Evaluation | Run) -> list[Finding]:
    """Recompute what the manifest says, in the order files, settings, inputs, weights, code, packages.

    Raises
    ------
    RunError : a file of the run is there and cannot be read.
    """
    manifest: Tree = run.manifest
    parts: Iterator[Finding]
    if isinstance(run, Evaluation):
        parts = iter([*_files(run), *_seal(manifest)])
        config, inputs = config_sha256(manifest), _clips(manifest)
        weights = manifest.get("weights") or {}
    else:
        parts = iter([Finding("files of the run", "", _NOTHING, Level.NOT_CHECKED)])
        config, inputs = sha256_of_tree(_tree(manifest.get("config"))), _input(manifest)
        held = _tree(manifest.get("weights"))
        weights = {held["model"]: held.get("sha256")} if "model" in held else {}
    return [
        *parts,
        _same("settings", manifest.get(CONFIG), config),
        *inputs,
        *(_weights(str(model), sha256) for model, sha256 in weights.items()),
        *_code(manifest),
    ]


def exit_code(findings: Sequence[Finding]) -> int:
    """0 where nothing was changed, 1 where something was or a file of the run is gone."""
    return int(any(one.level in _FAILS for one in findings))


def _same(what: str, expected: Any, found: str) -> Finding:
    if not expected:
        return Finding(what, "", _NOTHING, Level.NOT_CHECKED)
    level = Level.OK if expected == found else Level.CHANGED
    return Finding(what, str(expected), found, level)


def _files(run: Evaluation) -> Iterator[Finding]:
    expected = run.manifest.get(PARTS)
    if not isinstance(expected, Mapping):
        yield Finding("files of the run", "", _NOTHING, Level.NOT_CHECKED)
        return
    there = list(evidence(run.storage))
    for name, sha256 in expected.items():
        if name in there:
            yield _same(name, sha256, sha256_of(run.storage, name))
        else:
            yield Finding(name, str(sha256), "there is no such file", Level.MISSING)
    for name in there:
        # Pictures that were drawn after the seal are no evidence, and nobody said that they are.
        if name not in expected and not name.startswith(f"{WORST}/"):
            yield Finding(name, "no such file", sha256_of(run.storage, name), Level.CHANGED)


def _seal(manifest: Tree) -> Iterator[Finding]:
    yield _same("seal of the manifest", manifest.get(SEAL), manifest_sha256(manifest))


def _clips(manifest: Tree) -> Iterator[Finding]:
    for clip in manifest.get("clips") or []:
        yield _hashed(
            str(clip.get("name")), clip.get("path") or clip.get("name"), clip.get("sha256")
        )


def _input(manifest: Tree) -> Iterator[Finding]:
    """The one input of a run of one clip; only its name is written down, the command may have the path."""
    held = manifest.get("input")
    if not isinstance(held, Mapping):
        yield Finding(f"input {manifest.get('source')}", "", _NOTHING, Level.NOT_CHECKED)
        return
    name = str(held["name"])
    named = [str(word) for word in manifest.get("command") or [] if Path(str(word)).name == name]
    place = next((word for word in named if Path(word).is_file()), name)
    yield _hashed(name, place, held.get("sha256"))


def _hashed(name: str, place: Any, sha256: Any) -> Finding:
    what = f"input {name}"
    if not sha256:
        drawn = str(name).startswith((SCENE_PREFIX, PHOTO_PREFIX))
        return Finding(what, "", "drawn from its seed" if drawn else _NOTHING, Level.NOT_CHECKED)
    where = str(place)
    try:
        return _same(what, sha256, _sha256_of_input(where))
    except FileNotFoundError:
        return Finding(what, str(sha256), f"{where}: not there", Level.NOT_THERE)
    except Exception as error:  # noqa: BLE001 - every file system has exceptions of its own
        reason = " ".join((getattr(error, "strerror", None) or str(error)).split())
        return Finding(what, str(sha256), f"{where}: cannot be read: {reason}", Level.NOT_THERE)


def _sha256_of_input(where: str) -> str:
    if is_url(where):
        return sha256_of_url(where)
    file = input_file(where) or Path(where)
    pictures = file.is_dir() or (not file.exists() and any(sign in where for sign in "*?["))
    if pictures:  # one hash of them all
        return Clip(0, "", where, url=where, pictures=True).with_hash().sha256
    return sha256_of_file(file)


def _weights(model: str, expected: Any) -> Finding:
    what = f"weights of {model}"
    if not expected:
        return Finding(what, "", "no file stands for them", Level.NOT_CHECKED)
    try:
        found = weights_sha256(model)
    except ModelError as error:
        return Finding(what, str(expected), str(error), Level.NOT_THERE)
    if found is None:
        return Finding(what, str(expected), "no file stands for them", Level.NOT_THERE)
    if model in ZOO and found == expected:
        try:
            load_model(
                model
            )  # the zoo names a hash; that the weights have it is checked when they are loaded
        except ModelError as error:
            return Finding(what, str(expected), str(error), Level.CHANGED)
    return _same(what, expected, found)


def _code(manifest: Tree) -> Iterator[Finding]:
    now = versions()
    held = _tree(manifest.get("versions"))
    yield _same("camdrift", held.get("camdrift"), str(now["camdrift"]))
    yield _commit(manifest.get("git"), git_state())
    for name, version in held.items():
        if name == "camdrift":
            continue
        if name in now:
            yield _same(name, version or "not installed", now[name] or "not installed")
        else:
            yield Finding(name, str(version), "this version does not look at it", Level.NOT_CHECKED)


def _commit(then: Any, now: Tree | None) -> Finding:
    what = "code"
    if not isinstance(then, Mapping):
        return Finding(what, "", "it came from no checkout", Level.NOT_CHECKED)
    expected = _told(then)
    if now is None:
        return Finding(what, expected, "this is no checkout", Level.NOT_CHECKED)
    if then.get("commit") != now.get("commit") or (now.get("dirty") and not then.get("dirty")):
        return Finding(what, expected, _told(now), Level.CHANGED)
    if then.get("dirty"):
        return Finding(what, expected, f"{_told(now)}; nobody knows which", Level.NOT_CHECKED)
    return Finding(what, expected, _told(now), Level.OK)


def _told(state: Tree) -> str:
    return f"{state.get('commit')}{' with changes' if state.get('dirty') else ''}"


def _tree(value: Any) -> Tree:
    return value if isinstance(value, Mapping) else {}


def findings_tree(findings: Sequence[Finding]) -> dict[str, Any]:
    """For JSON."""
    return {
        "exit_code": exit_code(findings),
        "findings": [
            {
                "what": one.what,
                "expected": one.expected,
                "found": one.found,
                "level": str(one.level),
            }
            for one in findings
        ],
    }
