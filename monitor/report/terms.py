"""What an attacker knows and wants, in the words of every report."""

from __future__ import annotations

from typing import Final

from monitor.goals import Goal
from monitor.knowledge import Knowledge

KNOWLEDGE: Final = {
    Knowledge.WHITE_BOX: "everything: the model's weights and its gradients (white-box)",
    Knowledge.SCORE: "the model's scores for frames of its choice (score-based black-box)",
    Knowledge.SURROGATE: "all of another model, the surrogate, and nothing of this one (transfer)",
    Knowledge.NONE: "nothing: it never asks the model",
    Knowledge.LABEL: "at most whether a frame met the goal, no scores and no gradients (decision-based)",
}

GOALS: Final = {
    Goal.VANISH: "every object of the clean answer is missed",
    Goal.FABRICATE: "an object appears that the clean answer does not hold",
    Goal.ANY: "an object is missed, relabelled or made up",
    Goal.MISLABEL: "every object of another class is found as {target}",
}
"""`target` is to be filled in: the class's name."""
