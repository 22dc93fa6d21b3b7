"""The tab where one still is frozen and several attacks and faults are set on it: its widgets."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr
from gradio.components import Component

from monitor.faults import FAULTS
from monitor.panel.cards import cards, progress_line
from monitor.panel.readouts import refusal
from monitor.panel.still import Table, carried_attacks, still_attacks
from monitor.panel.still_bench import Bench

CHOSEN: Final = ("fgsm", "pgd", "deepfool", "square", "noise")
"""Ticked at first: one step, many, the nearest frame, without gradients, and the baseline."""


class StillPage:
    """Made inside the blocks; every page shows the same still.

    Parameters
    ----------
    bench : what keeps the still and works.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        with gr.Column(elem_classes="cd-bench"):
            gr.HTML(
                '<div class="cd-title"><h3>One still, several attacks and faults</h3>'
                "<span>a frozen frame, and what each of them makes of it</span></div>"
            )
            self._chosen = gr.CheckboxGroup(
                list(still_attacks()),
                value=list(CHOSEN),
                label="attacks",
                info=_info(),
                elem_classes="cd-chosen",
            )
            with gr.Row():
                self._faults = gr.Dropdown(
                    list(FAULTS),
                    value=[],
                    multiselect=True,
                    label="faults",
                    info="natural faults of a camera, each without an attack",
                    elem_classes="cd-chosen",
                    scale=3,
                    min_width=220,
                )
                self._severity = gr.Slider(
                    1,
                    5,
                    value=3,
                    step=0.5,
                    label="severity",
                    info="of each fault, 1 to 5",
                    elem_classes="cd-chosen",
                    buttons=[],
                    scale=2,
                    min_width=180,
                )
            with gr.Row(elem_classes="cd-buttons"):
                self._freeze = gr.Button("Freeze a still", scale=0, min_width=150)
                self._attack = gr.Button(
                    "Attack the still", variant="primary", scale=0, min_width=150
                )
                self._stop = gr.Button("Stop", interactive=False, scale=0, min_width=90)
            self._refusal = gr.HTML("", elem_classes="cd-message")
            table = bench.table()
            with gr.Column(elem_classes="cd-results"):
                progress, shown = gr.HTML(progress_line(table)), gr.HTML(cards(table))
                # What this page shows; the cards are sent again when they have changed, not at every tick.
                self.seen = gr.Textbox(str(table.version), visible="hidden", show_label=False)
        self.outputs: list[Component] = [progress, shown, self._stop, self.seen]

    def events(self, quiet: dict[str, Any]) -> None:
        """What the buttons call; `quiet`: how events are to be registered."""
        pressed = [self._refusal, *self.outputs]
        wanted = [self._chosen, self._faults, self._severity]
        self._freeze.click(self._on_freeze, outputs=pressed, **quiet)
        self._attack.click(self._on_attack, inputs=wanted, outputs=pressed, **quiet)
        self._stop.click(self._on_stop, outputs=pressed, **quiet)

    def updates(self) -> list[Any]:
        """All that is to be shown, for `outputs`."""
        return _all(self._bench.table())

    def tick(self, seen: str) -> list[Any]:
        """As much of it as a page that has `seen` lacks."""
        table = self._bench.table()
        if seen != str(table.version):
            return _all(table)
        progress = progress_line(table) if table.busy else gr.skip()
        return [progress, gr.skip(), gr.skip(), gr.skip()]

    def _on_freeze(self) -> list[Any]:
        return [refusal(self._bench.freeze()), *self.updates()]

    def _on_attack(self, chosen: list[str], faults: list[str], severity: float) -> list[Any]:
        return [refusal(self._bench.attack(chosen, faults, severity)), *self.updates()]

    def _on_stop(self) -> list[Any]:
        self._bench.stop()
        return ["", *self.updates()]


def _all(table: Table) -> list[Any]:
    stop = gr.update(interactive=table.busy)
    return [progress_line(table), cards(table), stop, str(table.version)]


def _info() -> str:
    carried = " and ".join(carried_attacks())
    return (
        "they work one after the other, beside the stream, under the goal, budget and other settings that "
        f"hold when you press; {carried} are carried from frame to frame and have no place on a still"
    )
