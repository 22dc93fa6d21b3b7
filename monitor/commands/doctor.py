"""`camdrift doctor`: what is there, what is wrong, and how to mend it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.commands import doctor_cameras
from monitor.commands import doctor_checks as machine
from monitor.commands.doctor_findings import Finding, State, guarded
from monitor.commands.options import LOCAL_CONFIG
from monitor.config import Settings, load
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from models.zoo import Entry

WRONG: Final = 1
"""Exit code when something is wrong; warnings leave it at 0."""

_COLOURS: Final = {State.OK: "green", State.WARN: "yellow", State.WRONG: "bold red"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes
    ----------
    name : stands in the answer where the check itself raises.
    look : what is found.
    remedy : what to do where it raises and does not say itself.
    """

    name: str
    look: Callable[[], list[Finding]]
    remedy: str


def checks(*, probe: bool = True) -> tuple[Check, ...]:
    """All checks, on this machine and in the working folder.

    Parameters
    ----------
    probe : open the cameras, instead of only naming them.
    """
    opencv = "`pip install --force-reinstall opencv-python`"
    numba = "reinstall numba, and set NUMBA_CACHE_DIR to a folder that can be written"
    config = "mend that line; `camdrift config` prints every setting with what it may be"
    runs = "choose a folder that can be written: `runs` in config.toml"
    return (
        Check("cameras", partial(doctor_cameras.cameras, probe=probe), opencv),
        Check("OpenCV", machine.opencv, opencv),
        Check("FFV1", machine.ffv1, opencv),
        Check("H.264", machine.h264, "reinstall ffmpeg"),
        Check("torch", machine.torch_threads, "`pip install --force-reinstall torch`"),
        Check("numba", machine.numba_cache, numba),
        Check("models", weights, "reinstall camdrift"),
        Check("disk", lambda: machine.disk(runs_folder()), runs),
        Check("config.toml", configuration, config),
        Check("memory", machine.memory, "look with the system's own tools"),
    )


def examined(chosen: Iterable[Check], say: Callable[[str], None] | None = None) -> list[Finding]:
    """What all checks find, in their order.

    Parameters
    ----------
    chosen : the checks.
    say : told what is looked at next.
    """
    findings: list[Finding] = []
    for check in chosen:
        if say is not None:
            say(f"looking at {check.name}")
        findings += guarded(check.name, check.look, check.remedy)
    return findings


def examine(*, probe: bool) -> list[Finding]:
    """All checks, with a line on stderr that says where it is; nothing there where it is no terminal."""
    with Console(stderr=True).status("looking around") as status:
        return examined(checks(probe=probe), status.update)


def card_sha256(name: str) -> str | None:
    """The sha256 that a model's card beside its weights states; None where it has no card, or states none."""
    from models.weights import HERE

    card = HERE / f"{name}.md"
    if not card.is_file():
        return None
    stated = re.search(r"sha256 `([0-9a-f]{64})`", card.read_text("utf-8"))
    return stated[1] if stated else None


def weights(
    zoo: Mapping[str, Entry] | None = None, card: Callable[[str], str | None] = card_sha256
) -> list[Finding]:
    """One finding a bundled model: its weights are there, those that were reviewed, and load.

    Parameters
    ----------
    zoo : name -> model; None: ours.
    card : the sha256 on a model's card, None where there is no card.
    """
    if zoo is None:
        # Late, so that a torch that does not load is a finding.
        from models.zoo import ZOO

        zoo = ZOO

    def look(name: str, entry: Entry) -> list[Finding]:
        entry.load()  # the loader reads the file and compares its sha256
        stated = card(name)
        if stated not in (None, entry.sha256):
            found = f"its card states sha256 {stated[:12]}..., expected {entry.sha256[:12]}..."
            return [Finding(f"model {name}", State.WRONG, found, "reinstall camdrift")]
        found = f"loads; sha256 {entry.sha256[:12]}..., as expected"
        return [Finding(f"model {name}", State.OK, found + (" and on its card" if stated else ""))]

    return [
        finding
        for name, entry in zoo.items()
        for finding in guarded(f"model {name}", partial(look, name, entry), "reinstall camdrift")
    ]


def configuration(path: Path = LOCAL_CONFIG) -> list[Finding]:
    """Whether ./config.toml can be read, if there is one.

    Raises
    ------
    ConfigError : it cannot.
    """
    if not path.exists():
        return [Finding("config.toml", State.OK, "none here: every setting has its default")]
    load(path)
    return [Finding("config.toml", State.OK, f"{path} loads")]


def runs_folder(path: Path = LOCAL_CONFIG) -> Path:
    """Where runs go, by ./config.toml; by the defaults where there is none or it cannot be read."""
    try:
        settings = load(path if path.is_file() else None)
    except ConfigError:  # the configuration's own check tells
        settings = Settings()
    return Path(settings.run.runs)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 when nothing is wrong, else `WRONG`."""
    return WRONG if any(finding.state is State.WRONG for finding in findings) else 0


def doctor_table(findings: list[Finding]) -> Table:
    """One row a finding, and what they come to below."""
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, caption=_sentence(findings), caption_justify="left"
    )
    table.add_column("check", style="bold", no_wrap=True)
    table.add_column("state", no_wrap=True)
    # Folded, not cut: the end of a path is what is looked for.
    table.add_column("found", overflow="fold")
    table.add_column("what to do", overflow="fold")
    for finding in findings:
        # Text, not markup: paths and errors have brackets of their own.
        state = Text(finding.state, style=_COLOURS[finding.state])
        table.add_row(Text(finding.check), state, Text(finding.found), Text(finding.remedy))
    return table


def doctor_json(findings: list[Finding]) -> str:
    """The same for programs."""
    content = {
        "wrong": _count(findings, State.WRONG),
        "warnings": _count(findings, State.WARN),
        "checks": [asdict(finding) for finding in findings],
    }
    return json.dumps(content, indent=2)


def _sentence(findings: list[Finding]) -> str:
    wrong, warnings = _count(findings, State.WRONG), _count(findings, State.WARN)
    bad = f"{wrong} wrong" if wrong else "nothing is wrong"
    return f"{bad}, {warnings} warning{'s' * (warnings != 1)}"


def _count(findings: list[Finding], state: State) -> int:
    return sum(finding.state is state for finding in findings)
