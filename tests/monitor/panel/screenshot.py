"""Take the pictures of the panel that stand in the documentation; not a test.

    PYTHONPATH=tests python tests/monitor/panel/screenshot.py [FOLDER]

writes one of each tab at 1280 pixels, light, and one at 400, dark (`NAME-narrow.png`), into FOLDER, by
default docs/: panel, sweep, still, runs, learn. It needs Chromium on the PATH. The photograph is NASA's, in
the public domain.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from conftest import CHROMIUM, chromium, serve_here  # this folder's
from playwright.sync_api import Browser, Page, sync_playwright
from typer.testing import CliRunner

from monitor.cli import app
from monitor.config import Settings
from monitor.session import Session

LOOKS = (("", 1280, "light"), ("-narrow", 400, "dark"))
FRAMES = 240
"""Frames before the first picture: the chart's whole width."""


def shoot(browser: Browser, url: str, session: Session, folder: Path) -> None:
    """Let the attack take hold half-way, so that the chart has a story, and take the pictures."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("canvas[data-painted]")
        start = session.status.frames
        for done, changes in (
            (FRAMES // 4, {"attack": "fgsm", "eps": "2/255"}),
            (FRAMES // 2, {"attack": "pgd", "steps": 4, "eps": "4/255"}),
            (FRAMES, {}),
        ):
            while session.status.frames < start + done:
                page.wait_for_timeout(100)
            session.apply(changes)
        for take, name in (
            (live, "panel"),
            (sweep, "sweep"),
            (still, "still"),
            (runs, "runs"),
            (learn, "learn"),
        ):
            for suffix, width, scheme in LOOKS:
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(url)
                page.reload()  # another address after "#" alone is no other page
                page.wait_for_selector("canvas[data-painted]")
                file = folder / f"{name}{suffix}.png"
                take(page, file)
                print(file)


def live(page: Page, file: Path) -> None:
    """The whole page, with its figures."""
    for _ in range(4):
        page.wait_for_event("response", lambda answer: "/run/predict" in answer.url)
    page.screenshot(path=file, full_page=True)


def sweep(page: Page, file: Path) -> None:
    """Sweep the attacks that are ticked at first, and take the chart."""
    page.get_by_role("tab", name="Sweep").click()
    page.get_by_role("button", name="Run the sweep").click()
    page.wait_for_selector(".cd-sweep .cd-curve", state="attached")
    page.wait_for_selector(".cd-progress:not(:has(progress))", timeout=120_000)
    _settled(page, ".cd-sweep")
    page.locator(".cd-sweep").screenshot(path=file)


def still(page: Page, file: Path) -> None:
    """Freeze a still, let the attacks that are ticked at first have it, and take their cards."""
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("button", name="Freeze a still").click()
    page.wait_for_selector(".cd-cards img")
    page.get_by_role("button", name="Attack the still").click()
    page.wait_for_selector(".cd-results .cd-progress:not(:has(progress))", timeout=120_000)
    _settled(page, ".cd-cards")
    page.locator(".cd-results").screenshot(path=file)


def runs(page: Page, file: Path) -> None:
    """Two runs beside each other."""
    page.get_by_role("tab", name="Runs").click()
    for label, nth in (("run A", 1), ("run B", 2)):
        page.get_by_label(label).click()
        page.get_by_role("option").nth(nth).click()
        page.get_by_role("option").first.wait_for(state="hidden")
    page.wait_for_timeout(1500)
    page.get_by_role("tabpanel").filter(visible=True).screenshot(path=file)


def learn(page: Page, file: Path) -> None:
    """FGSM, at a pixel of the face."""
    page.get_by_role("tab", name="Learn").click()
    page.wait_for_selector(".cd-board img", timeout=60_000)
    page.locator(".cd-lessons label", has_text="FGSM").click()
    page.wait_for_selector(".cd-terms", timeout=60_000)
    _settled(page, ".cd-board")
    page.locator(".cd-learn").screenshot(path=file)


TABS = {"panel": live, "sweep": sweep, "still": still, "runs": runs, "learn": learn}
"""name of the picture -> what takes it."""


def _settled(page: Page, place: str) -> None:
    script = "(p) => [...document.querySelectorAll(p + ' img')].every((i) => i.complete)"
    page.wait_for_function(script, arg=place)


def evaluate(folder: str, attack: str) -> None:
    """A run of 60 frames."""
    words = ["evaluate", "scene:portrait?frames=60", "--attack", attack, "--runs", folder]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output


def main() -> None:
    """Serve, look, write."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as kept:
        for attack in ("fgsm", "pgd"):
            evaluate(kept, attack)
        settings = Settings().changed({"source": "scene:portrait", "attack": "none", "runs": kept})
        session = Session(settings)
        session.start()
        try:
            with serve_here(session, settings) as served, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)
                shoot(browser, served.url, session, folder)
                browser.close()
        finally:
            session.stop()


if __name__ == "__main__":
    main()
