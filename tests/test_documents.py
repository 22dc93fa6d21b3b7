"""What the documents say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.commands.listing import ATTACK_COLUMNS, FAULT_COLUMNS, attack_rows, fault_cells
from monitor.evaluation.views import views_markdown
from monitor.goals import Goal
from monitor.status import SessionState
from streams.states import LEGAL_MOVES, SourceState

ROOT = Path(__file__).parent.parent
DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


def rows(heading: str, text: str = DESIGN) -> list[list[str]]:
    """The cells of the table that begins with this line."""
    lines = text[text.index(heading) :].splitlines()[2:]
    table = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def test_the_table_of_a_sources_moves_is_the_codes() -> None:
    written = {
        state: {name for name in moves.split(", ") if name}
        for state, moves in rows("| state | may become |")
    }
    coded = {state.value: {to.value for to in LEGAL_MOVES[state]} for state in SourceState}
    assert written == coded


def test_the_table_of_a_sessions_states_is_complete() -> None:
    assert [row[0] for row in rows("| state | what it means |")] == [str(s) for s in SessionState]


def test_every_file_that_a_document_links_to_is_there() -> None:
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/design.md",
        "docs/models.md",
        "docs/attacks.md",
        "docs/faults.md",
        "docs/patches.md",
        "docs/sources.md",
        "docs/api.md",
        "docs/safety.md",
    ):
        document = ROOT / name
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{name}: {target}"


def test_the_table_of_goals_is_the_codes() -> None:
    written = {row[0]: tuple(filter(None, row[2].split(", "))) for row in rows("| goal | a frame")}
    assert written == {str(goal): goal.heeds for goal in Goal}


def test_the_table_of_attacks_is_the_catalogues() -> None:
    text = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
    assert rows(f"| {' | '.join(ATTACK_COLUMNS)} |", text) == [list(row) for row in attack_rows()]


def test_the_table_of_faults_is_the_catalogues() -> None:
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert rows(f"| {' | '.join(FAULT_COLUMNS)} |", text) == [list(row) for row in fault_cells()]


def test_the_tables_of_an_evaluation_are_the_codes() -> None:
    assert views_markdown().rstrip() in (ROOT / "docs" / "views.md").read_text(encoding="utf-8")


def test_the_example_of_a_session_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs/sources.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, "docs/sources.md", "exec"), {})
    assert capsys.readouterr().out.startswith("running ")
