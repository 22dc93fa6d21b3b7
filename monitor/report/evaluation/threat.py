"""The threat model: what the attacker knows, may do and wants, and what nobody tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from monitor.attack_settings import PATCH
from monitor.catalog import CATALOG, NONE
from monitor.errors import ConfigError
from monitor.faults import FAULTS, parse_faults
from monitor.goals import Goal
from monitor.knowledge import Knowledge
from monitor.report.evaluation.blocks import Block, Cell, Column, Facts, Points, Subheading, Table
from monitor.report.evaluation.numbers import NORMS, NOTHING, Tree, budget
from monitor.report.evaluation.text import counted, listed, shown
from monitor.report.terms import GOALS, KNOWLEDGE

_MEANT: Final = {
    "linf": "no value of a pixel moves by more than eps, black to white being 1",
    "l2": "the Euclidean length of the changes of all values of the frame is at most eps",
    "l1": "the sum of the changes of all values of the frame is at most eps",
    "l0": "at most eps pixels of the frame change, each to any colour",
}
_MOST: Final = 40


def threat_blocks(manifest: Tree, summary: Tree) -> list[Block]:
    """The facts, a row for each attack, and what was not tested."""
    return [
        Facts(list(_facts(manifest, summary))),
        _attacks(summary),
        Subheading("What was not tested"),
        Points(list(not_tested(summary))),
    ]


def _facts(manifest: Tree, summary: Tree) -> Iterator[tuple[str, str]]:
    rows = summary["conditions"]
    attacked = [row for row in rows if row["attack"] != NONE]
    for word in dict.fromkeys(row["knowledge"] for row in attacked if row["knowledge"]):
        attacks = dict.fromkeys(
            shown(row["attack"]) for row in attacked if row["knowledge"] == word
        )
        known = KNOWLEDGE.get(word, shown(word))
        yield "Attacker knows", f"{listed(list(attacks))}: {known}"
    for norm in dict.fromkeys(row["norm"] for row in attacked if row["norm"]):
        most = max(row["eps"] for row in attacked if row["norm"] == norm)
        yield (
            f"Budget {NORMS.get(norm, shown(norm))}",
            f"{_MEANT.get(norm, '')}; judged on the 8-bit frames that the model is shown; at most "
            f"{budget(norm, most)} was tried",
        )
    for goal, target in dict.fromkeys((row["goal"], row["target"]) for row in attacked):
        aim = shown(target) if target else "the target class"
        of = f"; target: {aim}" if target and goal != Goal.MISLABEL else ""
        yield "Attacker's goal", f"{shown(goal)}: {GOALS.get(goal, '').format(target=aim)}{of}"
    for name, severities in _faults(summary).items():
        entry = FAULTS.get(name)
        about = (
            f"{entry.summary} ({entry.stage}; constants: {entry.source})" if entry else "unknown"
        )
        yield f"Fault {name.replace('_', ' ')}", f"severity {listed(severities)} of 5: {about}"
    yield from _models(manifest, summary)
    yield "Compared with", shown(summary["reference"], 400)


def _models(manifest: Tree, summary: Tree) -> Iterator[tuple[str, str]]:
    settings = manifest.get("settings") or {}
    details = []
    if (threshold := (settings.get("detector") or {}).get("threshold")) is not None:
        details.append(f"a detection counts from score {threshold:g}")
    if (iou := (settings.get("drift") or {}).get("iou")) is not None:
        details.append(f"two boxes are one object from an overlap (IoU) of {iou:g}")
    if (width := (settings.get("stream") or {}).get("width")) is not None:
        details.append(f"frames are scaled to {width} px width")
    for model in dict.fromkeys(row["model"] for row in summary["conditions"]):
        classes = [shown(name, 40) for name in (manifest.get("classes") or {}).get(model, [])]
        finds = (
            f"finds {counted(len(classes), 'class', 'classes')}: {listed(classes, 12)}"
            if classes
            else ""
        )
        yield "Model", "; ".join(filter(None, (shown(model), finds)))
    if details:
        yield "Settings", "; ".join(details)
    seeds = dict.fromkeys(str(row["seed"]) for row in summary["conditions"])
    yield ("Seed" if len(seeds) == 1 else "Seeds"), listed(list(seeds))


def _attacks(summary: Tree) -> Table:
    """A row for each attack, goal and norm, with its budgets and the numbers of its conditions."""
    grouped: dict[tuple[str, str, str], list[Tree]] = {}
    for row in summary["conditions"]:
        key = (str(row["attack"]), str(row["goal"]), str(row["norm"] or ""))
        grouped.setdefault(key, []).append(row)
    rows = []
    for (attack, goal, norm), members in list(grouped.items())[:_MOST]:
        entry = CATALOG.get(attack)
        what = "no attack, faults alone" if attack == NONE else ""
        if entry is not None:
            what = f"{entry.summary} ({entry.source})"
        elif attack == PATCH:
            what = "something printed that hangs in the scene"
        budgets = dict.fromkeys(shown(row["eps_text"]) for row in members if row["eps_text"])
        rows.append(
            (
                Cell(shown(attack), what),
                Cell(shown(members[0]["knowledge"] or NOTHING)),
                Cell(NOTHING if attack == NONE else shown(goal)),
                Cell(NORMS.get(norm, shown(norm)) or NOTHING),
                Cell(listed(list(budgets), 8) or NOTHING),
                Cell(_ranges([int(row["condition"]) for row in members])),
            )
        )
    columns = (
        Column("Attack", number=False),
        Column("Knows", "", 21, number=False),
        Column("Goal", "", 20, number=False),
        Column("Norm", "", 12, number=False),
        Column("Budgets eps", "", 36, number=False),
        Column("Conditions", "No.", 23, number=False),
    )
    left = len(grouped) - len(rows)
    return Table(columns, rows, [f"{left} more rows are in summary.json."] if left else [])


def not_tested(summary: Tree) -> Iterator[str]:
    """What a reader might take for granted and must not."""
    rows = summary["conditions"]
    attacks = {str(row["attack"]) for row in rows} - {NONE}
    if not attacks:
        yield "Any attack at all."
    else:
        others = [name for name in CATALOG if name not in attacks]
        yield (
            f"Other attacks. Of those that camdrift has, {listed(others, 30)} were not run, and a stronger "
            "one may do more."
        )
        yield from _other_words(summary)
        if "noise" not in attacks:
            yield "Random noise of the same budgets, the baseline that an attack has to beat."
        if PATCH not in attacks:
            yield (
                "The way through the world. Perturbations are added to the digital frame, after the lens, "
                "the sensor and the codec; no print, sticker or light was tested."
            )
        yield "Defences, and attackers who know of one."
    faults = _faults(summary)
    absent = [name.replace("_", " ") for name in FAULTS if name not in faults]
    if faults:
        yield f"Other severities of the faults, and other faults: {listed(absent, 40)}."
    else:
        yield f"Natural faults of a camera: {listed(absent, 40)}."
    yield "Another tracker. Tracks here are ByteTrack's, on the clean and on the attacked answer alike."
    if len({row["seed"] for row in rows}) == 1:
        yield "Other seeds. One draw of each random attack and fault was made."
    if not any((row.get("counts") or {}).get("truth_objects") for row in rows):
        yield "Correctness. Without ground truth, what the model misses in the clean frame does not count."
    if summary["failed"]:
        yield f"{counted(len(summary['failed']), 'clip')} that could not be read (see “Clips”)."


def _other_words(summary: Tree) -> Iterator[str]:
    """Budgets, norms, goals and knowledge that no condition has."""
    rows = [row for row in summary["conditions"] if row["attack"] != NONE]
    most: dict[str, float] = {}
    for row in rows:
        if row["norm"] and row["eps"] is not None:
            most[row["norm"]] = max(most.get(row["norm"], 0.0), row["eps"])
    if most:
        largest = [budget(norm, eps) for norm, eps in most.items()]
        yield f"Larger budgets than {listed(largest)}, and budgets between those tested."
    if norms := [name for word, name in NORMS.items() if word not in most]:
        yield f"Attackers who are bounded otherwise: {listed(norms)}."
    wanted = {str(row["goal"]) for row in rows}
    if goals := [str(goal) for goal in Goal if goal not in wanted]:
        yield f"Attackers who want something else: {listed(goals)}."
    knows = {str(row["knowledge"]) for row in rows}
    if others := [word for word in Knowledge if word is not Knowledge.NONE and word not in knows]:
        yield f"Attackers who know something else: {listed([str(word) for word in others])}."


def _faults(summary: Tree) -> dict[str, list[str]]:
    """Name -> its severities, as they were tried."""
    found: dict[str, dict[str, None]] = {}
    for text in dict.fromkeys(str(row["faults"]) for row in summary["conditions"]):
        try:
            parsed = parse_faults(text)
        except ConfigError:  # written by a version with other faults
            parsed = [(shown(text), 0.0)]
        for name, severity in parsed:
            found.setdefault(name, {})[f"{severity:g}"] = None
    return {name: list(severities) for name, severities in found.items()}


def _ranges(numbers: list[int]) -> str:
    """Numbers, those in a row written shorter: "0 to 3, 7"."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    texts = [
        str(first) if first == last else f"{first}{', ' if last == first + 1 else ' to '}{last}"
        for first, last in spans
    ]
    return ", ".join(texts[:20]) + (" …" if len(texts) > 20 else "")
