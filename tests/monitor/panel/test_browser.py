"""The panel in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from models.centerface import CenterFace
from monitor.config import Settings
from monitor.session import Session
from monitor.status import SessionState

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]

CLEAN, ATTACKED, DIFFERENCE = (
    f'canvas[data-kind="{kind}"]' for kind in ("clean", "attacked", "difference")
)

# Distinct pictures that each canvas shows in so many milliseconds, looked at before every repaint.
DISTINCT = """(ms) => new Promise((resolve) => {
  const seen = {};
  const small = new OffscreenCanvas(32, 24).getContext("2d", { willReadFrequently: true });
  const end = performance.now() + ms;
  const look = () => {
    for (const canvas of document.querySelectorAll("canvas[data-kind]")) {
      small.drawImage(canvas, 0, 0, 32, 24);
      (seen[canvas.dataset.kind] ??= new Set()).add(small.getImageData(0, 0, 32, 24).data.join());
    }
    if (performance.now() < end) return requestAnimationFrame(look);
    resolve(Object.fromEntries(Object.entries(seen).map(([kind, set]) => [kind, set.size])));
  };
  look();
})"""

# Mean distance from mid-grey: 0 where the perturbation is nothing.
ENERGY = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const data = pen.getImageData(0, 0, copy.width, copy.height).data;
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += Math.abs(data[i] - 128);
  return sum / (data.length / 4);
}"""


class Look:
    """A page, and all that it complains of or asks for elsewhere."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.outside: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._note(request.url))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _note(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "127.0.0.1":
            self.outside.append(url)

    def open(self, url: str) -> Page:
        self.page.goto(url)
        self.moving()
        return self.page

    def moving(self) -> None:
        for canvas in (CLEAN, ATTACKED, DIFFERENCE):
            self.page.wait_for_selector(f"{canvas}[data-painted]", timeout=20_000)

    def painted(self) -> int:
        return int(self.page.get_attribute(ATTACKED, "data-painted") or 0)


@pytest.fixture(scope="module")
def panel(
    settings: Settings, faces: CenterFace, serving: Callable[..., AbstractContextManager[Any]]
) -> Iterator[Any]:
    session = Session(settings, load_model=lambda _: faces)
    session.start()
    try:
        with serving(session, settings) as served:
            yield served
    finally:
        session.stop()


@pytest.fixture
def context(panel: Any, browser: Browser) -> Iterator[BrowserContext]:
    panel.session.resume()
    panel.session.apply(
        {"source": "scene:portrait", "attack": "fgsm", "eps": "4/255", "norm": "linf"}
    )
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(10_000)
        yield context


@pytest.fixture
def look(context: BrowserContext) -> Look:
    return Look(context.new_page())


def slider(page: Page, name: str) -> Any:
    return page.get_by_label(f"number input for {name}", exact=True)


def choose(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=value, exact=True).click()


def ticks(page: Page, count: int) -> None:
    for _ in range(count):
        page.wait_for_event("response", lambda response: "/run/predict" in response.url)


def test_the_page_opens_without_a_complaint_or_a_call_elsewhere(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    expect(page).to_have_title("camdrift")
    ticks(page, 3)
    assert look.complaints == []
    assert look.outside == []


def test_both_streams_move_at_six_frames_a_second_or_more(
    panel: Any, look: Look, record_property: Callable[..., None]
) -> None:
    page = look.open(panel.url)
    seconds = 3
    rates = {k: n / seconds for k, n in page.evaluate(DISTINCT, seconds * 1000).items()}
    record_property("distinct_pictures_per_second", rates)
    print("distinct pictures a second:", rates)
    assert rates["clean"] >= 6
    assert rates["attacked"] >= 6


def test_eps_changes_the_picture_at_once(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    difference = page.locator(DIFFERENCE)
    for value, low, high in ((0, 0, 3), (16, 60, 128), (2, 5, 30)):
        slider(page, "eps [/255]").fill(str(value))
        slider(page, "eps [/255]").press("Enter")
        page.wait_for_function(
            f"([selector, low, high]) => {{ const e = ({ENERGY})(document.querySelector(selector));"
            " return low <= e && e <= high; }",
            arg=[DIFFERENCE, low, high],
        )
        assert low <= difference.evaluate(ENERGY) <= high
    expect(page.get_by_text("fgsm, vanish, linf 2/255")).to_be_visible()
    assert look.complaints == []


def test_a_goal_brings_its_words_and_a_place_counts_once_it_is_whole(
    panel: Any, look: Look
) -> None:
    page = look.open(panel.url)
    place = page.get_by_placeholder("anywhere")
    expect(place).not_to_be_visible()
    page.get_by_role("radio", name="fabricate", exact=True).click()
    expect(place).to_be_visible()
    expect(page.get_by_role("radio", name="mislabel", exact=True)).to_have_count(0)  # one class
    place.fill("0.3,")
    ticks(page, 2)
    assert panel.session.settings.attack.at == ""
    place.fill("0.3,0.6")
    place.press("Enter")
    expect(page.get_by_text("fgsm, fabricate at 0.3,0.6, linf")).to_be_visible()
    page.get_by_role("radio", name="vanish", exact=True).click()
    expect(place).not_to_be_visible()
    assert look.complaints == []


def test_pause_stops_the_pictures_and_resume_moves_them(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.locator(".cd-status")).to_contain_text("paused")
    ticks(page, 1)
    before = look.painted()
    ticks(page, 2)
    assert look.painted() == before
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function(
        "([s, n]) => Number(document.querySelector(s).dataset.painted) > n + 3",
        arg=[ATTACKED, before],
    )


def test_a_source_that_is_not_there_is_refused_on_the_page(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    box = page.get_by_label("source", exact=True)
    box.fill("no-such-file.mp4")
    box.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="no-such-file.mp4")).to_be_visible()
    expect(box).to_have_value("scene:portrait")
    before = look.painted()
    page.wait_for_function(
        "([s, n]) => Number(document.querySelector(s).dataset.painted) > n + 3",
        arg=[ATTACKED, before],
    )
    assert look.complaints == []


def test_a_failure_is_told_and_the_button_starts_again(
    panel: Any, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = look.open(panel.url)

    def blind(*_: object, **__: object) -> None:
        raise ValueError("the lens fell off")

    with monkeypatch.context() as patch:
        patch.setattr(CenterFace, "forward", blind)
        expect(page.get_by_role("alert").filter(has_text="the lens fell off")).to_be_visible()
        expect(page.locator(".cd-status")).to_contain_text("failed")
    page.get_by_role("button", name="Start again").click()
    expect(page.locator(".cd-status")).to_contain_text("running")
    expect(page.get_by_role("alert").filter(has_text="the lens fell off")).to_have_count(0)


def test_the_counters_fill(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    tiles = page.locator(".cd-tiles")
    expect(tiles).to_contain_text(re.compile(r"miss rate\d+ %last \d+ frames"))
    expect(tiles).to_contain_text(re.compile(r"frames/s[1-9][\d.]*"))
    expect(tiles).to_contain_text(re.compile(r"forwards2a frame"))
    stages = page.locator(".cd-stages")
    for name in ("clean answer", "attack", "attacked answer"):
        expect(stages).to_contain_text(re.compile(rf"{name} \d*[1-9][\d.]* ms"))
    expect(page.locator(".cd-lines .cd-bold.cd-miss")).to_have_attribute(
        "d", re.compile(r"^M\d+ [\d.]+L\d+")
    )


def test_only_what_the_attack_heeds_is_shown(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    expect(slider(page, "eps [/255]")).to_be_visible()
    expect(slider(page, "steps")).to_be_hidden()
    choose(page, "attack", "pgd")
    expect(slider(page, "steps")).to_be_visible()
    page.get_by_label("l2", exact=True).check()
    expect(slider(page, "eps [L2, pixel units]")).to_have_value("2")
    assert panel.session.settings.attack.norm == "l2"
    choose(page, "attack", "none")
    expect(slider(page, "steps")).to_be_hidden()
    expect(page.get_by_text("no attack", exact=True)).to_be_visible()
    assert look.complaints == []


def test_pages_agree_and_three_of_one_browser_all_move(panel: Any, context: BrowserContext) -> None:
    looks = [Look(context.new_page()) for _ in range(3)]
    for look in looks:
        look.open(panel.url)
    slider(looks[0].page, "eps [/255]").fill("11")
    slider(looks[0].page, "eps [/255]").press("Enter")
    for look in looks:
        expect(slider(look.page, "eps [/255]")).to_have_value("11")
    before = [look.painted() for look in looks]
    for look, count in zip(looks, before, strict=True):
        look.page.wait_for_function(
            "([s, n]) => Number(document.querySelector(s).dataset.painted) > n + 3",
            arg=[ATTACKED, count],
        )
    looks[1].page.reload()
    expect(slider(looks[1].page, "eps [/255]")).to_have_value("11")


def test_a_still_is_frozen_and_attacked_by_three_side_by_side(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("button", name="Attack the still").click()
    expect(page.get_by_role("alert").filter(has_text="no still yet")).to_be_visible()
    page.get_by_role("button", name="Freeze a still").click()
    page.wait_for_function("() => document.querySelector('.cd-cards img')?.naturalWidth === 640")
    expect(page.get_by_role("alert").filter(has_text="no still yet")).to_have_count(0)
    for name in ("deepfool", "square"):
        page.get_by_role("checkbox", name=name, exact=True).uncheck()
    page.get_by_role("button", name="Attack the still").click()
    expect(page.get_by_text("3 of 3 done")).to_be_visible()
    each = page.locator(".cd-cards article")
    expect(each).to_have_count(4)
    for i, name in enumerate(("fgsm", "pgd", "noise"), start=1):
        expect(each.nth(i).get_by_role("heading")).to_have_text(name)
        expect(each.nth(i)).to_contain_text(re.compile(r"forwards\d+"))
    expect(each.nth(2)).to_contain_text("goal met")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.cd-cards img')].filter((i) => i.naturalWidth).length === 4"
    )
    page.get_by_role("tab", name="Live").click()
    look.moving()
    page.get_by_role("tab", name="Compare").click()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    page.reload()
    expect(each).to_have_count(4)  # the still is the session's, not the page's
    page.get_by_role("button", name="Freeze a still").click()
    expect(each).to_have_count(1)
    assert look.complaints == []
    assert look.outside == []


def test_nothing_sticks_out_sideways(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 800})
        ticks(page, 2)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        clean, attacked = (page.locator(kind).bounding_box() for kind in (CLEAN, ATTACKED))
        assert clean
        assert attacked
        assert (clean["width"], clean["height"]) == (attacked["width"], attacked["height"])
        assert (clean["y"] == attacked["y"]) == (width == 1280)


def test_closing_the_page_lets_the_session_rest(
    panel: Any, look: Look, wait_for: Callable[..., None]
) -> None:
    look.open(panel.url)
    assert panel.session.status.state is SessionState.RUNNING
    look.page.close()
    wait_for(lambda: panel.session.status.state is SessionState.IDLE, 5)


def test_a_password_is_asked_for(
    settings: Settings,
    new_session: Callable[..., Session],
    browser: Browser,
    serving: Callable[..., AbstractContextManager[Any]],
) -> None:
    session = new_session()
    session.start()
    with (
        serving(session, settings, "open sesame") as served,
        browser.new_context() as context,
    ):
        look = Look(context.new_page())
        look.page.goto(served.url)
        look.page.get_by_label("Password").fill("sesame")
        look.page.get_by_role("button", name="Log in").click()
        expect(look.page.get_by_text("That is not the password.")).to_be_visible()
        look.complaints.clear()  # the browser notes the answer 401
        look.page.get_by_label("Password").fill("open sesame")
        look.page.get_by_role("button", name="Log in").click()
        look.moving()
        assert look.complaints == []
        look.page.get_by_role("link", name="log out").click()
        expect(look.page.get_by_label("Password")).to_be_visible()
        assert look.outside == []


def test_a_server_that_comes_back_is_found_again(
    settings: Settings,
    new_session: Callable[..., Session],
    browser: Browser,
    serving: Callable[..., AbstractContextManager[Any]],
) -> None:
    session = new_session()
    session.start()
    with browser.new_context() as context:
        look = Look(context.new_page())
        with serving(session, settings) as served:
            look.open(served.url)
            port = urlsplit(served.url).port
        expect(look.page.get_by_text("connection lost")).to_be_visible()
        with serving(session, settings, port=port):
            expect(look.page.get_by_text("connection lost")).to_be_hidden(timeout=15_000)
            look.moving()


def test_keys_pause_and_change_eps_where_no_field_wants_them(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    page.keyboard.press("ArrowRight")
    expect(slider(page, "eps [/255]")).to_have_value("4.25")
    page.keyboard.press("ArrowDown")
    expect(slider(page, "eps [/255]")).to_have_value("4")
    page.keyboard.press(" ")
    expect(page.locator(".cd-status")).to_contain_text("paused")
    page.keyboard.press(" ")
    expect(page.locator(".cd-status")).to_contain_text("running")
    box = page.get_by_label("source", exact=True)
    box.focus()
    box.press("End")
    page.keyboard.type(" ")
    ticks(page, 2)
    expect(page.locator(".cd-status")).to_contain_text("running")
    box.press("Escape")
    assert look.complaints == []


def test_settings_and_tab_are_in_the_address_and_a_link_asks_first(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    page.wait_for_function(
        "location.hash.includes('attack=fgsm') && location.hash.includes('eps=4/255')"
    )
    page.get_by_role("tab", name="Sweep").click()
    page.wait_for_function("location.hash.startsWith('#tab=sweep&')")
    link = page.url
    panel.session.apply({"attack": "pgd", "steps": 3, "eps": "9/255"})
    page.wait_for_function("location.hash.includes('eps=9/255')")
    other = page.context.new_page()
    other.goto(link)
    expect(other.get_by_role("tab", name="Sweep")).to_have_attribute("aria-selected", "true")
    expect(other.get_by_role("alert").filter(has_text="The link asks for")).to_contain_text(
        "attack fgsm, eps 4/255"
    )
    assert panel.session.settings.attack.attack == "pgd", "a link changes nothing by itself"
    other.get_by_role("button", name="Use the link's settings").click()
    expect(other.get_by_role("alert").filter(has_text="The link asks for")).to_have_count(0)
    expect(slider(other, "eps [/255]")).to_have_value("4")
    assert panel.session.settings.attack.attack == "fgsm"
    other.close()
    other = page.context.new_page()
    other.goto(f"{panel.url}/#source=0&eps=5/255")
    other.get_by_role("button", name="Use the link's settings").click()
    expect(other.get_by_role("alert").filter(has_text="a link opens scenes only")).to_be_visible()
    assert panel.session.settings.stream.source == "scene:portrait"
    assert look.complaints == []


def test_a_sweep_runs_and_is_cancelled_on_the_page(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    page.get_by_role("tab", name="Sweep").click()
    page.get_by_label("largest eps").fill("4")
    page.get_by_role("button", name="Run the sweep").click()
    expect(page.locator(".cd-sweep .cd-curve")).to_have_count(3)
    expect(page.get_by_text(re.compile(r"(\d+) of \1 done"))).to_be_visible(timeout=40_000)
    expect(page.locator(".cd-sweep")).to_contain_text("Robustness margin of this frame")
    page.get_by_role("checkbox", name="auto", exact=True).check()
    page.get_by_role("button", name="Run the sweep").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ done, stopped"))).to_be_visible()
    panel.session.apply({"attack": "one-pixel", "norm": "l0", "eps": 5})
    expect(page.get_by_role("checkbox", name="fgsm", exact=True)).to_have_count(0)
    expect(page.get_by_role("checkbox", name="one-pixel", exact=True)).to_have_count(1)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert look.complaints == []


def test_faults_are_compared_beside_attacks(panel: Any, look: Look) -> None:
    page = look.open(panel.url)
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("button", name="Freeze a still").click()
    for name in ("pgd", "deepfool", "square", "noise"):
        page.get_by_role("checkbox", name=name, exact=True).uncheck()
    choose(page, "faults", "fog")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Attack the still").click()
    expect(page.get_by_text("2 of 2 done")).to_be_visible(timeout=20_000)
    cards = page.locator(".cd-cards article")
    expect(cards.nth(2).get_by_role("heading")).to_have_text("fog:3")
    expect(cards.nth(2)).to_contain_text(re.compile(r"answer (kept|changed)"))
    assert look.complaints == []


def test_an_alarm_is_told_on_the_page_with_its_frames(
    panel: Any, look: Look, wait_for: Callable[..., None]
) -> None:
    panel.session.apply({"attack": "none"})
    page = look.open(panel.url)
    alarms = panel.app.state.alarms
    ticks(page, 8)
    before = sum(alarms.total().values())
    panel.session.apply({"attack": "pgd", "eps": "16/255", "steps": 3})
    wait_for(lambda: sum(alarms.total().values()) > before, 30)
    number = alarms.all()[-1].number
    expect(page.locator(f'.cd-mark[title^="alarm {number}:"]')).to_be_visible()
    first = page.locator(".cd-alarms details").first
    first.locator("summary").click()
    expect(first.locator("img")).to_have_count(3)
    page.wait_for_function(
        "[...document.querySelector('.cd-alarms details').querySelectorAll('img')]"
        ".every((i) => i.naturalWidth > 0)"
    )
    expect(page.locator(".cd-changes")).to_contain_text("missed")
    assert look.complaints == []


def test_a_snapshot_and_a_recording_are_taken_on_the_page(
    panel: Any, look: Look, tmp_path: Any
) -> None:
    panel.session.apply({"runs": str(tmp_path)})
    page = look.open(panel.url)
    with page.expect_download() as caught:
        page.get_by_role("link", name="Snapshot").click()
    assert re.fullmatch(
        r"\d{8}T\d{6}Z-scene-portrait-frame\d+\.zip", caught.value.suggested_filename
    )
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator(".cd-recorded.prose")).to_contain_text(
        re.compile(r"recording \d{8}T.* [1-9]\d* frames")
    )
    page.get_by_role("button", name="Stop recording").click()
    expect(page.locator(".cd-recorded.prose")).to_contain_text(
        re.compile(r"recorded \d{8}T"), timeout=20_000
    )
    assert [folder.name for folder in tmp_path.iterdir()] == [panel.app.state.tape.done[-1]]
    assert look.complaints == []
