"""Where a run came from: the command that makes it again, and what it was made with."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from monitor.attack_settings import AttackSettings

Tree = Mapping[str, Any]  # read back from JSON

# The words of config.toml that decide a run's numbers.
_DECISIVE = (
    ("detector", ("model", "threshold")),
    ("stream", ("width",)),
    ("attack", tuple(AttackSettings.model_fields)),
    ("faults", ("faults", "ramp")),
    ("drift", ("iou",)),
    ("run", ("seed", "frames")),
)


def reproduction(manifest: Tree, condition: Tree) -> list[str]:
    """The command line that makes this run again, quoted for a shell, in pieces that belong together.

    Words that the attack does not heed are left out. The recording goes by its name, for the folder it
    lies in is the reader's.
    """
    pieces = [["camdrift", "evaluate", str(manifest["source"])]]
    chosen = manifest["config"]["attack"]
    said = [word for word in ("target", "at") if condition.get(word)]
    said += [word for word in ("deadline_ms", "margin_every") if chosen[word]]
    own = (
        "patch_share" in condition["parameters"]
    )  # a budget of its own, beside which these mean nothing
    budget = () if own else ("norm", "eps")
    heeded = {"attack", "goal", *said, *budget, *condition["parameters"]}
    for section, words in _DECISIVE:
        for word in words:
            if section == "faults" and not manifest["config"][section]["faults"]:
                continue
            if section != "attack" or word in heeded:
                value = _shown(word, manifest["config"][section][word], condition)
                pieces.append(_option(word, value))
    run = manifest["config"]["run"]
    if run.get("video", "none") != "none":
        pieces += [_option(word, str(run[word])) for word in ("video", "codec")]
    return [shlex.join(piece) for piece in pieces]


def origin_rows(manifest: Tree) -> list[tuple[str, str]]:
    """(what, exactly which): hashes, versions, machine, git state."""
    file, weights, git = manifest["input"], manifest["weights"], manifest["git"]
    machine = manifest["machine"]
    rows = [
        (
            "Recording",
            f"{file['name']}, {file['bytes']:,} bytes, sha256 {file['sha256']}"
            if file
            else f"{manifest['source']}, rendered from the seed",
        ),
        ("Weights", f"{weights['model']}, sha256 {weights['sha256'] or 'not known'}"),
        ("Settings", f"sha256 {manifest['config_sha256']}"),
        *_patch_row(manifest),
        (
            "Code",
            f"camdrift {manifest['versions']['camdrift']}"
            + (f", commit {git['commit']}{_dirty(git)}" if git else ", not from a git checkout"),
        ),
        (
            "Versions",
            ", ".join(
                f"{name} {version}"
                for name, version in manifest["versions"].items()
                if version and name != "camdrift"
            ),
        ),
        (
            "Machine",
            f"{machine['platform']}, {machine['cpu_count']} CPUs, {machine['torch_threads']} threads",
        ),
    ]
    if manifest["command"]:
        rows.append(("Command as given", shlex.join(manifest["command"])))
    return rows


def _patch_row(manifest: Tree) -> list[tuple[str, str]]:
    patch = manifest.get("patch")
    if not patch:
        return []
    trained = f"trained against {patch['model']} on {', '.join(patch['trained_on'])}"
    return [("Patch", f"{patch['name']}, pixels sha256 {patch['pixels_sha256']}; {trained}")]


def _dirty(git: Tree) -> str:
    return " with changes that are not in it" if git["dirty"] else ""


def _shown(word: str, value: object, condition: Tree) -> object:
    """`eps` as people write it where that is exact; nobody retypes 0.01568627450980392."""
    text = str(condition["eps_text"])
    over, slash, under = text.partition("/")
    if word == "eps" and slash and float(over) / float(under) == value:
        return text
    return value


def _option(word: str, value: object) -> list[str]:
    flag = word.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    return [f"--{flag}", str(value)]
