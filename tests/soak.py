"""A session at full speed while a seeded client changes its settings: `python tests/soak.py --seconds 1200`.

Ends with exit code 1 where memory grew, a missed deadline was not counted, a record was lost, or anything was
raised. Loopback is not used; the clip is rendered.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.memory import keep_freed_memory
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.pipeline import Observation
from monitor.session import Session
from monitor.status import SessionState
from streams.clock import Clock
from streams.opening import open_source
from streams.source import VideoSource

PAGE = 4096
GROWTH_MB = 20.0
"""Allowed after the warm-up: 20 minutes may not add more."""

CHOICES: dict[str, list[Any]] = {
    "attack": ["none", "noise", "fgsm", "pgd", "mi-fgsm", "warm", "square", "bim"],
    "eps": ["1/255", "2/255", "4/255", "8/255"],
    "threshold": [0.3, 0.5, 0.7],
    "faults": ["", "fog:2", "rain:3, jpeg:2", "gaussian-noise:1"],
    "deadline_ms": [0, 20, 60, 200],
    "steps": [1, 3, 5],
    "queries": [20],
    "amplify": [1, 8, 32],
    "trails": [0, 2],
    "width": [160, 240],
    "goal": ["vanish", "any", "fabricate"],
    "margin_every": [0],
}


@dataclass
class Findings:
    """What the soak saw."""

    frames: int = 0
    changes: int = 0
    refused: int = 0
    late: int = 0
    silent_deadlines: int = 0
    records_lost: int = 0
    errors: list[str] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    growth_mb: float = 0.0
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether everything held."""
        return not (
            self.errors
            or self.silent_deadlines
            or self.records_lost
            or self.growth_mb >= GROWTH_MB
            or not self.frames
        )


class Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(self.format(record)[:500])


def clip(folder: Path, frames: int = 120) -> Path:
    """scene:portrait, written without loss."""
    path = folder / "soak.mkv"
    size = (320, 240)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"FFV1"), 25, size)
    with open_source(f"scene:portrait?width={size[0]}&height={size[1]}&frames={frames}") as scene:
        while (frame := scene.read(10)) is not None:
            writer.write(np.ascontiguousarray(frame.pixels))
    writer.release()
    return path


def unpaced(settings: Settings, clock: Clock) -> VideoSource:
    """The clip over and over, as fast as it can be worked on."""
    return open_source(settings.stream.source, loop=True, clock=clock)


def rss_mb() -> float:
    """Resident memory of this process, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def soak(seconds: float, warm_up: float, seed: int, tell: Any = lambda _: None) -> Findings:
    """Run the session; `warm_up` seconds pass before memory counts."""
    rng = np.random.default_rng(seed)
    found = Findings()
    handler = Errors(found.errors)
    logging.getLogger().addHandler(handler)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings().changed(
            {"source": str(clip(Path(folder))), "width": 160, "idle_after": 0, "seed": seed}
        )
        session = Session(settings, open_live=unpaced)
        session.start()
        try:
            _drive(session, rng, found, seconds, warm_up, tell)
        finally:
            session.stop(10.0)
            logging.getLogger().removeHandler(handler)
    return found


def _drive(
    session: Session,
    rng: np.random.Generator,
    found: Findings,
    seconds: float,
    warm_up: float,
    tell: Any,
) -> None:
    began = told = time.monotonic()
    listener = session.subscribe()
    expected: int | None = None
    session.add_sink(lambda seen: _judge_deadline(session, seen, found))
    # Memory is to show what grows, not which choice happened to come late: all are met once before it counts.
    first = list(itertools.product(CHOICES["attack"], CHOICES["width"], CHOICES["goal"]))
    while (now := time.monotonic()) - began < seconds:
        visited = int((now - began) / (0.8 * warm_up) * len(first))
        if visited < len(first):
            attack, width, goal = first[visited]
            _apply(session, {"attack": attack, "width": width, "goal": goal}, found)
        else:
            _change(session, rng, found)
        for record in listener.records(float(rng.uniform(0.05, 1.5))):
            found.frames += 1
            found.late += record.late
            found.records_lost += expected is not None and record.index != expected
            expected = record.index + 1
        status = session.status
        if status.state is SessionState.FAILED:
            found.errors.append(f"failed: {status.message}")
            session.apply({})
        if now - told >= 5.0:
            told = now
            found.rss_mb.append(round(rss_mb(), 1))
            tell(f"{now - began:6.0f} s  {found.frames} frames  {found.rss_mb[-1]:.0f} MB")
    listener.close()
    found.seconds = round(time.monotonic() - began, 1)
    after = found.rss_mb[int(warm_up / 5) :]
    # The median of the first and of the last minute: a single reading may catch a large attack at work.
    share = max(1, min(12, len(after) // 3))
    found.growth_mb = (
        round(float(np.median(after[-share:]) - np.median(after[:share])), 1) if after else 0.0
    )


def _judge_deadline(session: Session, seen: Observation, found: Findings) -> None:
    """Called in the loop, so that `applied` is what the frame was worked on under."""
    deadline = session.applied.attack.deadline_ms
    stages = ("scale", "clean", "attack", "attacked")
    took = sum(seen.stages_ms.get(stage, 0.0) for stage in stages)
    found.silent_deadlines += bool(deadline and took > deadline and not seen.late)


def _change(session: Session, rng: np.random.Generator, found: Findings) -> None:
    if rng.random() < 0.1:
        session.pause()
        time.sleep(float(rng.uniform(0, 0.2)))
        session.resume()
        return
    word = str(rng.choice(list(CHOICES)))
    _apply(session, {word: CHOICES[word][int(rng.integers(len(CHOICES[word])))]}, found)


def _apply(session: Session, changes: dict[str, Any], found: Findings) -> None:
    try:
        session.apply(changes)
        found.changes += 1
    except ConfigError:
        found.refused += 1  # an attack that the goal does not go with; the loop must not mind


def main() -> int:
    """Soak, print the findings as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--warm-up", type=float, default=120.0, help="seconds before memory counts")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    keep_freed_memory()
    found = soak(
        given.seconds, given.warm_up, given.seed, lambda text: print(text, file=sys.stderr)
    )
    print(json.dumps({**vars(found), "good": found.good}))
    return 0 if found.good else 1


if __name__ == "__main__":
    sys.exit(main())
