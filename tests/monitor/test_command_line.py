"""The command that a recording names begins the session that was recorded."""

from __future__ import annotations

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from monitor.command_line import NOT_ON_THE_COMMAND_LINE, live_command
from monitor.commands.options import with_settings
from monitor.config import Settings, sections, words

CHANGES: list[dict[str, Any]] = [
    {},
    {"source": "scene:road?height=360", "model": "signs", "attack": "pgd", "steps": 3},
    {"eps": "3.25/255", "goal": "fabricate", "at": "0.5,0.5", "random_start": False},
    {"norm": "l2", "eps": 1.25, "attack": "square", "queries": 77, "anneal": False},
    {"source": "0", "also": ("scene:pitch", "scene:road"), "faults": "fog:2, jpeg", "ramp": 30},
    {"threshold": 0.123456789, "width": 640, "record": True, "runs": "kept here", "seed": 11},
    {"allow_sources": ("rtsp://cam.local",), "allow_folders": ("clips",)},
]


def _parsed(command: tuple[str, ...]) -> Settings:
    """What the command line makes of it, without its session."""
    held: list[Settings] = []
    app = typer.Typer()

    @app.command()
    @with_settings(*sections(), several_sources=True)
    def live(settings: Settings) -> None:
        held.append(settings)

    told = CliRunner().invoke(app, list(command[2:]))
    assert told.exit_code == 0, told.output
    return held[0]


@pytest.mark.parametrize("changes", CHANGES)
def test_the_command_has_the_same_settings(
    changes: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no config.toml is read
    settings = Settings().changed(changes)
    command = live_command(settings)
    assert command[:3] == ("camdrift", "live", "--source")
    parsed = _parsed(command)
    for _, word in words():
        assert parsed.word(word) == settings.word(word), word


def test_what_nobody_may_read_is_left_out() -> None:
    settings = Settings().changed({"password": "geheim", "webhook": "https://hook.local/geheim"})
    assert "geheim" not in " ".join(live_command(settings))
    assert {"password", "webhook"} == NOT_ON_THE_COMMAND_LINE
