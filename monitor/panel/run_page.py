"""The tab of the runs on disk: its widgets and what they call."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr
from gradio.components import Component

from monitor.comparison import compared
from monitor.errors import MonitorError
from monitor.panel.readouts import refusal
from monitor.panel.run_shelf import Shelf
from monitor.panel.run_view import comparison_view, run_list, run_view

_DAMAGED: Final = (LookupError, TypeError, ValueError, AttributeError, RecursionError, OSError)
"""What a summary that is not as it was written can raise."""


class RunsPage:
    """Made inside the blocks; it reads the disk when it is opened or asked to, never on a tick.

    Parameters
    ----------
    shelf : the runs.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        with gr.Column(elem_classes="cd-bench"):
            gr.HTML(
                '<div class="cd-title"><h3>Runs</h3><span>what was recorded or evaluated, newest first'
                "</span></div>"
            )
            self._list = gr.HTML()
            with gr.Row():
                self._a, self._b = (
                    gr.Dropdown(
                        [("none", "")],
                        value="",
                        label=label,
                        info=info,
                        elem_classes="cd-chosen",
                        min_width=220,
                    )
                    for label, info in (
                        ("run A", "its summary, files and worst frames"),
                        ("run B", "beside A: what differs"),
                    )
                )
            with gr.Row(elem_classes="cd-buttons"):
                self._refresh = gr.Button("Refresh the list", scale=0, min_width=150)
            self._trouble = gr.HTML("", elem_classes="cd-message")
            self._shown = gr.HTML()
        self.outputs: list[Component] = [
            self._list,
            self._a,
            self._b,
            self._trouble,
            self._shown,
        ]

    def events(self, quiet: dict[str, Any]) -> None:
        """What the widgets call; `quiet`: how events are to be registered."""
        self._refresh.click(self.refresh, inputs=[self._a, self._b], outputs=self.outputs, **quiet)
        gr.on(
            [self._a.input, self._b.input],
            self._show,
            inputs=[self._a, self._b],
            outputs=[self._trouble, self._shown],
            **quiet,
        )

    @property
    def chosen(self) -> list[Component]:
        """Inputs of `refresh`."""
        return [self._a, self._b]

    def refresh(self, a: str | None, b: str | None) -> list[Any]:
        """The list anew and what is chosen, for `outputs`."""
        entries = self._shelf.entries()
        names = [entry.name for entry in entries if entry.condition is not None]
        choices = [("none", ""), *((name, name) for name in names)]
        a, b = (name if name in names else "" for name in (a, b))
        return [
            run_list(entries, str(self._shelf.folder)),
            gr.update(choices=choices, value=a),
            gr.update(choices=choices, value=b),
            *self._show(a, b),
        ]

    def _show(self, a: str | None, b: str | None) -> list[str]:
        try:
            if a and b:
                found = compared(self._shelf.open(a), self._shelf.open(b))
                return ["", comparison_view(a, b, found)]
            name = a or b
            if name:
                return ["", run_view(self._shelf.open(name), self._shelf.files(name))]
        except MonitorError as error:
            # Where on this machine the runs lie is for nobody who looks at the page.
            return [refusal(str(error).replace(f"{self._shelf.folder}/", "")), ""]
        except _DAMAGED:
            return [refusal(f"{' or '.join(filter(None, (a, b)))}: damaged; run it again"), ""]
        return ["", ""]
