"""The tab where the lessons are: their widgets, and what they call."""

from __future__ import annotations

import re
from typing import Any, Final

import gradio as gr
from gradio.components import Component

from monitor.distances import Norm
from monitor.lessons.curriculum import PLANS, Lesson
from monitor.panel.controls import EPS
from monitor.panel.learn_bench import Ask, Board, LearnBench
from monitor.panel.learn_texts import lesson_text
from monitor.panel.learn_view import learn_progress, learn_view
from monitor.panel.readouts import refusal

_PIXEL: Final = re.compile(r"\s*(\d{1,6})\s*[,; ]\s*(\d{1,6})\s*")
_NORMS: Final = [("L∞", "linf"), ("L2", "l2"), ("L1", "l1"), ("L0", "l0")]


class LearnPage:
    """Made inside the blocks; every page shows the same lesson. Nothing is worked out before it is opened.

    Parameters
    ----------
    bench : what keeps the frame and works.
    """

    def __init__(self, bench: LearnBench) -> None:
        self._bench = bench
        board = bench.board()
        ask = board.ask
        with gr.Column(elem_classes="cd-bench cd-learn"):
            gr.HTML(
                '<div class="cd-title"><h3>What an attack is</h3>'
                "<span>worked out on a frame of your own camera</span></div>"
            )
            self._lesson = gr.Radio(
                [lesson.value for lesson in Lesson],
                value=ask.lesson.value,
                show_label=False,
                container=False,
                elem_classes="cd-lessons",
            )
            text = gr.HTML(lesson_text(ask.lesson))
            with gr.Row(elem_classes="cd-knobs"):
                self._norm = gr.Radio(
                    _NORMS, label="norm", elem_classes="cd-chosen", min_width=200, **_norm_look(ask)
                )
                self._eps = gr.Slider(elem_classes="cd-chosen", min_width=200, **_eps_look(ask))
                self._amount = gr.Slider(
                    elem_classes="cd-chosen", min_width=200, **_amount_look(ask)
                )
                self._pixel = gr.Textbox(
                    _pixel(ask),
                    label="pixel (column, row)",
                    info="click the frame, or type and press Enter",
                    max_lines=1,
                    elem_classes="cd-chosen cd-pixel",
                    min_width=180,
                )
            with gr.Row(elem_classes="cd-buttons"):
                self._freeze = gr.Button(
                    "Take the newest frame", variant="primary", scale=0, min_width=240
                )
                self._stop = gr.Button("Stop", interactive=board.busy, scale=0, min_width=90)
            # A click on the picture fills the field in and presses this.
            self._picked = gr.Button("show the pixel", elem_classes="cd-hidden cd-pick-go")
            self._refusal = gr.HTML("", elem_classes="cd-message")
            progress, shown = gr.HTML(learn_progress(board)), gr.HTML(learn_view(board))
            self.seen = gr.Textbox(str(board.version), visible="hidden", show_label=False)
        self._knobs: list[Component] = [self._lesson, self._norm, self._eps, self._amount]
        self.outputs: list[Component] = [
            *self._knobs,
            self._pixel,
            text,
            progress,
            shown,
            self._stop,
            self.seen,
        ]

    def events(self, quiet: dict[str, Any]) -> None:
        """What the widgets call; `quiet`: how events are to be registered."""
        answered = [self._refusal, *self.outputs]
        self._lesson.input(self._on_lesson, inputs=self._lesson, outputs=answered, **quiet)
        self._norm.input(self._on_norm, inputs=self._norm, outputs=answered, **quiet)
        self._eps.release(self._on_eps, inputs=self._eps, outputs=answered, **quiet)
        self._amount.release(self._on_amount, inputs=self._amount, outputs=answered, **quiet)
        for event in (self._pixel.submit, self._picked.click):
            event(self._on_pixel, inputs=self._pixel, outputs=answered, **quiet)
        self._freeze.click(lambda: self._answered(self._bench.freeze()), outputs=answered, **quiet)
        self._stop.click(self._on_stop, outputs=answered, **quiet)

    @property
    def answered(self) -> list[Component]:
        """What `opened` fills."""
        return [self._refusal, *self.outputs]

    def opened(self) -> list[Any]:
        """The tab was chosen: the first visitor's frame is taken."""
        return self._answered(self._bench.open())

    def updates(self) -> list[Any]:
        """All that is to be shown, for `outputs`."""
        return _all(self._bench.board())

    def tick(self, seen: str) -> list[Any]:
        """As much of it as a page that has `seen` lacks."""
        board = self._bench.board()
        if seen != str(board.version):
            return _all(board)
        kept = [gr.skip() for _ in self.outputs]
        if board.busy:
            kept[6] = learn_progress(board)
        return kept

    def _answered(self, why: str) -> list[Any]:
        return [refusal(why), *self.updates()]

    def _on_lesson(self, name: str) -> list[Any]:
        return self._answered(self._bench.show(lesson=Lesson(name)))

    def _on_norm(self, name: str) -> list[Any]:
        return self._answered(self._bench.show(norm=Norm(name)))

    def _on_eps(self, value: float) -> list[Any]:
        unit = EPS[self._bench.board().ask.norm].unit
        return self._answered(self._bench.show(eps=value * unit))

    def _on_amount(self, value: float) -> list[Any]:
        return self._answered(self._bench.show(amount=value))

    def _on_pixel(self, text: str) -> list[Any]:
        place = pixel_of(text)
        if place is None:
            usual = _pixel(self._bench.board().ask)
            return self._answered(
                f"pixel = {text!r}: not a place; write column and row, like {usual}"
            )
        return self._answered(self._bench.show(at=place))

    def _on_stop(self) -> list[Any]:
        self._bench.stop()
        return self._answered("")


def pixel_of(text: str) -> tuple[int, int] | None:
    """Column and row as somebody writes them; None where that is no place."""
    found = _PIXEL.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def _all(board: Board) -> list[Any]:
    ask = board.ask
    return [
        gr.update(value=ask.lesson.value),
        gr.update(**_norm_look(ask)),
        gr.update(**_eps_look(ask)),
        gr.update(**_amount_look(ask)),
        _pixel(ask),
        lesson_text(ask.lesson),
        learn_progress(board),
        learn_view(board),
        gr.update(interactive=board.busy),
        str(board.version),
    ]


def _norm_look(ask: Ask) -> dict[str, Any]:
    return {"value": ask.norm.value, "visible": PLANS[ask.lesson].any_norm}


def _eps_look(ask: Ask) -> dict[str, Any]:
    bounds = EPS[ask.norm]
    return {
        "value": round(ask.eps / bounds.unit, 6),
        "label": bounds.label,
        "info": "how far the attack may go",
        "minimum": bounds.step,
        "maximum": bounds.most,
        "step": bounds.step,
        "visible": PLANS[ask.lesson].eps,
        "buttons": [],
    }


def _amount_look(ask: Ask) -> dict[str, Any]:
    amount = PLANS[ask.lesson].amount
    if amount is None:
        return {"value": 1, "minimum": 1, "maximum": 2, "step": 1, "visible": False, "buttons": []}
    return {
        "value": ask.amount,
        "label": amount.label,
        "info": amount.info,
        "minimum": amount.least,
        "maximum": amount.most,
        "step": 1,
        "visible": True,
        "buttons": [],
    }


def _pixel(ask: Ask) -> str:
    return f"{ask.at[0]}, {ask.at[1]}"
