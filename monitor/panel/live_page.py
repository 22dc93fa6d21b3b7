"""The tab of the live stream: pictures, what changed, the timeline with its alarms, figures."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr
from gradio.components import Component

from monitor.alarm_facts import AlarmBook
from monitor.live import Live
from monitor.panel import readouts
from monitor.panel.alarm_list import alarm_list
from monitor.panel.changes import changes
from monitor.panel.chart import chart, marks_of
from monitor.panel.downloads import SNAPSHOT
from monitor.panel.labels import top_labels
from monitor.panel.tape import Tape
from monitor.panel.watch import Watch

_TIPS: Final = "a ZIP archive: both frames bit for bit, the pictures, and what was found"


class LivePage:
    """Made inside the blocks.

    Parameters
    ----------
    session, watch, alarms, tape : what is shown, its figures, its alarms, its recording.
    """

    def __init__(self, session: Live, watch: Watch, alarms: AlarmBook, tape: Tape) -> None:
        self._session, self._watch, self._alarms, self._tape = session, watch, alarms, tape
        with gr.Row(elem_classes="cd-pair"):
            with gr.Column(min_width=280):
                _screen("clean", "Clean", "the frame as it came")
                clean = gr.HTML()
            with gr.Column(min_width=280):
                _screen("attacked", "Attacked", "the same frame, perturbed")
                attacked = gr.HTML()
        gr.HTML(readouts.legend())
        with gr.Row(elem_classes="cd-buttons cd-take-away"):
            gr.HTML(
                f'<a class="cd-download" href="{SNAPSHOT}" download title="{_TIPS}">Snapshot</a>'
            )
            self._record = gr.Button("Record", scale=0, min_width=120)
            recorded = gr.HTML(elem_classes="cd-recorded")
        with gr.Row(elem_classes="cd-pair"):
            with gr.Column(min_width=280):
                _screen("difference", "Perturbation", "attacked less clean, amplified")
                difference = gr.HTML()
            with gr.Column(min_width=280):
                _screen("heat", "Heat map", "where the perturbation lies")
                heat = gr.HTML()
        with gr.Row(elem_classes="cd-pair"):
            with gr.Column(min_width=280, scale=3):
                gr.HTML(_title("Drift", "how far the two answers are apart"))
                timeline = gr.HTML(chart((), 0))
            with gr.Column(min_width=280, scale=2):
                gr.HTML(_title("What changed", "in the newest frame"))
                changed = gr.HTML()
        gr.HTML(_title("Alarms", "changes of the drift that somebody should look at"))
        # Sent again when there is a new one only: a fold that was opened stays open.
        self._called = gr.HTML(self._list())
        self.seen = gr.Textbox(self._version(), visible="hidden", show_label=False)
        labels, counters = gr.HTML(), gr.HTML()
        self.figures: list[Component] = [
            clean,
            attacked,
            recorded,
            self._record,
            difference,
            heat,
            timeline,
            changed,
            labels,
            counters,
        ]
        self.listed: list[Component] = [self._called, self.seen]

    def events(self, quiet: dict[str, Any]) -> None:
        """Register them; `quiet`: how."""
        self._record.click(self._press, outputs=self.figures, **quiet)

    def updates(self) -> list[Any]:
        """What is new with every frame, for `figures`."""
        status, settings = self._session.status, self._session.settings
        reading = self._watch.reading()
        marks = marks_of(self._alarms.all(), status.source)
        return [
            readouts.clean_caption(reading),
            readouts.attacked_caption(reading, settings),
            readouts.recorded(self._tape),
            gr.update(value=_verb(self._tape), interactive=not self._tape.finishing),
            readouts.difference_caption(reading, settings),
            readouts.heat_caption(reading),
            chart(reading.points, reading.window, marks),
            changes(reading, self._session.class_names),
            top_labels(reading),
            readouts.counters(status, reading),
        ]

    def alarms(self, seen: str = "") -> list[Any]:
        """The alarms, for `listed`, as far as a page that has `seen` lacks them."""
        version = self._version()
        return [gr.skip(), gr.skip()] if seen == version else [self._list(), version]

    def _press(self) -> list[Any]:
        self._tape.press()
        return self.updates()

    def _list(self) -> str:
        return alarm_list(self._alarms.all(), on=self._session.settings.alarms.alarms)

    def _version(self) -> str:
        newest = self._alarms.all()[-1:]
        return f"{newest[0].number if newest else 0} {self._session.settings.alarms.alarms}"


def _verb(tape: Tape) -> str:
    return "Stop recording" if tape.on else "Record"


def _screen(kind: str, title: str, words: str) -> None:
    gr.HTML(
        f'{_title(title, words)}<div class="cd-screen">'
        f'<canvas data-kind="{kind}" width="640" height="480" role="img" '
        f'aria-label="{title} picture"></canvas></div>'
    )


def _title(title: str, words: str) -> str:
    return f'<div class="cd-title"><h3>{title}</h3><span>{words}</span></div>'
