"""The command as its users meet it: by exit code, stdout and stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """(arguments) -> (exit code, stdout, stderr), in an empty folder."""

    def run(*arguments: object) -> tuple[int, str, str]:
        words = ["camdrift", *(str(word) for word in arguments)]
        monkeypatch.setattr(sys, "argv", words)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        try:
            code = cli._run()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def refusal(run: Run) -> Callable[..., str]:
    """(arguments) -> the one line of a command that must fail with exit code 2 and without a traceback."""

    def refusal(*arguments: object) -> str:
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert err.startswith("camdrift: ")
        return err

    return refusal
