"""The tab of the runs on disk: its widgets and what they call."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr
from gradio.components import Component

from monitor.comparison import compared
from monitor.errors import MonitorError, RunError
from monitor.evaluation.opened import Evaluation
from monitor.panel.evaluation_view import evaluation_view
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
        return list(shown(self._shelf, a or "", b or ""))


def shown(shelf: Shelf, a: str, b: str) -> tuple[str, str]:
    """What is wrong, and what there is to see of one run, or of two beside each other; HTML."""
    try:
        if a and b:
            one, other = shelf.open(a), shelf.open(b)
            if isinstance(one, Evaluation) or isinstance(other, Evaluation):
                raise RunError(f"runs of many clips are compared by `camdrift compare {a} {b}`")
            return "", comparison_view(a, b, compared(one, other))
        if name := a or b:
            run, files = shelf.open(name), shelf.files(name)
            if isinstance(run, Evaluation):
                return "", evaluation_view(name, run.summary, files)
            return "", run_view(run, files)
    except MonitorError as error:
        # Where on this machine the runs lie is for nobody who looks at the page.
        return refusal(str(error).replace(f"{shelf.folder}/", "")), ""
    except _DAMAGED:
        return refusal(f"{' or '.join(filter(None, (a, b)))}: damaged; run it again"), ""
    return "", ""
