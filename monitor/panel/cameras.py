"""All cameras of a group in a row, and the choice of the one in view; nothing where there is one only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr

from monitor.group import Group
from monitor.live import Live
from monitor.panel.readouts import status_line
from monitor.session import Session
from streams.naming import without_credentials


class Cameras:
    """The widgets; made inside the page's blocks.

    Parameters
    ----------
    live : what the panel drives.
    """

    def __init__(self, live: Live) -> None:
        self._group = live if isinstance(live, Group) and len(live.sessions) > 1 else None
        self.figures: list[gr.HTML] = []
        """The lines under the pictures."""
        if self._group is None:
            return
        with gr.Row(elem_classes="cd-wall"):
            for number in range(len(self._group.sessions)):
                with gr.Column(min_width=200):
                    gr.HTML(
                        f'<div class="cd-screen"><canvas data-kind="camera{number}" width="320" '
                        f'height="240" role="img" aria-label="camera {number + 1}, attacked"></canvas></div>'
                    )
                    self.figures.append(gr.HTML())
        self._choice = gr.Radio(
            self._names(self._group),
            value=self._group.view,
            label="in view",
            info="the camera that the figures below are of; settings hold for all of them",
        )

    def on_choice(
        self, refresh: Callable[[], list[Any]], outputs: list[Any], **kwargs: Any
    ) -> None:
        """Bring the chosen camera into view and show its figures."""
        group = self._group
        if group is None:
            return

        def choose(number: Any) -> list[Any]:
            if isinstance(number, int) and 0 <= number < len(group.sessions):
                group.show(number)
            return refresh()

        self._choice.input(choose, inputs=[self._choice], outputs=outputs, **kwargs)

    def texts(self) -> list[str]:
        """The line under each picture."""
        if self._group is None:
            return []
        return [_line(session) for session in self._group.sessions]

    @staticmethod
    def _names(group: Group) -> list[tuple[str, int]]:
        return [(f"{i + 1}: {_name(session)}", i) for i, session in enumerate(group.sessions)]


def _line(session: Session) -> str:
    status = session.status
    trouble = f"<small>{escape(status.trouble)}</small>" if status.trouble else ""
    return status_line(replace(status, source=_name(session))) + trouble


def _name(session: Session) -> str:
    return session.status.source or without_credentials(session.settings.stream.source)
