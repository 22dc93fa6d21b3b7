"""The tab where success is measured against eps on a frozen frame: its widgets and what they call."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr
from gradio.components import Component

from monitor.live import Live
from monitor.panel.controls import EPS
from monitor.panel.readouts import refusal
from monitor.panel.sweep_bench import Sweep, SweepBench
from monitor.panel.sweep_view import sweep_progress, sweep_view
from monitor.sweep import swept_attacks

CHOSEN: Final = ("fgsm", "pgd", "noise")
"""Ticked at first: one step, many, and the baseline that both must beat."""


class SweepPage:
    """Made inside the blocks; every page shows the same sweep.

    Parameters
    ----------
    bench : what keeps the frame and works.
    session : whose settings say which attacks can be swept.
    """

    def __init__(self, bench: SweepBench, session: Live) -> None:
        self._bench, self._session = bench, session
        with gr.Column(elem_classes="cd-bench"):
            gr.HTML(
                '<div class="cd-title"><h3>Success against eps</h3>'
                "<span>one frozen frame, one budget after the other</span></div>"
            )
            choices = list(swept_attacks(session.settings))
            self._chosen = gr.CheckboxGroup(
                choices,
                value=[name for name in CHOSEN if name in choices],
                label="attacks",
                info="those that keep budgets in the norm that is chosen; the other settings hold",
                elem_classes="cd-chosen",
            )
            with gr.Row():
                self._most = gr.Number(
                    0,
                    label="largest eps",
                    info=_most_info(session),
                    minimum=0,
                    elem_classes="cd-chosen",
                    min_width=180,
                )
                self._repeats = gr.Slider(
                    1,
                    10,
                    value=1,
                    step=1,
                    label="tries",
                    info="seeds at each eps, of an attack that draws",
                    elem_classes="cd-chosen",
                    buttons=[],
                    min_width=180,
                )
            with gr.Row(elem_classes="cd-buttons"):
                self._freeze = gr.Button("Freeze a frame", scale=0, min_width=150)
                self._run = gr.Button("Run the sweep", variant="primary", scale=0, min_width=150)
                self._stop = gr.Button("Cancel", interactive=False, scale=0, min_width=90)
            self._refusal = gr.HTML("", elem_classes="cd-message")
            sweep = bench.sweep()
            progress, shown = gr.HTML(sweep_progress(sweep)), gr.HTML(sweep_view(sweep))
            self.seen = gr.Textbox(_version(sweep), visible="hidden", show_label=False)
        self.outputs: list[Component] = [progress, shown, self._stop, self.seen]
        self._widgets: list[Component] = [self._chosen, self._most]

    def events(self, quiet: dict[str, Any]) -> None:
        """What the buttons call; `quiet`: how events are to be registered."""
        pressed = [self._refusal, *self.outputs]
        wanted = [self._chosen, self._repeats, self._most]
        self._freeze.click(self._on_freeze, outputs=pressed, **quiet)
        self._run.click(self._on_run, inputs=wanted, outputs=pressed, **quiet)
        self._stop.click(self._on_stop, outputs=pressed, **quiet)

    @property
    def choices(self) -> list[Component]:
        """The widgets that hang on the norm, for `offered`."""
        return self._widgets

    def offered(self) -> list[Any]:
        """What can be chosen under the norm that holds, for `choices`."""
        names = list(swept_attacks(self._session.settings))
        return [gr.update(choices=names), gr.update(info=_most_info(self._session))]

    def updates(self) -> list[Any]:
        """All that is to be shown, for `outputs`."""
        return _all(self._bench.sweep())

    def tick(self, seen: str) -> list[Any]:
        """As much of it as a page that has `seen` lacks."""
        sweep = self._bench.sweep()
        return _all(sweep) if seen != _version(sweep) else [gr.skip()] * 4

    def _on_freeze(self) -> list[Any]:
        return [refusal(self._bench.freeze()), *self.updates()]

    def _on_run(self, chosen: list[str], repeats: float, most: float | None) -> list[Any]:
        unit = EPS[self._session.settings.attack.norm].unit
        largest = most * unit if most and most > 0 else None
        return [refusal(self._bench.run(chosen, int(repeats), largest)), *self.updates()]

    def _on_stop(self) -> list[Any]:
        self._bench.stop()
        return ["", *self.updates()]


def _all(sweep: Sweep) -> list[Any]:
    stop = gr.update(interactive=sweep.busy)
    return [sweep_progress(sweep), sweep_view(sweep), stop, _version(sweep)]


def _version(sweep: Sweep) -> str:
    return str(sweep.version)


def _most_info(session: Live) -> str:
    bounds = EPS[session.settings.attack.norm]
    unit = bounds.label.partition(" ")[2]
    return f"{unit}; 0: up to {bounds.most:g}"
