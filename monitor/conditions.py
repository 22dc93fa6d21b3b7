"""What is done to a stream, in the words of config.toml and on one line."""

from __future__ import annotations

from monitor.catalog import NONE, budget_of
from monitor.config import Settings
from monitor.goals import Goal


def attack_text(settings: Settings) -> str:
    """The attack in the words of config.toml."""
    attack, faults = settings.attack, settings.faults.faults
    if attack.attack == NONE:
        return faults or "no attack"
    beside = f"; {faults}" if faults else ""
    norm, _, eps = budget_of(attack)
    budget = f"{norm} {eps}"
    return f"{attack.attack}, {goal_text(settings)}, {budget}{beside}"


def goal_text(settings: Settings) -> str:
    """The goal with what it heeds: "mislabel as speed limit", "fabricate ball at linesman"."""
    attack, words = settings.attack, [str(settings.attack.goal)]
    if "target" in attack.goal.heeds and attack.target:
        words.append(f"as {attack.target}" if attack.goal is Goal.MISLABEL else attack.target)
    if "at" in attack.goal.heeds and attack.at:
        words.append(f"at {attack.at}")
    return " ".join(words)
