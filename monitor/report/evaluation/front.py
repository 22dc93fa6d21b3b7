"""Page one: what was tested, on what, what came out, and where to sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from monitor.report.evaluation.blocks import (
    WORDS,
    Block,
    Cell,
    Column,
    Facts,
    Outcome,
    Signatures,
    Table,
    Verdict,
)
from monitor.report.evaluation.numbers import (
    FIGURES,
    NOTHING,
    WARNING,
    Tree,
    between,
    moment,
    with_unit,
    written,
)
from monitor.report.evaluation.robustness import front_chart
from monitor.report.evaluation.text import capital, counted, listed, shown

MOST_MODELS: Final = 3
MOST_CRITERIA: Final = 200
FRONT_ROWS: Final = 8
"""Criteria on page one, where they fit."""

ROLES: Final = ("Tested by", "Reviewed by", "Approved by")
_ORDER: Final[dict[str, int]] = {"fail": 0, "undecided": 1, "pass": 2}


def front(manifest: Tree, summary: Tree, run: str, digest: str, rows: int) -> list[Block]:
    """The blocks of page one.

    Parameters
    ----------
    manifest, summary : of the evaluation.
    run, digest : its name, and the seal of its manifest.
    rows : how many criteria fit; what is left out stands in a section of its own.
    """
    blocks: list[Block] = [outcome(summary["criteria"])]
    facts = [
        ("What was tested", tested(summary)),
        ("On what", on_what(summary)),
        ("What came out", " ".join(results(summary))),
        ("Compared with", shown(summary["reference"], 400)),
    ]
    if summary.get("about"):
        facts.insert(0, ("Purpose", shown(summary["about"], 300)))
    blocks.append(Facts(facts))
    if summary["criteria"]:
        blocks.append(criteria(summary, rows))
    if rows >= FRONT_ROWS and (chart := front_chart(summary)) is not None:
        blocks.append(chart)
    blocks.append(Signatures(_statement(manifest, run, digest), ROLES))
    return blocks


def outcome(criteria: Sequence[Tree]) -> Outcome:
    """The verdict over all of them: one that fails outweighs one that is undecided."""
    if not criteria:
        sentence = "The suite sets no criteria: this report measures, it does not judge."
        return Outcome("none", "No verdict", sentence)
    count = {word: sum(each["verdict"] == word for each in criteria) for word in _ORDER}
    verdict: Verdict = "fail" if count["fail"] else ("undecided" if count["undecided"] else "pass")
    parts = []
    if count["fail"]:
        parts.append(f"{count['fail']} not met")
    if count["undecided"]:
        parts.append(f"{count['undecided']} undecided")
    if count["pass"]:
        parts.append(f"{count['pass']} met")
    whole = counted(len(criteria), "criterion", "criteria")
    return Outcome(verdict, WORDS[verdict], f"Of {whole}, {listed(parts)}.")


def criteria(summary: Tree, most: int) -> Table:
    """The criteria, the failed ones first."""
    names = {row["condition"]: shown(row["name"], 90) for row in summary["conditions"]}
    columns = (
        Column("Criterion", number=False),
        Column("Verdict", "", 24, number=False),
        Column("Measured", "", 21),
        Column("Bound", "one-sided", 21),
    )
    ordered = sorted(summary["criteria"], key=lambda each: _ORDER.get(str(each["verdict"]), 3))
    rows = []
    for each in ordered[:most]:
        name = _figure_of(str(each["text"]))
        reason = shown(each.get("reason") or "", 240)
        details = [_deciding(each.get("condition"), names, reason), reason]
        word: Verdict = each["verdict"] if each["verdict"] in _ORDER else "undecided"
        value, bound = (_valued(name, each.get(key)) for key in ("value", "bound"))
        rows.append(
            (
                Cell(shown(each["text"], 200), ": ".join(filter(None, details))),
                Cell(WORDS[word], verdict=word),
                Cell(value),
                Cell(bound),
            )
        )
    left = len(ordered) - len(rows)
    notes = (
        [f"{counted(left, 'more criterion', 'more criteria')}: all of them stand under “Criteria”."]
        if left
        else []
    )
    return Table(columns, rows, notes)


def _deciding(condition: object, names: Mapping[object, str], reason: str) -> str:
    """The condition that decided, by number and name."""
    if condition is None or names.get(condition, "\0") in reason:
        return ""  # the reason names it
    return f"condition {shown(condition)}" + (f", {names[condition]}" if condition in names else "")


def _figure_of(text: str) -> str:
    """The figure that a criterion speaks of; the longest name, for one may be part of another."""
    found = [name for name in (*FIGURES, WARNING) if name in text]
    return max(found, key=len, default="")


def _valued(name: str, value: object) -> str:
    if not isinstance(value, int | float):
        return NOTHING
    return with_unit(name, value) if name else f"{value:.4g}"


def tested(summary: Tree) -> str:
    """Models, attacks, budgets and faults in a sentence."""
    rows = summary["conditions"]
    models = _once(row["model"] for row in rows)
    attacks = _once(row["attack"] for row in rows if row["attack"] != "none")
    faults = _once(row["faults"] for row in rows if row["faults"])
    seeds = _once(row["seed"] for row in rows)
    text = f"{capital(counted(len(models), 'model'))} ({listed(models, 5)})"
    if attacks:
        text += f" under {counted(len(attacks), 'attack')} ({listed(attacks, 8)})"
        budgets = {(row["norm"], row["eps"]) for row in rows if row["attack"] != "none"}
        text += f" with {counted(len(budgets), 'budget')}"
    else:
        text += " under no attack"
    if faults:
        text += f", and under camera faults ({listed(faults, 5)})"
    if len(seeds) > 1:
        text += f", each with {len(seeds)} seeds"
    return f"{text}: {counted(len(rows), 'condition')} in all."


def on_what(summary: Tree) -> str:
    """Clips and frames, and what could not be read."""
    text = (
        f"{capital(counted(summary['clips'], 'clip'))}, {counted(summary['frames'], 'frame')}, all of them "
        "under every condition."
    )
    failed = len(summary["failed"])
    if failed:
        text += (
            f" {capital(counted(failed, 'further clip'))} could not be evaluated and "
            f"{'is' if failed == 1 else 'are'} in no figure; they are named under “Clips”."
        )
    return text


def results(summary: Tree) -> list[str]:
    """For each model the condition that harmed it most, in a sentence; then the driver's loss."""
    sentences = []
    models = _once(row["model"] for row in summary["conditions"])
    for model in models[:MOST_MODELS]:
        worst = worst_condition(summary, model)
        if worst is None:
            sentences.append(f"Of model {model} no miss rate was measured.")
            continue
        rate = worst["figures"]["miss_rate"]
        interval = (worst.get("intervals") or {}).get("miss_rate")
        sure = f" (95 % interval {between('miss_rate', interval)} %)" if interval else ""
        sentences.append(
            f"Model {model} fared worst under “{shown(worst['name'])}”: it missed "
            f"{written('miss_rate', rate)} % of what it finds in the clean frames{sure}."
        )
    if len(models) > MOST_MODELS:
        sentences.append(f"{counted(len(models) - MOST_MODELS, 'more model')} stand below.")
    return [*sentences, *_warning(summary)]


def worst_condition(summary: Tree, model: str | None = None) -> Any:
    """The condition with the highest miss rate, of one model or of all; None where none was measured."""
    known = [
        row
        for row in summary["conditions"]
        if (model is None or shown(row["model"]) == model)
        and isinstance(row["figures"].get("miss_rate"), int | float)
    ]
    return max(known, key=lambda row: float(row["figures"]["miss_rate"]), default=None)


def _warning(summary: Tree) -> list[str]:
    """What the worst condition costs of the warning before an object is passed."""
    known = [
        (float(row["driving"]["warning_lost_s"]), shown(row["name"]))
        for row in summary["conditions"]
        if row.get("driving") and isinstance(row["driving"].get("warning_lost_s"), int | float)
    ]
    if not known:
        return []
    lost, name = max(known)
    if lost <= 0:
        return ["No warning time was lost before objects are passed."]
    return [
        f"At worst {lost:.2f} s of warning before an object is passed are lost (mean, “{name}”)."
    ]


def _once(values: Any) -> list[str]:
    return [shown(value) for value in dict.fromkeys(values)]


def _statement(manifest: Tree, run: str, digest: str) -> str:
    return (
        f"Signed for run {run}, finished {moment(manifest.get('finished_utc', 'at an unknown time'))}, "
        f"seal {digest} (sha256 of the manifest, which holds the hashes of inputs, weights and tables; "
        "`camdrift verify` works it out again). A signature covers what this report states, within “What was "
        "not tested” and “Limits”."
    )
