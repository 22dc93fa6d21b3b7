"""Several cameras on one page, and the visitor's own camera, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from models.centerface import CenterFace
from monitor.arrays import Pixels
from monitor.config import Settings
from monitor.group import Group
from monitor.session import Session
from monitor.status import SessionState
from streams.producers.visitor import MOST_BYTES, NAME

pytestmark = pytest.mark.timeout(90)

FRAME = "/visitor/frame"
OURS = {"X-Camdrift": "visitor"}


def jpeg() -> bytes:
    return cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()


def test_all_cameras_move_and_a_click_brings_one_into_view(
    settings: Settings,
    faces: CenterFace,
    serving: Callable[..., AbstractContextManager[Any]],
    browser: Browser,
) -> None:
    wanted = settings.changed({"also": ("scene:road",), "idle_after": 0})
    group = Group.of(wanted, load_model=lambda _: faces)
    group.start()
    try:
        with serving(group, wanted) as served, browser.new_context() as context:
            page = context.new_page()
            page.goto(served.url)
            for kind in ("camera0", "camera1", "clean", "attacked"):
                page.wait_for_selector(f'canvas[data-kind="{kind}"][data-painted]', timeout=20_000)
            page.get_by_label("2: scene:road").check()
            expect(page.locator(".cd-header .cd-status")).to_contain_text(
                "scene:road", timeout=10_000
            )
            assert group.view == 1
    finally:
        group.stop()


def test_a_visitors_camera_becomes_the_source(
    session: Session,
    settings: Settings,
    serving: Callable[..., AbstractContextManager[Any]],
    browser: Browser,
    wait_for: Callable[..., None],
) -> None:
    with (
        serving(session, settings) as served,
        browser.new_context(permissions=["camera"]) as context,
    ):
        page = context.new_page()
        page.goto(served.url)
        page.get_by_role("button", name="Use my camera").click()
        wait_for(lambda: session.status.source == NAME, 20)
        frames = session.status.frames
        wait_for(lambda: session.status.frames > frames + 5, 20)
        expect(page.locator(".cd-header .cd-status")).to_contain_text(NAME, timeout=10_000)
        session.apply({"source": "scene:portrait"})
        # The page stops sending by itself: nobody wants its pictures any more.
        expect(page.locator(".cd-visitor-says")).to_have_text(
            "another source was chosen", timeout=15_000
        )


def test_a_film_in_front_of_a_visitors_camera_is_what_the_detector_sees(
    session: Session,
    settings: Settings,
    serving: Callable[..., AbstractContextManager[Any]],
    browser_with: Callable[..., AbstractContextManager[Browser]],
    portrait: Pixels,
    tmp_path: Path,
    wait_for: Callable[..., None],
) -> None:
    # Chromium plays the file as the camera.
    film = tmp_path / "camera.mjpeg"
    large = cv2.resize(portrait, (640, 480), interpolation=cv2.INTER_CUBIC)
    with film.open("wb") as file:
        for shift in range(30):
            moved = np.roll(large, 2 * shift, axis=1)
            file.write(cv2.imencode(".jpg", moved)[1].tobytes())
    flag = f"--use-file-for-fake-video-capture={film}"
    with serving(session, settings) as served, browser_with(flag) as filmed:
        page = filmed.new_context(permissions=["camera"]).new_page()
        page.goto(served.url)
        page.get_by_role("button", name="Use my camera").click()
        wait_for(lambda: session.status.source == NAME, 20)

        def face() -> bool:
            _, seen = session.broadcast.newest()
            return seen is not None and seen.frame.source == NAME and len(seen.clean) == 1

        wait_for(face, 20)
        _, seen = session.broadcast.newest()
        assert seen is not None
        # The portrait itself, not Chromium's test picture with its green ground.
        mean = seen.frame.pixels.mean(axis=(0, 1))
        assert np.abs(mean - large.mean(axis=(0, 1))).max() < 12
        page.wait_for_selector("canvas[data-kind=clean][data-painted]")


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({}, jpeg(), 403),
        ({"X-Camdrift": "else"}, jpeg(), 403),
        (OURS, b"no picture", 409),  # not asked for
        (OURS, bytes(MOST_BYTES + 1), 413),
    ],
)
def test_pictures_from_elsewhere_or_that_are_none_are_refused(
    session: Session,
    settings: Settings,
    serving: Callable[..., AbstractContextManager[Any]],
    headers: dict[str, str],
    data: bytes,
    status: int,
) -> None:
    with serving(session, settings) as served:
        answer = httpx.post(served.url + FRAME, content=data, headers=headers)
        assert answer.status_code == status
        assert session.settings.stream.source == "scene:portrait"


def test_a_first_picture_that_is_none_changes_no_source(
    session: Session, settings: Settings, serving: Callable[..., AbstractContextManager[Any]]
) -> None:
    with serving(session, settings) as served:
        url = served.url + FRAME + "?begin=1"
        answer = httpx.post(url, content=b"\xff\xd8 no", headers=OURS)
        assert answer.status_code == 400
        assert "\n" not in answer.text
        assert session.status.state is not SessionState.FAILED
        assert session.settings.stream.source == "scene:portrait"
