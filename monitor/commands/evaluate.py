"""The command `camdrift evaluate`: one clip under one condition, or a suite over many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.evaluate import EvaluateProgress
from monitor.evaluation.criteria import exit_code
from monitor.evaluation.engines import Engine, check_engine, engine_of
from monitor.evaluation.estimate import Estimate
from monitor.evaluation.junit import junit_xml
from monitor.evaluation.opened import SUMMARY
from monitor.evaluation.progress import Progress
from monitor.evaluation.request import Prepared, begin, prepare, resumed
from monitor.evaluation.storage import Storage
from monitor.evaluation.suite import Suite, load_suite, single

UNREADABLE = 5
"""Exit code of a run that is whole but for clips that cannot be read."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for.

    Attributes
    ----------
    paths : clips, empty: the suite's own.
    suite : name or file; empty: the settings are the suite.
    truth : see `find_clips`.
    workers : processes; with Ray jobs at a time, 0: as many as there are processors.
    engine, address : see `engine_of`.
    estimate_only : tell what it would cost, and do nothing.
    junit : file for the verdicts; None: none.
    """

    paths: tuple[str, ...]
    suite: str = ""
    truth: str | None = None
    workers: int = 1
    engine: str = "local"
    address: str = "local"
    estimate_only: bool = False
    junit: Path | None = None

    @property
    def alone(self) -> bool:
        """One clip under the settings' own condition: a run of its own kind, with video and timings."""
        some = len(self.paths) == 1 and not any(sign in self.paths[0] for sign in "*[")
        apart = self.suite or self.estimate_only or self.junit is not None or self.truth is not None
        return some and not apart and self.workers == 1 and self.engine == "local"


def evaluate_one(
    path: str,
    settings: Settings,
    *,
    say: Callable[[str], None],
    tell: Callable[[EvaluateProgress], None],
    command: Sequence[str],
) -> None:
    """One clip under the one condition of the settings; see `monitor.evaluate`."""
    from monitor.evaluate import evaluate
    from monitor.report.track_words import tracks_sentence
    from monitor.report.video_words import video_words
    from monitor.runs import Run

    folder = evaluate(path, settings, progress=tell, command=command)
    say(f"run folder: {folder}")
    say(f"report:     {folder / 'report.html'}")
    summary = Run.open(folder).summary
    say(f"tracks:     {tracks_sentence(summary)}")
    if words := video_words(summary):
        say(f"video:      {words}")


def evaluate_suite(
    order: Order,
    settings: Settings,
    *,
    say: Callable[[str], None],
    tell: Callable[[Progress], None],
    command: Sequence[str],
) -> int:
    """Check, estimate, run; the exit code: 0, 3 a criterion failed, 5 clips unreadable, 4 undecided.

    Parameters
    ----------
    order, settings : what is asked.
    say : takes lines for people.
    tell : takes news while it runs.
    command : the command line, for the manifest.

    Raises
    ------
    ConfigError, RunError, ModelError : see `prepare`, `begin` and `Conductor.run`.
    """
    from monitor.evaluation.conductor import cost

    check_engine(order.engine, order.workers)
    suite = _suite(order, settings)
    tell(Progress("estimate"))
    prepared = prepare(order.paths, suite, settings, truth=order.truth)
    estimate = cost(prepared)
    for line in estimate_lines(prepared, estimate, max(order.workers, 1)):
        say(line)
    if order.estimate_only:
        return 0
    with engine_of(order.engine, order.workers, order.address) as engine:
        begin(
            prepared,
            settings,
            paths=order.paths or suite.paths,
            truth=order.truth,
            shard_frames=estimate.shard_frames,
            command=command,
        )
        return _conduct(prepared, engine, order, say, tell)


def resume(
    url: str,
    order: Order,
    *,
    say: Callable[[str], None],
    tell: Callable[[Progress], None],
) -> int:
    """Go on with a run that was broken off; the exit code as of `evaluate_suite`.

    Raises
    ------
    RunError : see `resumed`.
    """
    prepared = resumed(url)
    with engine_of(order.engine, order.workers, order.address) as engine:
        return _conduct(prepared, engine, order, say, tell)


def estimate_lines(prepared: Prepared, estimate: Estimate, workers: int) -> list[str]:
    """What a run will cost, for people."""
    from monitor.commands.progress import duration

    clips, cells = len(prepared.clips), len(prepared.conditions)
    unreadable = len(prepared.unreadable)
    bad = f" ({unreadable} cannot be read)" if unreadable else ""
    lines = [
        f"suite {prepared.suite.name}: {_count(clips, 'clip')}{bad}, {_count(cells, 'condition')}"
    ]
    if estimate.frames is None or estimate.seconds is None or estimate.forwards is None:
        lines.append(
            f"cost:       {1e3 * estimate.frame_s:.0f} ms a frame; some clip does not say how many it has"
        )
        return lines
    by = f", {workers} workers" if workers > 1 else ""
    lines.append(
        f"cost:       {_count(estimate.frames, 'frame')}, {estimate.forwards:,} passes, about "
        f"{duration(estimate.seconds / workers)}{by}"
    )
    return lines


def _suite(order: Order, settings: Settings) -> Suite:
    if order.suite:
        return load_suite(order.suite)
    if not order.paths:
        raise ConfigError(
            "nothing to evaluate: give a clip, or a --suite that names its own; see `camdrift evaluate "
            "--help`"
        )
    return single(settings, settings.attack.attack)


def _conduct(
    prepared: Prepared,
    engine: Engine,
    order: Order,
    say: Callable[[str], None],
    tell: Callable[[Progress], None],
) -> int:
    from monitor.evaluation.conductor import Conductor

    storage = Conductor(prepared, engine, tell).run()
    summary = storage.read_json(SUMMARY)
    verdicts = summary["criteria"]
    say(f"run folder: {storage.url}")
    say(f"report:     {_place(storage, 'report.html')}")
    for one in verdicts:
        say(f"{one['verdict'] + ':':<12}{one['text']}  ({one['reason']})")
    for one in summary["failed"]:
        say(f"unreadable: {one['reason']}")
    if order.junit is not None:
        order.junit.write_text(junit_xml(storage.name, verdicts), encoding="utf-8")
    code = exit_code([one["verdict"] for one in verdicts])
    if summary["failed"] and code != 3:
        return UNREADABLE
    return code


def _place(storage: Storage, name: str) -> str:
    folder = storage.local
    return f"{storage.url}/{name}" if folder is None else str(folder / name)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")
