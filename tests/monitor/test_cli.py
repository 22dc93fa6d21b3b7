"""The command as its users meet it: by exit code, stdout and stderr."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor import cli
from monitor.catalog import CATALOG
from monitor.command_line import NOT_ON_THE_COMMAND_LINE
from monitor.config import default_toml, words
from streams.errors import SourceNotFound

pytestmark = pytest.mark.timeout(120)


@dataclass
class Done:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


class Command:
    """Runs the command in this process; a process of its own takes seconds to load torch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str, cwd: Path, columns: int = 80) -> Done:
        self._monkeypatch.chdir(cwd)
        self._monkeypatch.setattr(sys, "argv", ["camdrift", *arguments])
        self._monkeypatch.setenv("COLUMNS", str(columns))
        self._capsys.readouterr()
        try:
            code = cli._run()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        out, err = self._capsys.readouterr()
        return Done(code, out, err)

    def refusal(self, *arguments: str, cwd: Path) -> str:
        """The one line of a command that must fail with exit code 2 and without a traceback."""
        return refused(self(*arguments, cwd=cwd))


def refused(done: Done | subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("camdrift: ")
    return str(lines[0])


@pytest.fixture
def camdrift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


PROCESS = [sys.executable, "-c", "from monitor.cli import main; main()"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, photograph: np.ndarray) -> Path:
    """Twelve frames of a face that drifts through the picture."""
    path = tmp_path_factory.mktemp("clips") / "face.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    for i in range(12):
        writer.write(np.roll(photograph, 3 * i, axis=1))
    writer.release()
    return path


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["evaluate", "none.mp4"], ["none.mp4", "no such file"]),
        (["evaluate", "notes.mp4"], ["notes.mp4", "not a video"]),
        (["evaluate", "empty.mp4"], ["empty.mp4"]),
        (["evaluate", "."], ["folder"]),
        (["evaluate", "0"], ["camera cannot be evaluated twice"]),
        (["evaluate", "scene:portrait"], ["no end", "frames"]),
        (["evaluate", "scene:portrit", "--frames", "3"], ["scene:portrait"]),
        (["evaluate"], ["nothing to evaluate", "evaluate --help"]),
        (["evaluate", "notes.mp4", "--eps", "much"], ["eps", "'much'", "4/255"]),
        (["evaluate", "notes.mp4", "--eps", "4"], ["4/255, not 4"]),
        (["evaluate", "notes.mp4", "--attack", "pdg"], ["'pdg'", "nearest is pgd"]),
        (["evaluate", "notes.mp4", "--goal", "hide"], ["goal", "'hide'", "vanish"]),
        (["evaluate", "scene:portrait", "--frames", "1", "--model", "face"], ["nearest is faces"]),
        (
            [
                "evaluate",
                "scene:portrait",
                "--frames",
                "1",
                "--goal",
                "mislabel",
                "--target",
                "face",
            ],
            ["model faces has one class; mislabel needs two: use vanish or fabricate"],
        ),
        (
            [
                "evaluate",
                "scene:portrait",
                "--frames",
                "1",
                "--goal",
                "fabricate",
                "--target",
                "fase",
            ],
            ["target = 'fase'", "nearest is 'face'"],
        ),
        (["evaluate", "notes.mp4", "--at", "0.5;0.5"], ["at", "0.62,0.4"]),
        (
            ["evaluate", "scene:portrait", "--frames", "1", "--model", "imagenet"],
            ["goal = vanish", "labels the whole frame", "use any or mislabel"],
        ),
        (["evaluate", "notes.mp4", "--steps", "none"], ["steps", "'none'", "integer"]),
        (["evaluate", "notes.mp4", "--config", "absent.toml"], ["absent.toml", "no such file"]),
        (["live", "--source", "none.mp4", "--no-open"], ["none.mp4", "no such file"]),
        (["live", "--source", "97", "--no-open"], ["camera 97"]),
        (["live", "--host", "0.0.0.0", "--no-open"], ["0.0.0.0", "password"]),
        (["live", "--threshold", "2"], ["threshold", "less than 1"]),
        (["report", "nowhere"], ["nowhere"]),
        (["verify", "nowhere"], ["nowhere", "no run folder"]),
        (["query", "nowhere", "select 1"], ["nowhere", "no run folder"]),
        (["compare", "nowhere", "elsewhere"], ["nowhere", "no run folder"]),
        (["export", "nowhere", "out"], ["nowhere", "no run folder"]),
        (["query", "nowhere", "select 1", "--format", "xml"], ["xml", "table, csv, json"]),
        (["evaluate", "--resume", "nowhere"], ["nowhere", "no run folder"]),
        (["evaluate", "--suite", "nowhere.toml"], ["nowhere.toml", "quick, standard, driving"]),
        (
            ["evaluate", "scene:road", "--suite", "quick", "--engine", "slurm"],
            ["slurm", "local and ray"],
        ),
        (["evaluate", "empty.mp4", "notes.mp4", "--suite", "quick"], ["not one clip can be read"]),
        (["frobnicate"], ["frobnicate", "--help"]),
        (["live", "--frob"], ["--frob", "live --help"]),
    ],
    ids=" ".join,
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    arguments: list[str], parts: list[str], tmp_path: Path, camdrift: Command
) -> None:
    (tmp_path / "notes.mp4").write_text("no video at all")
    (tmp_path / "empty.mp4").touch()
    message = camdrift.refusal(*arguments, cwd=tmp_path)
    for part in parts:
        assert part in message
    assert not list(tmp_path.glob("runs/*")), "nothing may be left behind"


def test_a_bad_config_file_is_one_line(tmp_path: Path, camdrift: Command) -> None:
    (tmp_path / "config.toml").write_text("[attack]\nepsilon = 1\n")
    message = camdrift.refusal("evaluate", "clip.mp4", cwd=tmp_path)
    assert "attack.epsilon" in message
    assert "attack.eps" in message


def test_debug_shows_the_traceback(tmp_path: Path, camdrift: Command) -> None:
    with pytest.raises(SourceNotFound):
        camdrift("--debug", "evaluate", "none.mp4", cwd=tmp_path)


def test_a_process_of_its_own_says_the_same_and_leaves_with_the_same_code(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROCESS, "evaluate", "none.mp4"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=100,
        check=False,
    )
    assert "no such file" in refused(done)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which is not here")
def test_an_output_that_is_full_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROCESS, "attacks"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            timeout=100,
            check=False,
        )
    assert "No space left" in refused(done)


def test_evaluate_writes_a_run_folder_and_the_same_seed_the_same_numbers(
    clip: Path, tmp_path: Path, camdrift: Command
) -> None:
    arguments = [
        *("evaluate", str(clip), "--attack", "pgd", "--goal", "vanish", "--eps", "4/255"),
        *("--steps", "5", "--frames", "6", "--seed", "3", "--runs", "out"),
    ]
    summaries = []
    for _ in range(2):
        done = camdrift(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        folder = tmp_path / re.search(r"run folder: (.+)", done.stdout)[1]  # type: ignore[index]
        assert (folder / "manifest.json").is_file()
        assert (folder / "report.html").is_file()
        summaries.append((folder / "summary.json").read_bytes())
        assert list(folder.glob("frames/part-*.parquet"))
        assert list(folder.glob("objects/part-*.parquet"))
    assert summaries[0] == summaries[1]
    summary = json.loads(summaries[0])
    assert summary["miss_rate"] >= 0.9
    assert not list((tmp_path / "out").glob("*.partial"))


def test_a_truncated_clip_ends_with_its_reason_and_no_final_run(
    clip: Path, tmp_path: Path, camdrift: Command
) -> None:
    whole = clip.read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole[: len(whole) // 2])
    message = camdrift.refusal("evaluate", str(cut), "--attack", "none", cwd=tmp_path)
    assert "cut.avi" in message
    assert not [p for p in tmp_path.glob("runs/*") if p.suffix != ".partial"]


def start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROCESS, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def test_ctrl_c_ends_an_evaluation_and_keeps_what_was_written(tmp_path: Path) -> None:
    process = start(
        *("evaluate", "scene:portrait", "--frames", "100000", "--part-frames", "1"),
        *("--width", "96", "--attack", "none"),
        cwd=tmp_path,
    )
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("runs/*.partial/frames/part-*.parquet")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "stopped" in err
    assert list(tmp_path.glob("runs/*.partial"))
    assert len(list(tmp_path.glob("runs/*"))) == 1


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
def test_live_says_where_it_is_and_ends_within_two_seconds(
    tmp_path: Path, ending: signal.Signals
) -> None:
    process = start("live", "--source", "scene:portrait", "--port", "0", "--no-open", cwd=tmp_path)
    try:
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "http://127.0.0.1:" in line:
                break
        assert any(line.startswith("source: scene:portrait") for line in lines), lines
        began = time.monotonic()
        process.send_signal(ending)
        process.communicate(timeout=10)
        assert time.monotonic() - began < 2.0
    finally:
        process.kill()


@pytest.mark.parametrize("name", ["live", "evaluate"])
def test_the_words_of_the_file_are_the_options_of_the_command(
    name: str, tmp_path: Path, camdrift: Command
) -> None:
    text = camdrift(name, "--help", cwd=tmp_path, columns=200).stdout
    live_only = {"source", "also", "loop", "record", "max_age", "frozen_after"}
    live_only |= {"open_timeout", "read_timeout", "reconnect", "reconnect_wait"}
    without = {"part_frames"} if name == "live" else live_only
    sections = {"panel", "alarms", "access"} if name == "evaluate" else set()
    for section, word in words():
        if section not in sections and word not in without | NOT_ON_THE_COMMAND_LINE:
            assert f"--{word.replace('_', '-')} " in text, word


def test_lists_and_defaults(tmp_path: Path, camdrift: Command) -> None:
    attacks = camdrift("attacks", cwd=tmp_path, columns=200).stdout
    for name in CATALOG:
        assert re.search(rf"^ ?{name} ", attacks, re.MULTILINE), attacks
    assert "CenterFace" in camdrift("models", cwd=tmp_path, columns=200).stdout
    assert camdrift("config", cwd=tmp_path).stdout == default_toml()
    assert re.fullmatch(r"camdrift \d+\.\d+\.\d+\n", camdrift("--version", cwd=tmp_path).stdout)
