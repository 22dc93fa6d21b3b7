"""Where an evaluation came from, how to make it again, and how far it carries."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from typing import Final

from monitor.report.evaluation.blocks import (
    Block,
    Cell,
    Code,
    Column,
    Facts,
    Points,
    Subheading,
    Table,
    Text,
)
from monitor.report.evaluation.numbers import Tree, moment
from monitor.report.evaluation.text import counted, shown

_MOST_CLIPS: Final = 40
_MOST_WORDS: Final = 80


def limit_blocks(summary: Tree) -> list[Block]:
    """How far the figures carry."""
    notes = [
        "The figures hold for these clips, these models and these conditions, and for no others. No attack "
        "proves that a model is robust: it shows only that this attacker did not succeed.",
        "Intervals are of 95 %, from a block bootstrap over the frames of each clip (Künsch 1989; block "
        "length after Politis and White 2004): neighbouring frames are alike, and single frames would make "
        "the intervals too narrow. They speak of more frames like these, not of other scenes, cameras or "
        "weather. Where no interval is given, there is none: the longest gap, the switches and mean average "
        "precision are no means that resamples could vary.",
        "An interval of 100 to 100 says that every frame agreed, not that there can be no exception. Of many "
        "intervals one in twenty misses the truth on average.",
        "The worst condition is the worst of many: having been picked, it looks somewhat worse than it is.",
        "Where a table is against the clean answers, an error of the clean answer counts as right: read it "
        "beside the tables against the ground truth, where there are any.",
        "An object counts once for every frame that it is seen in: one that stays long weighs more.",
        "This report supports a safety argument and is none. It claims no compliance with a standard.",
    ]
    if any((row.get("counts") or {}).get("tracks") for row in summary["conditions"]):
        notes.append(
            "Tracks are those of the clean answers, from an object's second frame on. Tracks that were never "
            "lost, or never found again, are left out of the times."
        )
    return [Points(notes)]


def reproduction_blocks(manifest: Tree) -> list[Block]:
    """The command, and what has to be equal."""
    words = [shown(word, 300) for word in manifest.get("command") or []]
    blocks: list[Block] = []
    if words:
        pieces = [shlex.quote(word) for word in words[:_MOST_WORDS]]
        left = len(words) - len(pieces)
        blocks.append(
            Code([*pieces, f"… ({left:,} more words, in manifest.json)"] if left else pieces)
        )
    else:
        blocks.append(Text("The command is not known: the evaluation was started from a program."))
    blocks.append(
        Text(
            "With the same inputs, versions and machine the tables and summary.json come out equal byte for "
            "byte, whatever the number of workers. The suite is written out in manifest.json; `camdrift "
            "verify` tells whether inputs, weights, code or tables have changed since.",
            "note",
        )
    )
    return blocks


def origin_blocks(manifest: Tree, run: str, digest: str) -> list[Block]:
    """Hashes, versions, machine, git state."""
    rows: list[tuple[str, str]] = [
        ("Run", run),
        ("Seal", f"{digest}, the sha256 of the manifest without it"),
    ]
    started, finished = (
        moment(manifest.get(f"{word}_utc", "?")) for word in ("started", "finished")
    )
    rows.append(("Time", f"{started} to {finished}"))
    versions = manifest.get("versions") or {}
    rows.append(("Code", f"camdrift {shown(versions.get('camdrift', '?'))}{_git(manifest)}"))
    others = [
        f"{name} {version}" for name, version in versions.items() if version and name != "camdrift"
    ]
    rows.append(("Versions", shown(", ".join(others), 600)))
    machine = manifest.get("machine") or {}
    parts = [
        f"{shown(name).replace('_', ' ')} {shown(value, 100)}" for name, value in machine.items()
    ]
    rows.append(("Machine", "; ".join(parts[:12])))
    for model, sha256 in list((manifest.get("weights") or {}).items())[:20]:
        rows.append(("Weights", f"{shown(model, 80)}, sha256 {shown(sha256 or 'not known')}"))
    return [Facts(rows), Subheading("Inputs"), *_inputs(manifest.get("clips") or [])]


def _git(manifest: Tree) -> str:
    git = manifest.get("git")
    if not git:
        return ", not from a git checkout"
    dirty = " with changes that are not in it" if git.get("dirty") else ""
    return f", commit {shown(git.get('commit'))}{dirty}"


def _inputs(clips: list[Tree]) -> Iterator[Block]:
    if not clips:
        yield Text("The manifest names no clips.")
        return
    lines = "".join(f"{clip.get('sha256') or ''}  {clip['name']}\n" for clip in clips)
    together = hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()
    yield Facts(
        [
            (
                counted(len(clips), "clip").capitalize(),
                f"all together sha256 {together} (of the lines “hash, two spaces, name”, in the "
                "manifest's order)",
            )
        ]
    )
    rows = [
        (
            Cell(shown(clip["name"], 80)),
            Cell(
                shown(clip.get("sha256") or "rendered from its seed, no file"),
                f"ground truth {shown(clip['truth_sha256'])}" if clip.get("truth_sha256") else "",
            ),
        )
        for clip in clips[:_MOST_CLIPS]
    ]
    left = len(clips) - len(rows)
    notes = [f"{left:,} more are in manifest.json."] if left else []
    columns = (Column("Clip", number=False), Column("sha256", "", 112, number=False))
    yield Table(columns, rows, notes)
