"""SQL over a run: right answers, from anywhere, and nothing but the run."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import fsspec
import pytest
from evaluation_stories import Story, write_story
from rich.console import Console
from run_stories import written

from monitor.commands.evaluation import answer_table, answer_text, opened
from monitor.errors import ConfigError, RunError
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.query import query, views_of
from monitor.evaluation.tables import LISTS, TABLES
from monitor.evaluation.views import RUN_VIEWS, VIEWS, views_markdown
from monitor.runs import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    # A name that is a pattern, a quotation mark and an escape at once.
    folder = tmp_path_factory.mktemp("runs") / "it's [a] 100%20 * run"
    return Evaluation.open(str(write_story(folder, Story(frames=30))))


def test_the_answer_equals_one_worked_out_by_hand(run: Evaluation) -> None:
    frames = run.table("frames").to_pylist()
    by_hand = {
        condition: sum(row["missed"] for row in frames if row["condition"] == condition)
        for condition in range(3)
    }
    answer = query(run, "select condition, sum(missed) as lost from frames group by 1")
    assert {row["condition"]: row["lost"] for row in answer.to_pylist()} == by_hand
    assert sum(by_hand.values()) > 0


def test_every_view_has_the_columns_that_it_is_said_to_have(run: Evaluation) -> None:
    assert set(VIEWS) == {*TABLES, *LISTS, *(f"{name}_named" for name in TABLES)}
    for name, view in VIEWS.items():
        answer = query(run, f"from {name} limit 0")
        assert answer.column_names == [one.name for one in view.columns], name
        assert [str(kind) for kind in answer.schema.types] == [one.kind for one in view.columns]


def test_joined_views_name_clip_and_condition(run: Evaluation) -> None:
    row = query(
        run,
        "select distinct clip_name, condition_name, attack, norm, eps_text, model, seed "
        "from objects_named where clip = 1 and condition = 2",
    ).to_pylist()
    assert row == [
        {
            "clip_name": "clip-1.mp4",
            "condition_name": "signs, pgd linf 4/255",
            "attack": "pgd",
            "norm": "linf",
            "eps_text": "4/255",
            "model": "signs",
            "seed": 0,
        }
    ]
    joined = query(run, "select count(*) n from frames_named").to_pylist()
    assert joined == query(run, "select count(*) n from frames").to_pylist()


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd.csv'",
        "select * from glob('/etc/*')",
        "select * from 'https://localhost/x.parquet'",
        "select * from read_parquet('{folder}/frames/part-00000.parquet')",
    ],
)
def test_it_reads_no_other_file(run: Evaluation, sql: str) -> None:
    place = str(run.storage.local).replace("'", "''")
    with pytest.raises(RunError, match="asks for something outside the run; there are frames, ob"):
        query(run, sql.replace("{folder}", place))


@pytest.mark.parametrize(
    "sql",
    [
        "copy frames to '{folder}/x.csv'",
        "copy frames to '{folder}/frames/part-00000.parquet' (format parquet)",
        "attach '{folder}/x.db'",
        "export database '{folder}/x'",
        "create table x as from frames",
        "drop view frames_named",
        "set enable_external_access = true",
        "install httpfs",
        "pragma version",
        "select 1; select 2",
        "",
    ],
)
def test_it_does_nothing_but_answer(run: Evaluation, sql: str) -> None:
    folder = run.storage.local
    assert folder is not None
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(RunError, match="gives no table; write one SELECT over frames, objects"):
        query(run, sql.replace("{folder}", str(folder).replace("'", "''")))
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_variables_of_the_program_are_no_tables(run: Evaluation) -> None:
    secret = run.table("frames")
    assert secret.num_rows
    with pytest.raises(RunError, match="secret does not exist"):
        query(run, "select * from secret")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("selec 1", 'syntax error at or near "selec"'),
        ("select foo from frames", 'Referenced column "foo" not found'),
        ("select * from fram", 'Did you mean "frames"'),
        ("select count(*) from frames where index = 'x'", "Could not convert string 'x'"),
    ],
)
def test_what_is_wrong_is_one_line(run: Evaluation, sql: str, told: str) -> None:
    with pytest.raises(RunError, match=r"^the query cannot be answered: ") as error:
        query(run, sql)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert "LINE" not in str(error.value)


def test_a_damaged_part_is_told(tmp_path: Path) -> None:
    run = Evaluation.open(str(write_story(tmp_path / "run", Story(frames=5))))
    (tmp_path / "run/objects/part-00000.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(RunError, match=r"cannot be answered.*objects/part-00000\.parquet"):
        query(run, "select count(score_drop) from objects")


def test_a_table_without_parts_or_rows_is_empty(tmp_path: Path) -> None:
    run = Evaluation.open(str(write_story(tmp_path / "run", Story(frames=5, truth=False))))
    assert query(run, "from truth").num_rows == 0
    (tmp_path / "run/truth/part-00000.parquet").unlink()
    answer = query(run, "from truth_named")
    assert answer.num_rows == 0
    assert "clip_name" in answer.column_names


def test_a_run_behind_a_url_answers_the_same(run: Evaluation) -> None:
    folder = run.storage.local
    assert folder is not None
    files = fsspec.filesystem("memory")
    for path in (path for path in folder.rglob("*") if path.is_file()):
        files.pipe_file(f"/query-run/{path.relative_to(folder)}", path.read_bytes())
    try:
        remote = Evaluation.open("memory://query-run")
        sql = "select condition_name name, max(score_drop), count(*) from objects_named group by 1 order by 1"
        assert query(remote, sql).equals(query(run, sql))
        with pytest.raises(RunError, match="outside the run"):
            query(remote, "select * from read_text('/etc/passwd')")
    finally:
        files.rm("/query-run", recursive=True)


def test_a_run_of_one_clip_is_asked_the_same_way(tmp_path: Path) -> None:
    run = opened(str(written(tmp_path)))
    assert isinstance(run, Run)
    assert query(run, "select count(*) n from frames").to_pylist() == [{"n": 10}]
    assert set(views_of(run)) == set(RUN_VIEWS) == {"frames", "objects", "tracks", "timings"}
    for name, view in RUN_VIEWS.items():
        assert query(run, f"from {name}").column_names == [one.name for one in view.columns]
    with pytest.raises(
        RunError, match="outside the run; there are frames, objects, tracks, timings"
    ):
        query(run, "select * from read_text('/etc/passwd')")


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run folder: there is no manifest\.json"):
        opened(str(tmp_path))


def test_csv_and_json_lines_hold_what_arrow_has(run: Evaluation) -> None:
    answer = query(
        run,
        "select 'a,\"b\"' as text, 1.5 as x, null as nothing, 'inf'::double as never, [1, 2] as list, "
        "{'a': 'nan'::double} as tree, 3::hugeint as huge, date '2026-01-31' as day, 7 as x",
    )
    (line,) = answer_text(answer, "json")
    assert json.loads(line) == {
        "text": 'a,"b"',
        "x": 1.5,
        "nothing": None,
        "never": "inf",
        "list": [1, 2],
        "tree": {"a": "nan"},
        "huge": 3,
        "day": "2026-01-31",
        "x_2": 7,
    }
    (text,) = answer_text(answer, "csv")
    head, row = csv.reader(io.StringIO(text))
    assert head == ["text", "x", "nothing", "never", "list", "tree", "huge", "day", "x"]
    assert row == ['a,"b"', "1.5", "", "inf", "[1, 2]", '{"a": "nan"}', "3", "2026-01-31", "7"]
    with pytest.raises(
        ConfigError, match="format 'xml': no such form of an answer; there are table"
    ):
        answer_text(answer, "xml")


def test_the_table_cuts_turns_and_steers_no_terminal(run: Evaluation) -> None:
    def shown(sql: str) -> str:
        console = Console(width=120, record=True, file=io.StringIO())
        console.print(answer_table(query(run, sql)))
        return console.export_text()

    assert "100 of 180 rows; --format csv or json gives all" in shown("select index from frames")
    assert "of 180" not in shown("select count(*) from frames")
    turned = shown("from frames_named")
    assert "column" in turned
    assert "row 4" in turned
    assert "row 5" not in turned
    hostile = shown("select '[red]x[/red]' || chr(27) || '[2J' as text")
    assert "[red]x[/red]?[2J" in hostile
    assert "\x1b" not in hostile


def test_the_documentation_has_every_column_with_unit_and_meaning() -> None:
    text = views_markdown()
    for name, view in VIEWS.items():
        section = text.split(f"### `{name}`\n")[1].split("\n### ")[0]
        for one in view.columns:
            assert f"| `{one.name}` | {one.kind} |" in section
            assert one.meaning
            assert one.meaning in section
    assert "| px |" in text


@pytest.mark.slow
def test_a_hundred_thousand_frames_are_counted_whole(tmp_path: Path) -> None:
    """What it takes is for `tests/benchmarks/reading.py` to say."""
    run = Evaluation.open(str(write_story(tmp_path / "run", Story(clips=100, frames=334))))
    answer = query(
        run,
        "select condition_name, clean_class, count(*) n, avg(score_drop) from objects_named group by all",
    )
    assert sum(answer["n"].to_pylist()) > 300_000
