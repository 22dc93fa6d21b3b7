"""Take the pictures of the panel that stand in the documentation; not a test.

    python tests/monitor/panel/screenshot.py [FOLDER]

writes panel.png (1280 wide, light), panel-narrow.png (400 wide, dark), sweep.png, success against eps on a
frozen frame, and still.png, a still under several attacks, into FOLDER, by default docs/.
It needs Chromium on the PATH. The photograph is NASA's, in the public domain.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conftest import CHROMIUM, chromium, serve_here  # this folder's
from playwright.sync_api import Browser, Page, sync_playwright

from monitor.config import Settings
from monitor.session import Session

SHOTS = (("panel", 1280, "light"), ("panel-narrow", 400, "dark"))
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
        for name, width, scheme in SHOTS:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(url)
            page.reload()  # another address after "#" alone is no other page
            page.wait_for_selector("canvas[data-painted]")
            for _ in range(4):
                page.wait_for_event("response", lambda answer: "/run/predict" in answer.url)
            page.screenshot(path=folder / f"{name}.png", full_page=True)
            print(folder / f"{name}.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})
        shoot_sweep(page, folder / "sweep.png")
        shoot_still(page, folder / "still.png")


def shoot_sweep(page: Page, file: Path) -> None:
    """Sweep the attacks that are ticked at first, and take the chart."""
    page.get_by_role("tab", name="Sweep").click()
    page.get_by_role("button", name="Run the sweep").click()
    page.wait_for_selector(".cd-sweep .cd-curve", state="attached")
    page.wait_for_selector(".cd-progress:not(:has(progress))", timeout=120_000)
    page.wait_for_function("document.querySelector('.cd-sweep img').complete")
    page.locator(".cd-sweep").screenshot(path=file)
    print(file)


def shoot_still(page: Page, file: Path) -> None:
    """Freeze a still, let the attacks that are ticked at first have it, and take their cards."""
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("button", name="Freeze a still").click()
    page.wait_for_selector(".cd-cards img")
    page.get_by_role("button", name="Attack the still").click()
    page.wait_for_selector(".cd-results .cd-progress:not(:has(progress))", timeout=120_000)
    page.wait_for_function(
        "[...document.querySelectorAll('.cd-cards img')].every((i) => i.complete)"
    )
    page.locator(".cd-results").screenshot(path=file)
    print(file)


def main() -> None:
    """Serve, look, write."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    folder.mkdir(exist_ok=True)
    settings = Settings().changed({"source": "scene:portrait", "attack": "none"})
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
