"""Two evaluations beside each other: `differences` says what is not the same, `compared` what came of it."""

from monitor.evaluation.comparing.compared import (
    ComparedCondition,
    ComparedEvaluations,
    ComparedFigure,
    compared_evaluations,
    comparison_tree,
)
from monitor.evaluation.comparing.page import comparison_page

__all__ = [
    "ComparedCondition",
    "ComparedEvaluations",
    "ComparedFigure",
    "compared_evaluations",
    "comparison_page",
    "comparison_tree",
]
