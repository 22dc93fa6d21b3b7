"""The page: the header, the tabs, the column of controls, and the clock that keeps them up to date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import gradio as gr
from fastapi import FastAPI

from monitor.alarm_facts import AlarmBook
from monitor.config import Settings
from monitor.live import Live
from monitor.panel import readouts
from monitor.panel.address import TABS, tab_of
from monitor.panel.cameras import Cameras
from monitor.panel.control_panel import ControlPanel
from monitor.panel.guard import LOGOUT
from monitor.panel.learn_bench import LearnBench
from monitor.panel.learn_page import LearnPage
from monitor.panel.live_page import LivePage
from monitor.panel.run_page import RunsPage
from monitor.panel.run_shelf import Shelf
from monitor.panel.still_bench import Bench
from monitor.panel.still_page import StillPage
from monitor.panel.sweep_bench import SweepBench
from monitor.panel.sweep_page import SweepPage
from monitor.panel.tape import Tape
from monitor.panel.theme import theme
from monitor.panel.watch import Watch

TICK: Final = 0.5
"""Seconds between two updates of figures, chart and widgets; the pictures do not wait for it."""

_HERE: Final = Path(__file__).parent
_STYLES: Final = ("style.css", "tabs.css", "run.css", "learn.css")
_SCRIPTS: Final = ("video.js", "pick.js")
_QUIET: Final[dict[str, Any]] = {
    # Without the queue an event is one short request instead of a request and an event stream.
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}
_LINK: Final = "() => [location.hash]"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the page shows and drives.

    Attributes
    ----------
    session : the live session.
    watch, alarms, tape : its figures, its alarms, its recording.
    still, sweep, learn : the benches of the tabs Compare, Sweep and Learn.
    shelf : the runs on disk.
    """

    session: Live
    watch: Watch
    alarms: AlarmBook
    tape: Tape
    still: Bench
    sweep: SweepBench
    learn: LearnBench
    shelf: Shelf


def mount_page(app: FastAPI, parts: Parts, settings: Settings, *, guarded: bool) -> None:
    """Put the page at the root of the application."""
    gr.mount_gradio_app(
        app,
        build_page(parts, guarded=guarded),
        path="/",
        server_name=settings.panel.host,
        server_port=settings.panel.port,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css_paths=[_HERE / name for name in _STYLES],
        js=_script(),
    )


def _script() -> str:
    """The page's scripts as the one function that Gradio asks for."""
    parts = [(_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return "() => {\n" + "\n".join(f"(\n{part})();" for part in parts) + "\n}"


def build_page(parts: Parts, *, guarded: bool) -> gr.Blocks:
    """The widgets and their events."""
    blocks: gr.Blocks = _Page(parts, guarded).blocks
    return blocks


class _Page:
    """The tabs and what is beside them, by name, so that events can speak of them."""

    def __init__(self, parts: Parts, guarded: bool) -> None:
        session = self._session = parts.session
        # No share, no telemetry, no look for a newer version: the panel never calls out.
        with gr.Blocks(title="camdrift", analytics_enabled=False, fill_width=True) as self.blocks:
            self._header(guarded)
            with gr.Row(elem_classes="cd-main"):
                with (
                    gr.Column(scale=3, min_width=320, elem_classes="cd-sight"),
                    gr.Tabs(elem_classes="cd-tabs") as self._tabs,
                ):
                    live, sweep, compare, runs, learn = TABS
                    with gr.Tab("Live", id=live):
                        self._live = LivePage(session, parts.watch, parts.alarms, parts.tape)
                    with gr.Tab("Sweep", id=sweep):
                        self._sweep = SweepPage(parts.sweep, session)
                    with gr.Tab("Compare", id=compare):
                        self._still = StillPage(parts.still)
                    with gr.Tab("Runs", id=runs) as self._runs_tab:
                        self._runs = RunsPage(parts.shelf)
                    with gr.Tab("Learn", id=learn) as self._learn_tab:
                        self._learn = LearnPage(parts.learn)
                with gr.Column(scale=1, min_width=300, elem_classes="cd-controls"):
                    self._controls = ControlPanel(session)
            self._events()

    def _header(self, guarded: bool) -> None:
        leave = f'<a href="{LOGOUT}">log out</a>' if guarded else ""
        with gr.Row(elem_classes="cd-header"):
            gr.HTML(
                "<h1>camdrift</h1><p>what an attack does to your own camera's detector</p>",
                elem_classes="cd-name",
            )
            self._status = gr.HTML(readouts.status_line(self._session.status), min_width=200)
            gr.HTML(f'<span class="cd-lost" role="alert"></span>{leave}', elem_classes="cd-corner")
        self._halted = gr.HTML("", elem_classes="cd-message")
        self._cameras = Cameras(self._session)

    def _events(self) -> None:
        controls, live, still, sweep = self._controls, self._live, self._still, self._sweep
        for part in (controls, live, still, sweep, self._runs, self._learn):
            part.events(_QUIET)
        on_disk = self._runs
        self._runs_tab.select(
            on_disk.refresh, inputs=on_disk.chosen, outputs=on_disk.outputs, **_QUIET
        )
        self._learn_tab.select(self._learn.opened, outputs=self._learn.answered, **_QUIET)
        figures = [
            self._status,
            self._halted,
            controls.note,
            *live.figures,
            *self._cameras.figures,
        ]
        benches = [*still.outputs, *sweep.outputs, *self._learn.outputs, *sweep.choices]
        shown = [*figures, *live.listed, *benches, *controls.outputs]
        self._cameras.on_choice(
            lambda: [*self._figures(), *controls.held()], [*figures, *controls.outputs], **_QUIET
        )
        self.blocks.load(
            self._load,
            inputs=[controls.offered[0]],
            outputs=[*shown, *controls.offered, self._tabs, *on_disk.outputs],
            js=_LINK,
            **_QUIET,
        )
        gr.Timer(TICK).tick(
            self._tick,
            inputs=[controls.seen, live.seen, still.seen, sweep.seen, self._learn.seen],
            outputs=shown,
            trigger_mode="once",
            **_QUIET,
        )

    def _load(self, fragment: str) -> list[Any]:
        return [
            *self._figures(),
            *self._live.alarms(),
            *self._still.updates(),
            *self._sweep.updates(),
            *self._learning(fragment),
            *self._sweep.offered(),
            *self._controls.held(),
            *self._controls.offer(fragment),
            _tab(fragment),
            *self._on_disk(fragment),
        ]

    def _on_disk(self, fragment: str) -> list[Any]:
        """The runs, for a page that opens with them."""
        if tab_of(fragment) == "runs":
            return self._runs.refresh("", "")
        return [gr.skip() for _ in self._runs.outputs]

    def _learning(self, fragment: str) -> list[Any]:
        """The lesson; a page that opens with it has the first frame taken."""
        return self._learn.opened()[1:] if tab_of(fragment) == "learn" else self._learn.updates()

    def _tick(self, seen: str, alarms: str, still: str, sweep: str, learn: str) -> list[Any]:
        controls, sweeps = self._controls, self._sweep
        if controls.shown(seen):
            settings = [gr.skip() for _ in (*sweeps.choices, *controls.outputs)]
        else:
            settings = [*sweeps.offered(), *controls.held()]
        return [
            *self._figures(),
            *self._live.alarms(alarms),
            *self._still.tick(still),
            *self._sweep.tick(sweep),
            *self._learn.tick(learn),
            *settings,
        ]

    def _figures(self) -> list[Any]:
        status = self._session.status
        return [
            readouts.status_line(status),
            readouts.halted(status),
            readouts.note(status),
            *self._live.updates(),
            *self._cameras.texts(),
        ]


def _tab(fragment: str) -> Any:
    """The tab that a link opens; where it names the first, whoever chose another by now is left there."""
    named = tab_of(fragment)
    return gr.skip() if named == TABS[0] else gr.Tabs(selected=named)
