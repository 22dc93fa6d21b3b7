"""Evaluations of many clips in the tab of the runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluation_stories import Story, write_story

from monitor.evaluation.figures.summary import summarise
from monitor.evaluation.opened import Evaluation
from monitor.panel.run_page import shown
from monitor.panel.run_shelf import Shelf
from monitor.panel.run_view import run_list

NAME = "20260131T120000Z-story"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = write_story(
        tmp_path / NAME,
        Story(clips=2, frames=12, changes={"suite": _SUITE, "failed": [_FAILED]}),
    )
    run = Evaluation.open(str(folder))
    run.storage.write_json("summary.json", summarise(run, worst=[_WORST]))
    run.storage.write("report.html", b"<p>report</p>")
    run.storage.write("worst/00-clean.png", b"png")
    return Shelf(lambda: tmp_path)


_SUITE = {
    "name": "story",
    "about": "",
    "criteria": ["miss_rate at linf 4/255 <= 0.1"],
    "hold_frames": 5,
}
_FAILED = {"name": "broken.mp4", "reason": "broken.mp4: <no> frame"}
_WORST = {
    "clip": 0,
    "clip_name": "<clip>",
    "condition": 2,
    "condition_name": "signs, pgd linf 4/255",
    "frame": 3,
    "caption": "3 missed",
    **{kind: f"worst/00-{kind}.png" for kind in ("clean", "attacked", "difference")},
}


def test_it_is_listed_with_its_suite_and_its_conditions(shelf: Shelf) -> None:
    (entry,) = shelf.entries()
    assert (entry.name, entry.trouble, entry.frames) == (NAME, "", 24)
    words = run_list(shelf.entries(), "runs")
    for word in ("2 clips", "signs", "suite story", "3 conditions"):
        assert word in words


def test_its_page_has_verdicts_conditions_files_and_worst_frames(shelf: Shelf) -> None:
    trouble, page = shown(shelf, NAME, "")
    assert not trouble
    assert "<b>fail</b>: miss_rate at linf 4/255" in page
    assert page.count("signs, pgd linf") >= 3
    assert f"/runs/{NAME}/report.html" in page
    assert f"/runs/{NAME}/worst/00-clean.png" in page
    assert "broken.mp4: &lt;no&gt; frame" in page
    assert "&lt;clip&gt;" in page
    assert shelf.file(NAME, "worst/00-clean.png") is not None
    assert shelf.file(NAME, "frames/part-00000.parquet") is None
    trouble, page = shown(shelf, NAME, NAME)
    assert "camdrift compare" in trouble
    assert not page
