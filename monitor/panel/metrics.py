"""Figures for whoever runs it: /metrics for Prometheus, /healthz for whoever starts it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import product
from typing import Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, Response

from monitor import __version__
from monitor.alarm_facts import AlarmBook
from monitor.drift.alarms import Direction
from monitor.drift.alarms import Metric as Figure
from monitor.drift.windows import Rates
from monitor.group import Group
from monitor.live import Live
from monitor.panel.api_manners import HEADERS
from monitor.panel.watch import Reading, Watch
from monitor.status import SessionState, SessionStatus
from streams.naming import without_credentials

METRICS: Final = "/metrics"
HEALTH: Final = "/healthz"

_OF_THE_WINDOW: Final = (
    ", over the panel's window; only of the camera in view, only where it is known"
)

_RATES: Final[Mapping[str, str]] = {
    "miss_rate": "Share of objects that the detector misses under the attack, 0 to 1",
    "relabel_rate": "Share of objects that get another class under the attack, 0 to 1",
    "fabrications_per_frame": "Objects a frame that only the attacked answer holds",
    "attack_success_rate": "Share of attacked frames whose goal was met, 0 to 1",
    "score_drop": "Clean less attacked score, mean over objects, 0 to 1; a missed one lost its whole score",
    "centre_shift_px": "Distance that objects seem to move under the attack, mean, pixels",
    "js_distance_classes": "Jensen-Shannon distance of clean and attacked classes, base 2, 0 to 1",
    "js_distance_scores": "Jensen-Shannon distance of clean and attacked scores, base 2, 0 to 1",
}

_COUNTS: Final[Mapping[str, tuple[str, Callable[[SessionStatus], int]]]] = {
    "frames": ("Frames that went through since the start", lambda status: status.frames),
    "late_frames": (
        "Frames whose answer came after the deadline (deadline_ms)",
        lambda status: status.late,
    ),
    "dropped_frames": (
        "Live frames that newer ones replaced before they were read, of this source",
        lambda status: status.dropped,
    ),
    "stale_frames": (
        "Live frames that were too old when their turn came (max_age), of this source",
        lambda status: status.health.stale,
    ),
    "reconnects": (
        "How often the source was lost and came back; 0 again when another is opened",
        lambda status: status.health.reconnects,
    ),
    "abandoned_readers": (
        "Threads that hung in a camera's driver and were given up, of this source",
        lambda status: status.health.abandoned,
    ),
}

_WELL: Final = (
    SessionState.RUNNING,
    SessionState.PAUSED,
    SessionState.IDLE,
    SessionState.RECONNECTING,
    SessionState.ENDED,  # what was asked for is done
)


def add_metrics(app: FastAPI, live: Live, watch: Watch, alarms: AlarmBook) -> None:
    """Add GET /metrics and GET /healthz.

    Parameters
    ----------
    app : what answers them, behind the panel's guard.
    live : one session or a group; with a group each camera has a label of its own.
    watch : the rates of the one in view.
    alarms : what was called so far.
    """
    # One of our own: the library's global one would carry figures from one app to the next.
    registry = CollectorRegistry()
    registry.register(_Figures(live, watch, alarms))

    def metrics() -> Response:
        return Response(
            generate_latest(registry), headers={**HEADERS, "Content-Type": CONTENT_TYPE_LATEST}
        )

    def healthz() -> Response:
        facts = health(live)
        return JSONResponse(facts, 200 if facts["ok"] else 503, HEADERS)

    app.add_api_route(METRICS, metrics, methods=["GET"], include_in_schema=False)
    app.add_api_route(HEALTH, healthz, methods=["GET"], include_in_schema=False)


def health(live: Live) -> dict[str, object]:
    """Whether anything works, the state of the first camera that does, and what is wrong, on one line.

    A group is well as long as one camera is: to start it again would take the others away too. The
    state of each is in the metrics.
    """
    states = [each.status for each in _cameras(live)]
    well = [status for status in states if status.state in _WELL]
    several = len(states) > 1
    wrong = [
        f"camera {number}: {why}" if several else why
        for number, status in enumerate(states)
        if (why := _wrong(status))
    ]
    return {
        "ok": bool(well),
        "state": str((well or states)[0].state),
        "why": "; ".join(wrong),
    }


def _wrong(status: SessionStatus) -> str:
    if status.state in _WELL:
        return status.trouble
    return status.message or f"it is {status.state}"


def _cameras(live: Live) -> Sequence[Live]:
    return live.sessions if isinstance(live, Group) else (live,)


class _Figures(Collector):
    """Reads everything when it is asked for: nothing is counted twice, nothing is kept."""

    def __init__(self, live: Live, watch: Watch, alarms: AlarmBook) -> None:
        self._live = live
        self._watch = watch
        self._alarms = alarms

    def describe(self) -> Iterator[Metric]:
        """Nothing: what is there depends on what is known."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All families, each with a sample for every camera that has one."""
        cameras = _cameras(self._live)
        states = [each.status for each in cameras]
        models = [each.applied.detector.model for each in cameras]
        view = str(self._live.view) if isinstance(self._live, Group) else "0"
        yield _info(states, models)
        yield _states(states)
        yield from _rates(self._watch.reading(), view)
        yield from _speed(states)
        yield from _counts(states)
        yield self._calls()

    def _calls(self) -> Metric:
        family = CounterMetricFamily(
            "camdrift_alarms",
            "Alarms since the start: a figure of the drift rose or fell for good",
            labels=("metric", "direction"),
        )
        total = self._alarms.total()
        # A kind that has not called yet is 0: Prometheus sees no rise in a series that begins at 1.
        for metric, direction in product(Figure, Direction):
            family.add_metric((str(metric), str(direction)), total.get((metric, direction), 0))
        return family


def _info(states: Sequence[SessionStatus], models: Sequence[str]) -> Metric:
    family = GaugeMetricFamily(
        "camdrift_info",
        "What runs, always 1: the version of camdrift, the source without its login, the model",
        labels=("camera", "version", "source", "model"),
    )
    for number, (status, model) in enumerate(zip(states, models, strict=True)):
        source = without_credentials(status.source)
        family.add_metric((str(number), __version__, source, model), 1)
    return family


def _states(states: Sequence[SessionStatus]) -> Metric:
    family = GaugeMetricFamily(
        "camdrift_state",
        "1 for the state that holds, 0 for the others; failed and stopped want somebody to look",
        labels=("camera", "state"),
    )
    for number, status in enumerate(states):
        for state in SessionState:
            family.add_metric((str(number), str(state)), int(state is status.state))
    return family


def _rates(reading: Reading, camera: str) -> Iterator[Metric]:
    values = reading.rates.as_dict()
    for field in fields(Rates):
        family = _gauge(field.name, _RATES[field.name] + _OF_THE_WINDOW)
        value = values[field.name]
        if value is not None:
            family.add_metric((camera,), value)
        yield family
    frames = _gauge(
        "window_frames",
        "Frames that these rates stand on now; 0 before the first one of a source",
    )
    frames.add_metric((camera,), reading.window)
    yield frames
    margin = GaugeMetricFamily(
        "camdrift_margin_eps",
        "Least eps at which the last measured frame fell, pixel units of 0 to 1 (l0: pixels); +Inf: none",
        labels=("camera", "norm"),
    )
    if reading.margins:
        margin.add_metric((camera, str(reading.norm)), reading.margins[-1])
    yield margin


def _speed(states: Sequence[SessionStatus]) -> Iterator[Metric]:
    fps = _gauge("fps", "Frames that went through a second, over the last two seconds")
    latency = _gauge(
        "latency_seconds", "From the capture to the picture, mean over the same frames, seconds"
    )
    stages = GaugeMetricFamily(
        "camdrift_stage_seconds",
        "The parts of that latency, seconds: wait for the work to begin, clean answer, attack, ...",
        labels=("camera", "stage"),
    )
    age = _gauge(
        "age_seconds", "Since the newest frame was captured, seconds; it grows where nothing comes"
    )
    for number, status in enumerate(states):
        camera = str(number)
        fps.add_metric((camera,), status.fps)
        if status.stages_ms:
            latency.add_metric((camera,), status.latency_ms / 1e3)
        for stage, ms in status.stages_ms.items():
            stages.add_metric((camera, stage), ms / 1e3)
        if status.age_s is not None:
            age.add_metric((camera,), status.age_s)
    yield from (fps, latency, stages, age)


def _counts(states: Sequence[SessionStatus]) -> Iterator[Metric]:
    for name, (text, count) in _COUNTS.items():
        family = CounterMetricFamily(f"camdrift_{name}", text, labels=("camera",))
        for number, status in enumerate(states):
            family.add_metric((str(number),), count(status))
        yield family
    frozen = _gauge(
        "frozen_seconds",
        "For so long the picture has been the same bit for bit, seconds; 0: it moves",
    )
    for number, status in enumerate(states):
        frozen.add_metric((str(number),), status.health.frozen_s)
    yield frozen


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"camdrift_{name}", text, labels=("camera",))
