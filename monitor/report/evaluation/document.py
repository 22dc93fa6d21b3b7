"""An evaluation's report as a document: which part stands where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.errors import RunError
from monitor.report.evaluation.blocks import Block, Document, Pictures, Section, Text
from monitor.report.evaluation.clips import clip_blocks
from monitor.report.evaluation.conditions import (
    class_blocks,
    condition_blocks,
    size_blocks,
    track_blocks,
    truth_blocks,
)
from monitor.report.evaluation.driving import driving_blocks
from monitor.report.evaluation.front import FRONT_ROWS, MOST_CRITERIA, criteria, front
from monitor.report.evaluation.numbers import Tree, moment
from monitor.report.evaluation.origin import limit_blocks, origin_blocks, reproduction_blocks
from monitor.report.evaluation.robustness import curve_blocks, minimal_blocks
from monitor.report.evaluation.text import counted, shown
from monitor.report.evaluation.threat import threat_blocks

_NEEDED: Final[dict[str, type | tuple[type, ...]]] = {
    "suite": str,
    "clips": int,
    "frames": int,
    "failed": list,
    "reference": str,
    "conditions": list,
    "curves": list,
    "criteria": list,
    "worst_frames": list,
}


_ROWS: Final[dict[str, str]] = {
    "conditions": "condition name model attack knowledge goal target norm eps eps_text faults seed figures",
    "curves": "model attack norm goal faults points",
    "criteria": "text verdict",
    "failed": "name reason",
    "worst_frames": "clip_name condition condition_name frame caption clean attacked difference",
}
"""What each row of a list has to have; the rest may be missing."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made of.

    Attributes
    ----------
    run, digest : the run's name and the seal of its manifest.
    manifest, summary : read back.
    worst, left_out : the worst frames, and how many are not shown.
    """

    run: str
    digest: str
    manifest: Tree
    summary: Tree
    worst: Sequence[Pictures]
    left_out: int


def checked(summary: Any, where: str) -> Tree:
    """The summary, if it is one of an evaluation.

    Raises
    ------
    RunError : another kind or format, or a part is missing; one line.
    """
    if summary.get("kind") != "evaluation" or summary.get("schema") != 1:
        raise RunError(
            f"{where}/summary.json: not the summary of an evaluation that this version reads; measure the "
            "run again with this version of camdrift"
        )
    for key, kind in _NEEDED.items():
        if not isinstance(summary.get(key), kind):
            raise RunError(
                f"{where}/summary.json: damaged: {key} is missing or of another kind; measure the run again"
            )
    for key, needed in _ROWS.items():
        for number, row in enumerate(summary[key]):
            missing = [
                word for word in needed.split() if not isinstance(row, dict) or word not in row
            ]
            if missing:
                raise RunError(
                    f"{where}/summary.json: damaged: {key}[{number}] has no {missing[0]}; "
                    "measure the run again"
                )
    return summary  # type: ignore[no-any-return]


def document(material: Material, front_rows: int = FRONT_ROWS) -> Document:
    """The report, whatever it is drawn as; `front_rows` criteria stand on page one."""
    manifest, summary = material.manifest, material.summary
    version = shown((manifest.get("versions") or {}).get("camdrift", "?"))
    finished = moment(manifest.get("finished_utc", "?"))
    suite = shown(summary["suite"], 60)
    return Document(
        title=f"Robustness evaluation: {suite}",
        kicker=f"Robustness evaluation report · run {material.run} · {finished[:10]}",
        run=material.run,
        digest=material.digest,
        made=f"Made by camdrift {version} from run {material.run}, finished {finished}",
        front=front(manifest, summary, material.run, material.digest, front_rows),
        sections=_sections(material, front_rows),
    )


def _sections(material: Material, front_rows: int) -> list[Section]:
    manifest, summary = material.manifest, material.summary
    demands = summary["criteria"]
    parts: list[tuple[str, str, list[Block]]] = [
        ("threat-model", "Threat model", threat_blocks(manifest, summary)),
        ("curves", "Robustness curves", curve_blocks(summary)),
        ("conditions", "Condition by condition", condition_blocks(summary)),
        ("classes", "By class", class_blocks(summary)),
        ("sizes", "By object size", size_blocks(summary)),
        ("minimal", "Least budget at which an object falls", minimal_blocks(summary)),
        ("truth", "Against the ground truth", truth_blocks(summary)),
        ("driving", "Warning before an object is passed", driving_blocks(summary)),
        ("tracks", "Tracks", track_blocks(summary)),
        ("worst", "The worst frames", _worst(material)),
        ("clips", "Clips", clip_blocks(summary)),
        ("limits", "Limits", limit_blocks(summary)),
        ("reproduction", "How to reproduce", reproduction_blocks(manifest)),
        ("origin", "Origin", origin_blocks(manifest, material.run, material.digest)),
    ]
    if len(demands) > front_rows:
        table = criteria(summary, MOST_CRITERIA)
        parts.insert(0, ("criteria", "Criteria", [table]))
    return [
        Section(key, f"{number}  {title}", blocks)
        for number, (key, title, blocks) in enumerate(parts, start=1)
    ]


def _worst(material: Material) -> list[Block]:
    if not material.worst:
        return [Text("No frame stands out: nothing drifted the attacker's way.")]
    blocks: list[Block] = [
        Text(
            "Boxes: green kept, orange relabelled, vermilion missed (dashed: where it was), purple made "
            "up. The worst frames are picked; they are not typical.",
        ),
        *material.worst,
    ]
    if material.left_out:
        blocks.append(
            Text(f"{counted(material.left_out, 'more frame')} in the run's folder worst.", "note")
        )
    return blocks
