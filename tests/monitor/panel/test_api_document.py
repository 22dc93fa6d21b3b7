"""docs/api.md says what the API does, and its client runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alarm_stories import Book, called
from api_server import answering
from fastapi import FastAPI
from starlette.testclient import TestClient

from monitor.alarm_facts import alarm_facts
from monitor.panel.api import add_api
from monitor.panel.controls import Controls
from monitor.panel.metrics import add_metrics
from monitor.panel.watch import Watch
from monitor.session import Session

pytestmark = pytest.mark.timeout(60)

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return str(code)


def test_the_example_client_runs(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(block("python"), encoding="utf-8")
    with answering(session) as url:
        done = subprocess.run(
            [sys.executable, "-W", "error", script, url],
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    first, second, *things = done.stdout.splitlines()
    assert first.endswith(f"{session.status.source} faces")
    assert re.fullmatch(r"frame \d+ under eps 0\.0314: \d+ objects", second)
    for thing in things:
        assert re.fullmatch(
            r"(kept|missed|fabricated) (face|None) (0\.\d+|None) (0\.\d+|None)", thing
        )
    assert session.settings.attack.eps == 8 / 255


def test_the_table_of_routes_is_the_apis(new_session: Callable[..., Session]) -> None:
    session = new_session()
    app = FastAPI()
    add_api(app, session, Watch(session), Book(), Controls(session))
    told = TestClient(app).get("/api/v1/openapi.json").json()["paths"]
    coded = {f"{method.upper()} {path}" for path, methods in told.items() for method in methods}
    assert set(re.findall(r"^\| ((?:GET|POST|PATCH) \S+) \|", TEXT, re.MULTILINE)) == coded


def test_the_webhooks_example_has_the_fields_of_an_alarm() -> None:
    written, facts = json.loads(block("json")), alarm_facts(called())
    assert list(written) == list(facts)
    assert {name: type(value) for name, value in written.items()} == {
        name: type(value) for name, value in facts.items()
    }
    for name in ("frames", "pictures"):
        assert list(written[name]) == list(facts[name])  # type: ignore[call-overload]


def test_the_metrics_that_are_named_are_there(new_session: Callable[..., Session]) -> None:
    session = new_session()
    app = FastAPI()
    add_metrics(app, session, Watch(session), Book())
    text = TestClient(app).get("/metrics").text
    names = set(re.findall(r"`(?:increase\()?(camdrift_\w+)[{ ]", TEXT))
    assert len(names) == 3
    for name in names:
        assert f"\n# TYPE {name.removesuffix('_total')}" in text, name
