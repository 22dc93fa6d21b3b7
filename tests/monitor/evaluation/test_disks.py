"""Real disks that are full or became read-only, and real kills; each a run that goes on afterwards."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from evaluation_runs import MODEL, clip_of_spots, outcome

from monitor.evaluation.storage import Storage

TESTS = Path(__file__).parents[2]
SUITE = """
name = "disk"
[settings]
width = 160
[[attacks]]
attack = "noise"
eps = ["8/255", "24/255"]
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 240 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.name == "nt" or not _mount("-t", "tmpfs", "-o", "size=240k", "tmpfs", str(place)):
        pytest.skip("needs the right to mount a disk")
    yield place
    subprocess.run(["umount", str(place)], check=True, timeout=30)


def _mount(*words: str) -> bool:
    try:
        return (
            subprocess.run(
                ["mount", *words], capture_output=True, timeout=30, check=False
            ).returncode
            == 0
        )
    except OSError:
        return False


def camdrift(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", "evaluate", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )


@pytest.fixture
def order(tmp_path: Path) -> list[str]:
    clips = [str(clip_of_spots(tmp_path / f"{i}.mkv", 60, seed=i)) for i in range(2)]
    (tmp_path / "suite.toml").write_text(SUITE)
    return [*clips, "--suite", str(tmp_path / "suite.toml"), "--model", MODEL]


@pytest.fixture
def measure(order: list[str], tmp_path: Path) -> dict[str, bytes]:
    done = camdrift(*order, "--runs", str(tmp_path / "whole"))
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "whole").iterdir()
    return outcome(Storage(str(run)))


def gone_on(folder: Path) -> dict[str, bytes]:
    (run,) = folder.iterdir()
    done = camdrift("--resume", str(run))
    assert done.returncode == 0, done.stderr
    (run,) = folder.iterdir()
    return outcome(Storage(str(run)))


def test_a_disk_that_is_full_is_one_line_and_costs_nothing(
    disk: Path, order: list[str], measure: dict[str, bytes]
) -> None:
    done = camdrift(*order, "--runs", str(disk))
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("camdrift: ")]
    assert "the disk is full" in line
    assert "--resume" in line
    assert _mount("-o", "remount,size=64m", str(disk))
    assert gone_on(disk) == measure


def test_a_disk_that_is_read_only_is_one_line_and_costs_nothing(
    disk: Path, order: list[str], measure: dict[str, bytes]
) -> None:
    camdrift(*order, "--runs", str(disk))  # broken off: it is full
    assert _mount("-o", "remount,ro,size=64m", str(disk))
    (run,) = disk.iterdir()
    done = camdrift("--resume", str(run))
    assert done.returncode == 2
    assert "read-only" in done.stderr.splitlines()[-1]
    assert _mount("-o", "remount,rw,size=64m", str(disk))
    assert gone_on(disk) == measure


def test_kills_at_random_moments_cost_nothing(order: list[str], tmp_path: Path) -> None:
    clips = [word for word in order if word.endswith(".mkv")]
    done = subprocess.run(
        [
            *(sys.executable, str(TESTS / "kill_runs.py"), *clips, "--kills", "4", "--seed", "3"),
            *("--model", MODEL, "--suite", str(tmp_path / "suite.toml")),
        ],
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"4 kills over \d+ runs, 0 with other tables", done.stdout)
