"""The tab Learn: one frame, one lesson, the same for every page; worked out beside the live loop."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from models.centerface import CenterFace
from monitor.config import Settings
from monitor.distances import Norm
from monitor.lessons.curriculum import PLANS, Lesson
from monitor.panel.learn_bench import LearnBench
from monitor.panel.learn_page import pixel_of
from monitor.panel.learn_texts import lesson_text
from monitor.panel.learn_view import learn_progress, learn_view
from monitor.panel.plot import Series, plot
from monitor.session import Session

pytestmark = pytest.mark.timeout(90)
Wait = Callable[..., None]


@pytest.fixture
def session(new_session: Callable[..., Session]) -> Iterator[Session]:
    session = new_session(attack="none", width=160)
    session.start()
    with session.viewer():
        assert session.broadcast.wait(0, 10)
        yield session


@pytest.fixture
def bench(session: Session) -> Iterator[LearnBench]:
    bench = LearnBench(session)
    yield bench
    bench.close()
    assert [t for t in threading.enumerate() if t.name == "camdrift-bench"] == []


@pytest.mark.parametrize("lesson", list(Lesson))
def test_every_lesson_has_words_a_formula_and_something_to_show(
    bench: LearnBench, wait_for: Wait, lesson: Lesson
) -> None:
    text = lesson_text(lesson)
    assert "cd-formula" in text
    assert "{" not in text.replace("|{pixels", "")
    assert bench.show(lesson=lesson) == ""
    wait_for(lambda: not bench.board().busy, 60)
    board = bench.board()
    assert board.reason == ""
    html = learn_view(board)
    assert html.count("<img") >= 4  # three pictures, and the loupe's
    assert "<table" in html or "cd-chart" in html
    assert ("goal met" in html) or ("goal not met" in html)
    assert str(lesson) in learn_progress(board)
    assert "nan" not in html
    for shot in (board.attacked, board.perturbation):
        assert shot is not None
        assert bench.shot(shot.name) is shot
    assert bench.shot("l0") is None


def test_nothing_is_worked_out_before_it_is_asked_for(bench: LearnBench) -> None:
    board = bench.board()
    assert board.still is None
    assert not board.busy
    assert "Take the newest frame" in learn_view(board)
    assert learn_progress(board) == ""
    bench.stop()
    assert bench.board().reason == ""


def test_a_pixel_is_looked_up_and_only_some_lessons_work_again(
    bench: LearnBench, wait_for: Wait
) -> None:
    assert bench.show(lesson=Lesson.FGSM) == ""
    wait_for(lambda: not bench.board().busy, 30)
    result = bench.board().result
    assert bench.show(at=(7, 9)) == ""
    assert bench.board().result is result
    assert "pixel 7, 9" in learn_view(bench.board())
    assert bench.show(at=(9999, 9999)) == ""
    width, height = bench.board().still.frame.size  # type: ignore[union-attr]
    assert bench.board().ask.at == (width - 1, height - 1)
    assert bench.show(lesson=Lesson.PATCH) == ""
    wait_for(lambda: not bench.board().busy, 30)
    before = bench.board().result
    assert bench.show(at=(20, 20)) == ""
    wait_for(lambda: not bench.board().busy, 30)
    assert bench.board().result is not before


def test_a_lesson_begins_with_its_own_sliders(bench: LearnBench) -> None:
    bench.show(lesson=Lesson.NORMS, norm=Norm.L2)
    assert (bench.board().ask.norm, bench.board().ask.eps) == (Norm.L2, 2)
    bench.show(eps=99)
    assert bench.board().ask.eps == 8
    bench.show(lesson=Lesson.PGD)
    ask = bench.board().ask
    assert (ask.norm, ask.eps, ask.amount) == (Norm.LINF, 4 / 255, 10)
    bench.show(norm=Norm.L1)  # has no such slider
    assert bench.board().ask.norm is Norm.LINF
    bench.show(amount=1000)
    assert bench.board().ask.amount == 20


def test_another_lesson_ends_the_one_at_work_and_a_stop_is_told(
    bench: LearnBench, session: Session, wait_for: Wait
) -> None:
    assert bench.show(lesson=Lesson.THREAT) == ""
    assert bench.show(amount=500) == ""
    before = session.status.frames
    wait_for(lambda: session.status.frames > before + 2, 20)
    bench.stop()
    assert bench.board().reason == "stopped"
    assert "stopped" in learn_view(bench.board())
    assert bench.show(lesson=Lesson.LINEAR) == ""
    wait_for(lambda: not bench.board().busy, 30)
    assert bench.board().reason == ""


def test_what_hinders_it_is_told_where_the_visitor_looks(
    bench: LearnBench, session: Session, new_session: Callable[..., Session], wait_for: Wait
) -> None:
    session.apply({"goal": "fabricate", "at": "0,0"})
    assert bench.show(lesson=Lesson.FGSM) == ""
    wait_for(lambda: not bench.board().busy, 30)
    session.stop()
    assert bench.freeze() == "the session is over: start camdrift again"
    idle = LearnBench(new_session())
    assert idle.open() == "no frame yet: freeze one when the pictures move"


def test_a_breakdown_is_told_and_escaped(
    bench: LearnBench, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("<b>the lens</b> fell off")

    monkeypatch.setattr(LearnBench, "_desk", broken)
    assert bench.open() == ""
    wait_for(lambda: not bench.board().busy, 30)
    assert "the lens" in bench.board().reason
    assert "<b>the lens" not in learn_view(bench.board())


def test_a_model_without_gradients_is_refused_in_words(
    new_session: Callable[..., Session], faces: CenterFace, wait_for: Wait, settings: Settings
) -> None:
    class Closed:
        name, class_names, detect = faces.name, faces.class_names, faces.detect

    session = Session(settings.changed({"attack": "none"}), load_model=lambda _: Closed())
    session.start()
    try:
        with session.viewer():
            assert session.broadcast.wait(0, 10)
            bench = LearnBench(session)
            assert bench.open() == ""
            wait_for(lambda: not bench.board().busy, 30)
            assert "is black-box" in bench.board().reason
            bench.close()
    finally:
        session.stop()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("12, 34", (12, 34)),
        (" 0 0 ", (0, 0)),
        ("7;8", (7, 8)),
        ("", None),
        ("7", None),
        ("a, b", None),
        ("-3, 4", None),
        ("1, 2, 3", None),
        ("9999999, 1", None),
    ],
)
def test_a_pixel_is_two_numbers(text: str, place: tuple[int, int] | None) -> None:
    assert pixel_of(text) == place


def test_a_chart_leaves_out_what_is_not_finite() -> None:
    html = plot([Series("<a>", [1.0, float("nan"), float("inf"), 2.0])], list("abcd"), "c")
    assert "nan" not in html
    assert "inf" not in html
    assert "&lt;a&gt;" in html
    assert html.count('class="cd-dot cd-circle cd-c0" title') == 2
    assert "cd-plot" in plot([Series("flat", [3.0, 3.0])], ["0", "1"], "c")
    assert "cd-plot" in plot([Series("none", [float("nan")])], ["0"], "c")


@pytest.fixture(scope="module")
def learning(browser: Browser, faces: CenterFace, serving: Any) -> Iterator[tuple[Page, Any]]:
    settings = Settings().changed({"source": "scene:portrait", "port": 0, "attack": "none"})
    settings = settings.changed({"width": 160})
    session = Session(settings, load_model=lambda _: faces)
    session.start()
    try:
        with serving(session, settings) as served, browser.new_context() as context:
            page = context.new_page()
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(served.url)
            page.wait_for_selector("canvas[data-painted]")
            bench = served.app.state.benches[-1]
            assert isinstance(bench, LearnBench)
            assert bench.board().still is None  # no work before the tab is opened
            yield page, served
    finally:
        session.stop()


@pytest.mark.browser
@pytest.mark.parametrize(
    "lessons",
    [
        (Lesson.NEAREST, Lesson.LINEAR, Lesson.NORMS),
        pytest.param(tuple(Lesson), marks=pytest.mark.slow),
    ],
)
def test_the_tab_opens_with_a_frame_and_lessons_are_shown(
    learning: tuple[Page, Any], lessons: tuple[Lesson, ...]
) -> None:
    page, _ = learning
    page.get_by_role("tab", name="Learn").click()
    expect(page.locator(".cd-board img")).to_have_count(3, timeout=30_000)
    for lesson in lessons:
        page.locator(".cd-lessons label", has_text=re.compile(f"^ *{lesson} *$")).click()
        expect(page.locator(".cd-learn .cd-progress span").first).to_have_text(
            str(lesson), timeout=30_000
        )
        expect(page.locator(".cd-learn :is(table, .cd-chart)").first).to_be_visible()
        expect(page.locator(".cd-learn .cd-formula")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert (page.locator(".cd-learn [role=alert]").count()) == 0
        assert (
            PLANS[lesson].eps
            == page.get_by_label("how far the attack may go")
            .or_(page.locator(".cd-learn").get_by_text("how far the attack may go"))
            .first.is_visible()
        )


@pytest.mark.browser
def test_a_click_on_the_frame_shows_the_terms_there(learning: tuple[Page, Any]) -> None:
    page, served = learning
    page.get_by_role("tab", name="Learn").click()
    page.locator(".cd-lessons label", has_text="FGSM").click()
    expect(page.locator(".cd-terms")).to_contain_text("gradient with respect to the input")
    box = page.locator(".cd-pick").bounding_box()
    assert box is not None
    page.locator(".cd-pick").click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    expect(page.locator(".cd-terms")).to_contain_text(re.compile(r"pixel (39|40|41), (59|60|61)"))
    for name in ("loss", "target label", "model parameters", "sign", "scale"):
        expect(page.locator(".cd-terms")).to_contain_text(name)
    field = page.locator(".cd-pixel input, .cd-pixel textarea")
    assert re.fullmatch(r"(39|40|41), (59|60|61)", field.input_value())
    field.fill("12, 34")
    field.press("Enter")
    expect(page.locator(".cd-terms")).to_contain_text("pixel 12, 34")
    field.fill("nowhere")
    field.press("Enter")
    expect(page.locator(".cd-learn .cd-banner")).to_contain_text("write column and row")
    # On a narrow screen, too, and for whoever opens the link.
    other = page.context.new_page()
    other.set_viewport_size({"width": 400, "height": 900})
    other.goto(f"{served.url}/#tab=learn")
    expect(other.locator(".cd-terms")).to_contain_text("pixel 12, 34")
    assert other.evaluate("document.documentElement.scrollWidth <= innerWidth")
    other.close()
