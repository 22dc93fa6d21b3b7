"""What is made of an evaluation's tables: report, comparison, query, of 100,000 frames and 300,000 objects.

Prediction, written before it was measured: figures 5 s, report 3 s, comparison 4 s, query 0.1 s.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import at_most

sys.path.append(str(Path(__file__).parents[1]))  # the made-up evaluations of the tests

SQL = """
select condition_name, class, avg(missed) from (
  select condition_name, clean_class as class, (outcome = 'missed')::int as missed
  from objects_named where clean_class is not null
) group by 1, 2 order by 1, 2
"""


def run(rounds: int) -> dict[str, Any]:
    """Seconds of each; the best of two, for the first one loads libraries."""
    del rounds
    from evaluation_stories import Story, write_story

    from monitor.evaluation.comparing import compared_evaluations
    from monitor.evaluation.figures.summary import summarise
    from monitor.evaluation.opened import SUMMARY, Evaluation
    from monitor.evaluation.query import query
    from monitor.report.evaluation import write_evaluation_report

    story = Story(clips=10, frames=3334)
    worse = {eps: min(1.0, chance + 0.05) for eps, chance in story.miss.items()}
    with tempfile.TemporaryDirectory() as place:
        made = [
            write_story(Path(place) / "a", story),
            write_story(Path(place) / "b", replace(story, miss=worse, seed=1)),
        ]
        a, b = (Evaluation.open(str(folder)) for folder in made)
        figures = _seconds(lambda: a.storage.write_json(SUMMARY, summarise(a)))
        report = _seconds(lambda: write_evaluation_report(a))
        compared = _seconds(lambda: compared_evaluations(a, b, allow=True))
        asked = _seconds(lambda: query(a, SQL))
    return {
        "ratios": {
            "figures and report": at_most(
                figures + report, 30, unit="s", note=f"figures {figures:.1f}, report {report:.1f}"
            ),
            "comparison": at_most(compared, 10, unit="s"),
            "query": at_most(asked, 1, unit="s"),
        }
    }


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(2):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
