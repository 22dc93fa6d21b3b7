"""Ground truth of clips: where it lies, how it is read, and which answer found it."""

from monitor.evaluation.truth.attached import Attached, Kind, Shelf
from monitor.evaluation.truth.boxes import Truth
from monitor.evaluation.truth.finding import find_truth
from monitor.evaluation.truth.matched import ClassIds, truth_rows
from monitor.evaluation.truth.places import Listing

__all__ = [
    "Attached",
    "ClassIds",
    "Kind",
    "Listing",
    "Shelf",
    "Truth",
    "find_truth",
    "truth_rows",
]
