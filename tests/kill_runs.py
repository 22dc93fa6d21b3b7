"""Kill an evaluation with SIGKILL at random moments, resume it each time, and compare its tables.

    python tests/kill_runs.py CLIPS... [--kills 50] [--seed 0] [--workers 2]

One run goes through unbroken and is the measure. Then others are begun and killed, with all their
workers or without (that is drawn too), resumed and killed again, until so many kills were spent; what each
of them comes to must be the same files, byte for byte. Exit code 1 where it is not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SUITE = """
name = "killed"
[settings]
width = {width}
frames = {frames}
goal = "vanish"
[[attacks]]
attack = "noise"
eps = "8/255"
[[attacks]]
attack = "pgd"
steps = 2
eps = ["2/255", "8/255"]
[[attacks]]
attack = "warm"
eps = "8/255"
"""


def main() -> int:
    """Run the whole story; what it saw goes to stdout."""
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    words.add_argument("clips", nargs="+")
    words.add_argument("--kills", type=int, default=50)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--workers", type=int, default=2)
    words.add_argument("--frames", type=int, default=24)
    words.add_argument("--width", type=int, default=160)
    words.add_argument("--model", default="faces")
    words.add_argument("--suite", type=Path, help="another than the one above")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="killed-") as folder:
        return killed(given, Path(folder))


def killed(given: argparse.Namespace, folder: Path) -> int:
    suite = folder / "suite.toml"
    text = SUITE.format(width=given.width, frames=given.frames)
    suite.write_text(given.suite.read_text() if given.suite else text)
    rng = random.Random(given.seed)
    common = ["--workers", str(given.workers)]
    fresh = [*given.clips, "--suite", str(suite), "--model", given.model, *common]
    began = time.monotonic()
    whole = finished(folder / "whole", fresh)
    took = time.monotonic() - began
    measure = tables(whole)
    print(f"unbroken: {took:.1f} s, {len(measure)} files")
    left, runs, wrong = given.kills, 0, 0
    while left:
        runs += 1
        place = folder / f"run-{runs}"
        place.mkdir()
        used = 0
        while True:
            broken = next(place.glob("*"), None)
            arguments = fresh if broken is None else ["--resume", str(broken), *common]
            wait = rng.uniform(0, took) if left else None
            began = time.monotonic()
            ended = one(place, arguments, wait, whole_group=rng.random() < 0.5)
            if ended:
                if not used:
                    took = min(took, time.monotonic() - began)
                break
            left, used = left - 1, used + 1
        same = tables(next(place.glob("*"))) == measure
        wrong += not same
        print(
            f"run {runs}: killed {used} times, tables {'equal' if same else 'DIFFER'}", flush=True
        )
    print(f"{given.kills} kills over {runs} runs, {wrong} with other tables")
    return 1 if wrong else 0


def one(place: Path, arguments: list[str], wait: float | None, *, whole_group: bool) -> bool:
    """Begin or go on, and kill after so many seconds; True where it came to its end before."""
    command = [sys.executable, "-m", "monitor", "evaluate", *arguments, "--runs", str(place)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        _, said = process.communicate(timeout=wait)
    except subprocess.TimeoutExpired:
        if whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()  # its workers have to notice
        process.communicate()
        return False
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}: {said.decode()}")
    return True


def finished(place: Path, arguments: list[str]) -> Path:
    place.mkdir()
    assert one(place, arguments, None, whole_group=True)
    (run,) = place.glob("*")
    return run


def tables(run: Path) -> dict[str, str]:
    """File -> hash, of all that stands for the outcome; none may be there beside them."""
    assert not run.name.endswith(".partial"), f"{run}: not finished"
    assert not (run / "shards").exists()
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.rglob("*"))
        if path.suffix in (".parquet", ".png") or path.name == "summary.json"
    }


if __name__ == "__main__":
    sys.exit(main())
