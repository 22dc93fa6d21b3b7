"""A still under several attacks: frozen, attacked beside the live loop, given up, failing on the way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import cv2
import gradio as gr
import httpx
import numpy as np
import pytest

from models.centerface import CenterFace
from models.detector import Candidates
from monitor import catalog
from monitor.attacks.noise import Noise
from monitor.drift.matching import Outcome
from monitor.margin import MarginSearch
from monitor.panel.cards import STILLS, cards, progress_line
from monitor.panel.still import Progress, Table, Trial, carried_attacks, still_attacks
from monitor.panel.still_bench import Bench
from monitor.panel.still_page import CHOSEN, StillPage
from monitor.pipeline import Pipeline
from monitor.session import Session
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(30)

Wait = Callable[..., None]


class Gate:
    """Faces behind a gate: whoever asks from the bench's thread waits in front of it while it is shut."""

    def __init__(self, faces: CenterFace) -> None:
        self.faces = faces
        self.name, self.class_names = faces.name, faces.class_names
        self.open = threading.Event()
        self.open.set()
        self.somebody_waits = threading.Event()

    def forward(self, frames: Any) -> Candidates:
        if threading.current_thread().name == "camdrift-bench" and not self.open.is_set():
            self.somebody_waits.set()
            assert self.open.wait(10)
        return self.faces.forward(frames)

    def decode(self, candidates: Any, threshold: float) -> Any:
        return self.faces.decode(candidates, threshold)

    def detect(self, pixels: Any, threshold: float) -> Any:
        return self.faces.detect(pixels, threshold)


@pytest.fixture
def gate(faces: CenterFace) -> Iterator[Gate]:
    gate = Gate(faces)
    yield gate
    gate.open.set()


@pytest.fixture
def session(settings: Any, gate: Gate) -> Iterator[Session]:
    session = Session(settings.changed({"attack": "none"}), load_model=lambda _: gate)
    session.start()
    with session.viewer():
        assert session.broadcast.wait(0, 10)
        yield session
    session.stop()


@pytest.fixture
def bench(session: Session) -> Iterator[Bench]:
    bench = Bench(session)
    assert bench.freeze() == ""
    yield bench
    bench.close()
    assert still_threads() == []


def still_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "camdrift-bench"]


def done(bench: Bench, wait_for: Wait) -> tuple[Trial, ...]:
    wait_for(lambda: not bench.table().busy)
    return bench.table().trials


def states(table: Table) -> list[Progress]:
    return [trial.progress for trial in table.trials]


def test_only_what_works_frame_by_frame_is_offered() -> None:
    assert set(still_attacks()) | set(carried_attacks()) == set(catalog.CATALOG)
    assert carried_attacks() == ("warm", "universal")
    assert set(CHOSEN) <= set(still_attacks())


def test_before_the_first_frame_there_is_nothing_to_freeze(
    new_session: Callable[..., Session],
) -> None:
    bench = Bench(new_session())
    assert "no frame yet" in bench.freeze()
    assert "no model yet" in bench.attack(["fgsm"])
    assert bench.table() == Table()
    assert "Freeze a still" in cards(bench.table())
    assert progress_line(bench.table()) == ""


def test_without_a_still_or_a_choice_nothing_is_attacked(session: Session) -> None:
    bench = Bench(session)
    assert "no still yet" in bench.attack(["fgsm"])
    assert bench.freeze() == ""
    # A carried one is none of the still's, and a page may send anything.
    for chosen in ([], ["warm"], ["no such attack"]):
        assert "nothing chosen" in bench.attack(chosen)
    assert bench.table().trials == ()
    assert "Attack the still" in cards(bench.table())


def test_a_still_is_kept_while_the_stream_goes_on(session: Session, bench: Bench) -> None:
    serial, _ = session.broadcast.newest()
    kept = bench.table().still
    assert kept is not None
    assert session.broadcast.wait(serial + 2, 10) or session.broadcast.wait(serial + 1, 10)
    assert bench.table().still is kept
    picture = cv2.imdecode(np.frombuffer(kept.shot.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (480, 640, 3)
    assert [thing.outcome for thing in kept.drift.objects] == [Outcome.KEPT]


def test_no_margin_is_searched_for_on_the_still(
    session: Session, bench: Bench, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No card shows it, and what it costs would stand as the attack's time."""
    asked: list[str] = []
    monkeypatch.setattr(
        MarginSearch, "of", lambda *_: asked.append(threading.current_thread().name)
    )
    session.apply({"margin_every": 1})
    assert bench.attack(["noise"]) == ""
    assert [trial.progress for trial in done(bench, wait_for)] == [Progress.DONE]
    assert "camdrift-bench" not in asked


def test_every_attack_says_what_it_came_to_under_the_settings_that_hold(
    session: Session, bench: Bench, wait_for: Wait
) -> None:
    session.apply({"eps": "8/255", "steps": 4, "queries": 5})
    assert bench.attack(["noise", "square", "pgd"]) == ""
    trials = done(bench, wait_for)
    assert [trial.attack for trial in trials] == ["pgd", "square", "noise"]
    assert states(bench.table()) == [Progress.DONE] * 3
    pgd, square, noise = (trial.result for trial in trials)
    assert pgd
    assert square
    assert noise
    assert pgd.success is True
    assert pgd.drift.count(Outcome.MISSED) == 1
    assert noise.success is False
    assert square.counts.queries == 5
    assert square.counts.backwards == 0
    for result in (pgd, square, noise):
        assert 0 < result.distance <= 8 / 255 + 1e-9
        assert result.took_ms > 0
    assert pgd.shot.jpeg != noise.shot.jpeg


def test_the_still_gives_the_same_twice_and_the_same_as_the_live_loop(
    session: Session, bench: Bench, wait_for: Wait
) -> None:
    session.pause()
    wait_for(lambda: session.status.state is SessionState.PAUSED)
    bench.freeze()
    results = []
    for _ in range(2):
        bench.attack(["pgd"])
        (trial,) = done(bench, wait_for)
        assert trial.result
        results.append(trial.result)
    first, second = results
    assert first.shot.jpeg == second.shot.jpeg
    serial, _ = session.broadcast.newest()
    session.apply({"attack": "pgd"})
    shown = session.broadcast.wait(serial, 10)
    assert shown
    live = shown[1]
    assert first.drift == live.drift
    assert first.distance == live.distances.linf
    assert first.counts == live.counts


def test_cards_come_one_by_one_and_the_live_loop_goes_on(
    session: Session, bench: Bench, gate: Gate, wait_for: Wait
) -> None:
    gate.open.clear()
    assert bench.attack(["fgsm", "noise"]) == ""
    assert gate.somebody_waits.wait(10)
    table = bench.table()
    assert states(table) == [Progress.WORKING, Progress.WAITING]
    assert (table.at_work, table.done, table.busy) == ("fgsm", 0, True)
    serial, _ = session.broadcast.newest()
    assert session.broadcast.wait(serial + 1, 10), "the attack holds up the live loop"
    assert bench.table().version == table.version
    assert "0 of 2 done" in progress_line(table)
    gate.open.set()
    done(bench, wait_for)
    assert bench.table().version == table.version + 3
    assert "<progress" not in progress_line(bench.table())


def test_stop_keeps_what_is_done_and_gives_up_the_rest_in_the_midst(
    bench: Bench, gate: Gate, monkeypatch: pytest.MonkeyPatch, wait_for: Wait
) -> None:
    asked: list[int] = []

    def many(self: Noise, view: Any, x: Any, budget: Any, rng: Any) -> Any:
        for i in range(10_000):
            asked.append(i)
            if i == 3:
                gate.open.clear()
            view.answer(x.copy())
        return x.copy()

    monkeypatch.setattr(Noise, "run", many)
    monkeypatch.setattr(Noise, "knowledge", catalog.FGSM.knowledge)
    assert bench.attack(["fgsm", "noise"]) == ""
    assert gate.somebody_waits.wait(10)
    bench.stop()
    assert states(bench.table()) == [Progress.DONE, Progress.STOPPED], "at once"
    gate.open.set()
    wait_for(lambda: still_threads() == [])
    assert len(asked) <= 5, "the search goes on though it was given up"
    assert states(bench.table()) == [Progress.DONE, Progress.STOPPED]


def test_another_press_replaces_what_is_at_work(bench: Bench, gate: Gate, wait_for: Wait) -> None:
    gate.open.clear()
    bench.attack(["pgd", "fgsm"])
    assert gate.somebody_waits.wait(10)
    assert bench.attack(["noise"]) == ""
    assert states(bench.table()) == [Progress.WAITING]
    gate.open.set()
    (trial,) = done(bench, wait_for)
    assert (trial.attack, trial.progress) == ("noise", Progress.DONE)
    wait_for(lambda: still_threads() == [])
    assert [trial.attack for trial in bench.table().trials] == ["noise"]


def test_another_still_empties_the_table_and_its_pictures_go(
    bench: Bench, gate: Gate, wait_for: Wait
) -> None:
    bench.attack(["noise"])
    (trial,) = done(bench, wait_for)
    old = bench.table()
    assert old.still
    assert trial.result
    assert old.shot(trial.result.shot.name) is trial.result.shot
    assert bench.freeze() == ""
    new = bench.table()
    assert new.trials == ()
    assert new.still is not old.still
    assert new.shot(trial.result.shot.name) is None
    assert new.shot(old.still.shot.name) is None
    gate.open.clear()
    bench.attack(["noise"])
    assert gate.somebody_waits.wait(10)
    bench.freeze()
    gate.open.set()
    wait_for(lambda: still_threads() == [])
    assert bench.table().trials == ()


def test_what_an_attack_cannot_do_stands_in_its_card_and_the_others_go_on(
    session: Session, bench: Bench, wait_for: Wait
) -> None:
    bench.attack(["fgsm", "transfer", "one-pixel", "noise"])
    fgsm, transfer, one_pixel, noise = done(bench, wait_for)
    assert [fgsm.progress, noise.progress] == [Progress.DONE] * 2
    assert [transfer.progress, one_pixel.progress] == [Progress.FAILED] * 2
    assert "surrogate" in transfer.reason
    assert "one-pixel keeps budgets in l0" in one_pixel.reason
    assert one_pixel.settings.attack.norm == "linf", "no silent change of norm"
    html = cards(bench.table())
    assert html.count("<article>") == 5
    assert html.count("no result") == 2
    assert "one-pixel keeps budgets in l0" in html


def test_transfer_takes_the_surrogate_that_the_settings_name(
    session: Session, bench: Bench, wait_for: Wait
) -> None:
    session.apply({"surrogate": "faces", "steps": 2})
    bench.attack(["transfer"])
    (trial,) = done(bench, wait_for)
    assert trial.result
    assert trial.result.counts.surrogate > 0
    assert "passes of the surrogate" in cards(bench.table())


def test_an_attack_that_breaks_down_ends_nobody_else(
    bench: Bench,
    wait_for: Wait,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = Pipeline.observe

    def observe(self: Pipeline, frame: Any) -> Any:
        if getattr(self.perturber, "attack", None).__class__.__name__ == "FGSM":
            raise ValueError("<b>the lens</b> fell off")
        return whole(self, frame)

    monkeypatch.setattr(Pipeline, "observe", observe)
    bench.attack(["fgsm", "noise"])
    fgsm, noise = done(bench, wait_for)
    assert (fgsm.progress, noise.progress) == (Progress.FAILED, Progress.DONE)
    assert "unexpected ValueError" in fgsm.reason
    assert "fgsm failed on the still" in caplog.text
    html = cards(bench.table())
    assert "&lt;b&gt;the lens&lt;/b&gt;" in html
    assert "<b>the lens</b>" not in html


def test_nothing_to_attack_is_neither_success_nor_failure(
    session: Session, bench: Bench, wait_for: Wait
) -> None:
    session.apply({"eps": 0})
    bench.attack(["fgsm"])
    (trial,) = done(bench, wait_for)
    assert trial.result
    assert trial.result.success is None
    html = cards(bench.table())
    assert "nothing to attack" in html
    assert "goal" not in html


def test_a_threshold_that_was_changed_since_shows_on_the_still_too(
    session: Session, bench: Bench, wait_for: Wait
) -> None:
    before = bench.table().still
    session.apply({"threshold": 0.99})
    bench.attack(["noise"])
    done(bench, wait_for)
    after = bench.table().still
    assert before
    assert after
    assert after.frame is before.frame
    assert (before.drift.clean_count, after.drift.clean_count) == (1, 0)


def test_the_thread_ends_with_the_session_and_with_the_bench(
    session: Session, bench: Bench, gate: Gate, wait_for: Wait
) -> None:
    gate.open.clear()
    bench.attack(["pgd", "noise"])
    assert gate.somebody_waits.wait(10)
    session.stop()
    gate.open.set()
    wait_for(lambda: still_threads() == [])
    assert states(bench.table()) == [Progress.STOPPED] * 2
    assert "the session is over" in bench.attack(["noise"])
    bench.close()
    assert "the session is over" in bench.attack(["noise"])


def test_close_gives_up_at_the_next_question(bench: Bench, gate: Gate) -> None:
    gate.open.clear()
    bench.attack(["pgd"])
    assert gate.somebody_waits.wait(10)
    threading.Timer(0.05, gate.open.set).start()
    bench.close()
    assert still_threads() == []
    assert states(bench.table()) == [Progress.STOPPED]


def test_where_kernels_bear_one_caller_the_live_loop_is_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("numba.threading_layer", lambda: "workqueue")
    assert "pip install tbb" in bench.attack(["noise"])
    assert still_threads() == []


def test_a_page_is_sent_the_cards_when_they_have_changed_and_not_at_every_tick(
    bench: Bench, gate: Gate, wait_for: Wait
) -> None:
    async def made() -> StillPage:
        with gr.Blocks(analytics_enabled=False):
            page = StillPage(bench)
            page.events({"queue": False})
            return page

    page = asyncio.run(made())  # Gradio leaves loops of its own open where none runs
    seen = page.updates()[-1]
    assert page.tick(seen) == [gr.skip()] * len(page.outputs)
    gate.open.clear()
    bench.attack(["noise"])
    assert gate.somebody_waits.wait(10)
    progress, shown, stop, now = page.tick(seen)
    assert "noise" in progress
    assert "at work" in shown
    assert stop["interactive"]
    assert now != seen
    progress, *rest = page.tick(now)
    assert "noise" in progress, "the seconds go on"
    assert rest == [gr.skip()] * 3
    gate.open.set()
    done(bench, wait_for)
    assert "<img" in page.tick(now)[1]


def test_pictures_are_served_to_whoever_is_let_in_while_they_are_on_the_table(
    session: Session, settings: Any, serving: Callable[..., AbstractContextManager[Any]]
) -> None:
    with serving(session, settings, "open sesame") as served, httpx.Client() as client:
        bench = served.app.state.bench
        bench.freeze()
        place = f"{served.url}{STILLS}/{bench.table().still.shot.name}.jpg"
        assert client.get(place).status_code == 401
        client.post(f"{served.url}/login", data={"password": "open sesame"})
        answer = client.get(place)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.content == bench.table().still.shot.jpeg
        bench.freeze()
        assert client.get(place).status_code == 404
