"""report, compare, query, verify and export, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evaluation_stories import Story, write_story
from typer.testing import CliRunner

from monitor.cli import app
from monitor.evaluation.figures.summary import summarise
from monitor.evaluation.hashes import seal
from monitor.evaluation.opened import MANIFEST, SUMMARY, Evaluation


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    worse = {1 / 255: 0.6, 2 / 255: 0.9, 4 / 255: 1.0}
    stories = (
        Story(frames=40),
        Story(frames=40, miss=worse, changes={"weights": {"signs": "cd" * 32}}),
    )
    made = []
    for name, story in zip("ab", stories, strict=True):
        run = Evaluation.open(str(write_story(folder / name, story)))
        run.storage.write_json(SUMMARY, summarise(run))
        run.storage.write_json(MANIFEST, seal(run.storage, run.manifest))
        made.append(folder / name)
    return made[0], made[1]


def invoked(*words: object, code: int = 0) -> Any:
    told = CliRunner().invoke(app, [str(word) for word in words])
    assert told.exit_code == code, told.output
    return told.stdout


def test_a_report_is_written_anew(runs: tuple[Path, Path]) -> None:
    told = invoked("report", runs[0])
    assert "report.html" in told
    assert (runs[0] / "report.html").stat().st_size > 10_000
    assert (runs[0] / "report.pdf").read_bytes().startswith(b"%PDF")


def test_two_runs_are_compared_for_people_for_programs_and_as_a_page(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    page = tmp_path / "comparison.html"
    assert "worse" in invoked("compare", *runs, "--html", page)
    assert "<html" in page.read_text()
    tree = json.loads(invoked("compare", *runs, "--json"))
    verdicts = {figure["verdict"] for one in tree["conditions"] for figure in one["figures"]}
    assert "worse" in verdicts


def test_a_query_is_answered_in_three_forms(runs: tuple[Path, Path]) -> None:
    sql = "select count(*) as frames from frames"
    assert "240" in invoked("query", runs[0], sql)
    assert invoked("query", runs[0], sql, "--format", "csv").splitlines() == ['"frames"', "240"]
    assert json.loads(invoked("query", runs[0], sql, "--format", "json")) == {"frames": 240}


def test_what_was_changed_is_told_and_is_the_exit_code(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    tree = json.loads(invoked("verify", runs[0], "--json", code=1))  # the weights are made up
    levels = {one["what"]: one["level"] for one in tree["findings"]}
    assert levels["frames/part-00000.parquet"] == "ok"
    run = Evaluation.open(str(write_story(tmp_path / "c", Story(frames=12))))
    run.storage.write_json(SUMMARY, summarise(run))
    run.storage.write_json(MANIFEST, seal(run.storage, run.manifest))
    run.storage.write("objects/part-00000.parquet", runs[0].joinpath("clips.parquet").read_bytes())
    assert "something was changed" in invoked("verify", tmp_path / "c", code=1)
    tree = json.loads(invoked("verify", tmp_path / "c", "--json", code=1))
    levels = {one["what"]: one["level"] for one in tree["findings"]}
    assert levels["objects/part-00000.parquet"] == "changed"
    assert levels["frames/part-00000.parquet"] == "ok"


def test_both_streams_are_exported(runs: tuple[Path, Path], tmp_path: Path) -> None:
    for form in ("coco", "mot", "csv", "parquet"):
        assert "files" in invoked("export", runs[0], tmp_path / form, "--format", form)
    names = {path.name for path in (tmp_path / "coco").rglob("*.json")}
    assert any("clean" in name for name in names)
    assert any("attacked" in name for name in names)
