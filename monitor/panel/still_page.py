"""The part of the page where a still is frozen and attacked: its widgets and what they call."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr
from gradio.components import Component

from monitor.panel.cards import cards, progress_line
from monitor.panel.readouts import refusal
from monitor.panel.still import Table, carried_attacks, still_attacks
from monitor.panel.still_bench import Bench

CHOSEN: Final = ("fgsm", "pgd", "deepfool", "square", "noise")
"""Ticked at first: one step, many, the nearest frame, without gradients, and the baseline."""


class StillPage:
    """Made inside the blocks, where the attacks are to be chosen; every page shows the same still.

    Parameters
    ----------
    bench : what keeps the still and works.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        with gr.Column(elem_classes="cd-bench"):
            gr.HTML(
                '<div class="cd-title"><h3>One still, several attacks</h3>'
                "<span>a frozen frame, and what each of them makes of it</span></div>"
            )
            self._chosen = gr.CheckboxGroup(
                list(still_attacks()),
                value=list(CHOSEN),
                label="attacks",
                info=_info(),
                elem_classes="cd-chosen",
            )
            with gr.Row(elem_classes="cd-buttons"):
                self._freeze = gr.Button("Freeze a still", scale=0, min_width=150)
                self._attack = gr.Button(
                    "Attack the still", variant="primary", scale=0, min_width=150
                )
                self._stop = gr.Button("Stop", interactive=False, scale=0, min_width=90)
            self._refusal = gr.HTML("", elem_classes="cd-message")

    def results(self, quiet: dict[str, Any]) -> None:
        """The cards, where they are to stand, and the events; `quiet`: how these are to be registered."""
        table = self._bench.table()
        with gr.Column(elem_classes="cd-results"):
            progress, shown = gr.HTML(progress_line(table)), gr.HTML(cards(table))
            # What this page shows; the cards are sent again when they have changed, not at every tick.
            self.seen = gr.Textbox(str(table.version), visible="hidden", show_label=False)
        self.outputs: list[Component] = [progress, shown, self._stop, self.seen]
        pressed = [self._refusal, *self.outputs]
        self._freeze.click(self._on_freeze, outputs=pressed, **quiet)
        self._attack.click(self._on_attack, inputs=[self._chosen], outputs=pressed, **quiet)
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

    def _on_attack(self, chosen: list[str]) -> list[Any]:
        return [refusal(self._bench.attack(chosen)), *self.updates()]

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
