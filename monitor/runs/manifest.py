"""What a run was made with and from: versions, seed, hashes, machine, git state, command."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import monitor
from models.zoo import weights_sha256
from monitor.attack_settings import PATCH
from monitor.config import Settings
from monitor.errors import RunError
from monitor.patches.patch import load
from streams.naming import is_url, without_credentials

SCHEMA = 2
"""Of the run folder; goes up when a reader of the old one would misread the new one."""

_PACKAGES = {
    "torch": "torch",
    "numpy": "numpy",
    "opencv": "opencv-python",
    "numba": "numba",
    "scipy": "scipy",
    "supervision": "supervision",
    "trackers": "trackers",
    "pyarrow": "pyarrow",
}
_SECRET = re.compile(r"^(--?[\w-]*(?:password|token|secret|webhook)[\w-]*)(=.*)?$", re.IGNORECASE)
_HIDDEN = "***"


def build_manifest(
    settings: Settings,
    *,
    name: str,
    source: str,
    input_file: Path | None,
    command: Sequence[str],
    started: datetime,
) -> dict[str, object]:
    """The manifest of a run that begins now, ready for JSON; no password and no login is in it.

    Parameters
    ----------
    settings : of the run.
    name : of the run folder.
    source : what frames come from; credentials are removed.
    input_file : hashed; None where frames come from no file.
    command : the command line.
    started : aware, UTC.

    Raises
    ------
    RunError : the input file cannot be read.
    """
    config = config_tree(settings, source)
    return {
        "schema": SCHEMA,
        "status": "running",
        "name": name,
        "started_utc": started.isoformat(timespec="seconds"),
        "finished_utc": None,
        "source": without_credentials(source),
        "seed": settings.run.seed,
        "command": without_secrets(command),
        "config": config,
        "config_sha256": sha256_of_tree(config),
        "weights": {
            "model": settings.detector.model,
            "sha256": weights_sha256(settings.detector.model),
        },
        "patch": _patch(settings),
        "input": None if input_file is None else _input(input_file),
        "versions": versions(),
        "machine": machine(),
        "git": git_state(),
    }


def _patch(settings: Settings) -> dict[str, object] | None:
    """The patch that the attack wears, by the hash of its picture; None without one."""
    words = settings.attack
    if words.attack != PATCH:
        return None
    pixels = load(words.patch)
    digest = hashlib.sha256(pixels.pixels.tobytes() + pixels.mask.tobytes()).hexdigest()
    return {"name": words.patch, "pixels_sha256": digest, **pixels.facts.model_dump(mode="json")}


def config_tree(settings: Settings, source: str) -> dict[str, object]:
    """The settings as plain data, with the source as it is shown and without password and webhook."""
    tree: dict[str, dict[str, object]] = settings.model_dump(mode="json")
    del tree["panel"]["password"]
    del tree["alarms"]["webhook"]  # a token may stand in it
    tree["stream"]["source"] = without_credentials(source)
    tree["stream"]["also"] = [without_credentials(other) for other in settings.stream.also]
    return {section: dict(words) for section, words in tree.items()}


def sha256_of_file(path: Path) -> str:
    """Of a file, in hex, read in pieces; an `OSError` says why it cannot be."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_tree(tree: Mapping[str, object]) -> str:
    """Of the canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def without_secrets(command: Sequence[str]) -> list[str]:
    """The command line with passwords, webhooks and logins in URLs replaced or removed."""
    shown: list[str] = []
    hide_next = False
    for argument in command:
        secret = _SECRET.match(argument)
        if hide_next:
            shown.append(_HIDDEN)
            hide_next = False
        elif secret:
            shown.append(f"{secret[1]}={_HIDDEN}" if secret[2] else argument)
            hide_next = secret[2] is None
        else:
            option, equals, value = argument.partition("=")
            if argument.startswith("-") and equals and is_url(value):
                shown.append(f"{option}={without_credentials(value)}")
            else:
                shown.append(without_credentials(argument) if is_url(argument) else argument)
    return shown


def versions() -> dict[str, str | None]:
    """Of camdrift, Python and the packages that numbers depend on; None where one is not installed."""
    found: dict[str, str | None] = {
        "camdrift": monitor.__version__,
        "python": platform.python_version(),
    }
    for name, package in _PACKAGES.items():
        try:
            found[name] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def machine() -> dict[str, object]:
    """What the numbers were worked out on."""
    import torch

    return {
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cpu_count": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
    }


def git_state(code: Path = Path(__file__)) -> dict[str, object] | None:
    """Commit and whether files differ from it, where a file of the code is tracked by git; else None."""
    # Installed into a virtual environment inside somebody's own checkout, the code is not tracked there.
    if _git(code.parent, "ls-files", "--error-unmatch", code.name) is None:
        return None
    commit = _git(code.parent, "rev-parse", "HEAD")
    changes = _git(code.parent, "status", "--porcelain")
    if commit is None or changes is None:
        return None
    return {"commit": commit, "dirty": bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None  # no git, no checkout, or one that git does not trust
    return answer.stdout.strip()


def _input(path: Path) -> dict[str, object]:
    try:
        digest = sha256_of_file(path)
        size = path.stat().st_size
    except OSError as error:
        raise RunError(
            f"{path}: cannot be read for its sha256: {error.strerror}; check the file"
        ) from error
    return {"name": path.name, "bytes": size, "sha256": digest}
