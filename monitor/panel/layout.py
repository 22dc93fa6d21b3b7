"""The page: which widgets there are, where they stand, and what they call. No arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import gradio as gr
from fastapi import FastAPI
from gradio.components import Component

from monitor.catalog import CATALOG, NONE
from monitor.config import Settings
from monitor.live import Live
from monitor.panel import readouts
from monitor.panel.cameras import Cameras
from monitor.panel.chart import chart
from monitor.panel.controls import (
    AMPLIFY,
    EPS,
    KNOBS,
    WORDS,
    Controls,
    attack_info,
    description,
    goals,
    heeds,
    norms,
    sources,
    targets,
)
from monitor.panel.guard import LOGOUT
from monitor.panel.knobs import knob
from monitor.panel.labels import top_labels
from monitor.panel.still_bench import Bench
from monitor.panel.still_page import StillPage
from monitor.panel.theme import theme
from monitor.panel.watch import Watch

TICK: Final = 0.5
"""Seconds between two updates of figures, chart and widgets; the pictures do not wait for it."""

_HERE: Final = Path(__file__).parent
_QUIET: Final[dict[str, Any]] = {
    # Without the queue an event is one short request instead of a request and an event stream.
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}


def mount_page(
    app: FastAPI, session: Live, watch: Watch, bench: Bench, settings: Settings, *, guarded: bool
) -> None:
    """Put the page at the root of the application."""
    blocks = build_page(session, watch, bench, guarded=guarded)
    gr.mount_gradio_app(
        app,
        blocks,
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
        css_paths=[_HERE / "style.css"],
        js=(_HERE / "video.js").read_text(encoding="utf-8"),
    )


def build_page(session: Live, watch: Watch, bench: Bench, *, guarded: bool) -> gr.Blocks:
    """The widgets and their events."""
    blocks: gr.Blocks = _Page(session, watch, bench, guarded).blocks
    return blocks


class _Page:
    """Widgets by name, so that events can speak of them."""

    def __init__(self, session: Live, watch: Watch, bench: Bench, guarded: bool) -> None:
        self._session = session
        self._watch = watch
        self._controls = Controls(session)
        self._widgets: dict[str, Component] = {}
        # No share, no telemetry, no look for a newer version: the panel never calls out.
        with gr.Blocks(title="camdrift", analytics_enabled=False, fill_width=True) as self.blocks:
            self._header(guarded)
            with gr.Row(elem_classes="cd-main"):
                with gr.Column(scale=3, min_width=320, elem_classes="cd-sight"):
                    self._pictures()
                    self._still = StillPage(bench)
                with gr.Column(scale=1, min_width=300, elem_classes="cd-controls"):
                    self._panel()
            self._still.results(_QUIET)
            self._events()

    # What stands where.

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

    def _pictures(self) -> None:
        with gr.Row(elem_classes="cd-pair"):
            with gr.Column(min_width=280):
                _screen("clean", "Clean", "the frame as it came")
                self._clean = gr.HTML()
            with gr.Column(min_width=280):
                _screen("attacked", "Attacked", "the same frame, perturbed")
                self._attacked = gr.HTML()
        gr.HTML(readouts.legend())
        with gr.Row(elem_classes="cd-pair"):
            with gr.Column(min_width=280):
                _screen("difference", "Perturbation", "attacked less clean, amplified")
                self._difference = gr.HTML()
            with gr.Column(min_width=280):
                gr.HTML(_title("Drift", "how far the two answers are apart"))
                self._chart = gr.HTML(chart((), 0))
        self._labels = gr.HTML()
        self._counters = gr.HTML()

    def _panel(self) -> None:
        held, settings = self._controls.values(), self._session.settings
        self._note = gr.HTML("", elem_classes="cd-message")
        self._refusal = gr.HTML("", elem_classes="cd-message")
        self._button = gr.Button(self._controls.button(), variant="primary")
        self._widgets["source"] = gr.Dropdown(
            sources(settings),
            value=held["source"],
            label="source",
            info=description("source"),
            allow_custom_value=True,
        )
        gr.HTML(
            '<div class="cd-own"><button type="button" class="cd-visitor">Use my camera</button>'
            '<span class="cd-visitor-says" role="status"></span></div>'
        )
        self._widgets["attack"] = gr.Dropdown(
            [NONE, *CATALOG], value=held["attack"], label="attack", info=attack_info(held["attack"])
        )
        self._widgets["goal"] = gr.Radio(
            goals(self._session), value=held["goal"], label="goal", info=description("goal")
        )
        self._widgets["target"] = gr.Dropdown(
            targets(self._session),
            value=held["target"],
            label="target",
            info=_first_clause("target"),
            visible=heeds(settings, "target"),
        )
        self._widgets["at"] = gr.Textbox(
            held["at"],
            label="at",
            info=_first_clause("at"),
            placeholder="anywhere",
            visible=heeds(settings, "at"),
        )
        self._widgets["norm"] = gr.Radio(
            norms(settings),
            value=held["norm"],
            label="norm",
            info=description("norm"),
        )
        self._widgets["eps"] = gr.Slider(info=_first_clause("eps"), **_eps_look(settings, held))
        for word in KNOBS:
            self._widgets[word] = knob(word, held[word], visible=heeds(settings, word))
        self._widgets["threshold"] = gr.Slider(
            0.05,
            0.95,
            value=held["threshold"],
            step=0.05,
            label="threshold",
            info=description("threshold"),
            buttons=[],
        )
        self._widgets["amplify"] = gr.Radio(
            [
                (f"{readouts.TIMES} {factor:g}", factor)
                for factor in sorted({*AMPLIFY, held["amplify"]})
            ],
            value=held["amplify"],
            label="amplify",
            info=description("amplify"),
        )
        # What this page's widgets show; another page's change is seen by it. A gr.State would hold one more
        # connection open for every page.
        self._seen = gr.Textbox(self._controls.fingerprint(), visible="hidden", show_label=False)

    # What calls what.

    def _events(self) -> None:
        widgets = [self._widgets[word] for word in WORDS]
        held = [*widgets, self._button, self._seen]
        figures = [
            self._status,
            self._halted,
            self._note,
            self._clean,
            self._attacked,
            self._difference,
            self._chart,
            self._labels,
            self._counters,
            *self._cameras.figures,
        ]
        for word in WORDS:
            gr.on(
                self._happenings(word),
                self._changer(word),
                inputs=[self._widgets[word]],
                outputs=[self._refusal, *held],
                trigger_mode="always_last",
                **_QUIET,
            )
        self._button.click(self._press, outputs=held, **_QUIET)
        self._cameras.on_choice(self._load_figures, [*figures, *held], **_QUIET)
        still = self._still
        self.blocks.load(self._load, outputs=[*figures, *still.outputs, *held], **_QUIET)
        gr.Timer(TICK).tick(
            self._tick,
            inputs=[self._seen, still.seen],
            outputs=[*figures, *still.outputs, *held],
            trigger_mode="once",
            **_QUIET,
        )

    def _changer(self, word: str) -> Callable[[Any], list[Any]]:
        def change(value: Any) -> list[Any]:
            reason = self._controls.change(word, value)
            # A slider that is being dragged must not be pulled back to where it was a moment ago.
            return [readouts.refusal(reason), *self._held(keep="" if reason else word)]

        return change

    def _happenings(self, word: str) -> list[Any]:
        """What makes a change of a widget count: a text once it is whole, all else at once."""
        widget = self._widgets[word]
        if isinstance(widget, gr.Textbox):
            return [widget.submit, widget.blur]
        return [widget.input]  # type: ignore[attr-defined]

    def _press(self) -> list[Any]:
        self._controls.press()
        return self._held()

    def _load_figures(self) -> list[Any]:
        return [*self._figures(), *self._held()]

    def _load(self) -> list[Any]:
        return [*self._figures(), *self._still.updates(), *self._held()]

    def _tick(self, seen: str, still: str) -> list[Any]:
        same = seen == self._controls.fingerprint()
        held = [gr.skip() for _ in range(len(WORDS) + 2)] if same else self._held()
        return [*self._figures(), *self._still.tick(still), *held]

    def _figures(self) -> list[str]:
        status, settings = self._session.status, self._session.settings
        reading = self._watch.reading()
        return [
            readouts.status_line(status),
            readouts.halted(status),
            readouts.note(status),
            readouts.clean_caption(reading),
            readouts.attacked_caption(reading, settings),
            readouts.difference_caption(reading, settings),
            chart(reading.points, reading.window),
            top_labels(reading),
            readouts.counters(status, reading),
            *self._cameras.texts(),
        ]

    def _held(self, keep: str = "") -> list[Any]:
        """Updates that make every widget show what holds; `keep`: this one is left alone."""
        settings, held = self._session.settings, self._controls.values()
        looks: dict[str, dict[str, Any]] = {word: {"value": held[word]} for word in WORDS}
        looks["source"]["choices"] = sources(settings)
        looks["attack"]["info"] = attack_info(held["attack"])
        looks["goal"]["choices"] = goals(self._session)
        looks["target"]["choices"] = targets(self._session)
        looks["norm"]["choices"] = norms(settings)
        for word in ("goal", "target", "at", "norm", *KNOBS):
            looks[word]["visible"] = heeds(settings, word)
        looks["eps"] = _eps_look(settings, held)
        if keep:
            looks[keep].pop("value")
        updates = [gr.update(**looks[word]) for word in WORDS]
        return [*updates, gr.update(value=self._controls.button()), self._controls.fingerprint()]


def _screen(kind: str, title: str, words: str) -> None:
    gr.HTML(
        f'{_title(title, words)}<div class="cd-screen">'
        f'<canvas data-kind="{kind}" width="640" height="480" role="img" '
        f'aria-label="{title} picture"></canvas></div>'
    )


def _title(title: str, words: str) -> str:
    return f'<div class="cd-title"><h3>{title}</h3><span>{words}</span></div>'


def _eps_look(settings: Settings, held: dict[str, Any]) -> dict[str, Any]:
    bounds = EPS[settings.attack.norm]
    return {
        "value": held["eps"],
        "label": bounds.label,
        "minimum": 0,
        "maximum": max(bounds.most, held["eps"]),
        "step": bounds.step,
        "visible": heeds(settings, "eps"),
        "buttons": [],
    }


def _first_clause(word: str) -> str:
    return description(word).partition(";")[0]
