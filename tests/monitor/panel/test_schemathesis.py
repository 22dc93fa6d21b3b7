"""The API is what its own OpenAPI document says, whatever is sent to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from api_server import answering

from monitor.session import Session

pytestmark = pytest.mark.timeout(60)

# Values that have the right form may still not fit together, or the model at work.
CONFIG = """
continue-on-failure = true
request-timeout = 10.0

[[operations]]
include-method = "PATCH"
include-path = "/api/v1/settings"
checks.positive_data_acceptance.expected-statuses = ["2xx", "422"]
"""


def test_the_api_keeps_to_its_document(
    new_session: Callable[..., Session], wait_for: Callable[..., None], tmp_path: Path
) -> None:
    # Small frames: some attacks that are tried by chance take seconds on large ones.
    session = new_session(idle_after=0, width=64)
    session.start()
    (tmp_path / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    with answering(session) as url:
        done = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                *("--config-file", tmp_path / "schemathesis.toml", "run"),
                *("--checks", "all", "--max-examples", "25"),
                *("--generation-deterministic", "--no-color"),
                f"{url.rstrip('/')}/api/v1/openapi.json",
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "8 selected / 8 total" in told, told
    source = session.settings.stream.source
    # A camera's number is a text like any other, and a camera of this machine is allowed.
    assert source.startswith("scene:") or source.isdecimal() or source in ("auto", "visitor")
    session.apply({"attack": "none", "margin_every": 0, "faults": ""})
    session.stop(timeout=10)
