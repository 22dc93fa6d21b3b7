"""The column of controls: a widget for each setting, the button, the keys, and a link's offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.components import Component

from monitor.catalog import CATALOG, NONE
from monitor.config import Settings
from monitor.live import Live
from monitor.panel import readouts
from monitor.panel.address import address_of, changes_of, sharable
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
from monitor.panel.knobs import knob


class ControlPanel:
    """Made inside the blocks; every page shows the same settings.

    Parameters
    ----------
    session : what is driven.
    """

    def __init__(self, session: Live) -> None:
        self._session = session
        self.controls = Controls(session)
        self._widgets: dict[str, Component] = {}
        self._offer()
        self.note = gr.HTML("", elem_classes="cd-message")
        self._refusal = gr.HTML("", elem_classes="cd-message")
        self._button = gr.Button(self.controls.button(), variant="primary", elem_classes="cd-pause")
        gr.HTML('<p class="cd-keys"><kbd>space</kbd> pauses, <kbd>arrow keys</kbd> change eps</p>')
        self._more = gr.Button("eps up", elem_classes="cd-hidden cd-eps-up")
        self._less = gr.Button("eps down", elem_classes="cd-hidden cd-eps-down")
        self._build()
        # What this page's widgets show; another page's change is seen by it. A gr.State would hold one more
        # connection open for every page.
        self.seen = gr.Textbox(self.controls.fingerprint(), visible="hidden", show_label=False)
        # Empty until the page was loaded: what the visitor's link says is read before it is replaced.
        self._address = gr.HTML("", elem_classes="cd-hidden cd-address")
        self.outputs: list[Component] = [
            *(self._widgets[word] for word in WORDS),
            self._button,
            self.seen,
            self._address,
        ]

    # What stands where.

    def _offer(self) -> None:
        """What a link asks for; nothing where it asks for nothing."""
        self._link = gr.Textbox("", visible="hidden", show_label=False)
        self._asks = gr.HTML("", elem_classes="cd-message")
        self._take = gr.Button("Use the link's settings", visible=False, elem_classes="cd-take")
        self.offered: list[Component] = [self._link, self._asks, self._take]

    def _build(self) -> None:
        held, settings = self.controls.values(), self._session.settings
        widgets = self._widgets
        widgets["source"] = gr.Dropdown(
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
        widgets["attack"] = gr.Dropdown(
            [NONE, *CATALOG], value=held["attack"], label="attack", info=attack_info(held["attack"])
        )
        widgets["goal"] = gr.Radio(
            goals(self._session), value=held["goal"], label="goal", info=description("goal")
        )
        widgets["target"] = gr.Dropdown(
            targets(self._session),
            value=held["target"],
            label="target",
            info=_first_clause("target"),
            visible=heeds(settings, "target"),
        )
        widgets["at"] = gr.Textbox(
            held["at"],
            label="at",
            info=_first_clause("at"),
            placeholder="anywhere",
            visible=heeds(settings, "at"),
        )
        widgets["norm"] = gr.Radio(
            norms(settings), value=held["norm"], label="norm", info=description("norm")
        )
        widgets["eps"] = gr.Slider(info=_first_clause("eps"), **_eps_look(settings, held))
        for word in KNOBS:
            widgets[word] = knob(word, held[word], visible=heeds(settings, word))
        widgets["threshold"] = gr.Slider(
            0.05,
            0.95,
            value=held["threshold"],
            step=0.05,
            label="threshold",
            info=description("threshold"),
            buttons=[],
        )
        widgets["amplify"] = gr.Radio(
            [
                (f"{readouts.TIMES} {factor:g}", factor)
                for factor in sorted({*AMPLIFY, held["amplify"]})
            ],
            value=held["amplify"],
            label="amplify",
            info=description("amplify"),
        )

    # What calls what.

    def events(self, quiet: dict[str, Any]) -> None:
        """Register them; `quiet`: how."""
        answered = [self._refusal, *self.outputs]
        for word in WORDS:
            gr.on(
                self._happenings(word),
                self._changer(word),
                inputs=[self._widgets[word]],
                outputs=answered,
                trigger_mode="always_last",
                **quiet,
            )
        self._button.click(self._press, outputs=self.outputs, **quiet)
        for button, steps in ((self._more, 1), (self._less, -1)):
            button.click(self._nudger(steps), outputs=answered, trigger_mode="multiple", **quiet)
        self._take.click(
            self._use_link,
            inputs=[self._link],
            outputs=[*self.offered, *answered],
            **quiet,
        )

    def offer(self, fragment: str) -> list[Any]:
        """What a page that was opened with this link is asked, for `offered`."""
        changes = changes_of(fragment, self._session.settings)
        return [fragment, _asking(changes), gr.update(visible=bool(changes))]

    def held(self, keep: str = "") -> list[Any]:
        """Updates that make every widget show what holds, for `outputs`; `keep`: this one is left alone."""
        settings, held = self._session.settings, self.controls.values()
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
        return [
            *(gr.update(**looks[word]) for word in WORDS),
            gr.update(value=self.controls.button()),
            self.controls.fingerprint(),
            f'<a href="#{address_of(settings)}">link to these settings</a>'.replace("&", "&amp;"),
        ]

    def shown(self, seen: str) -> bool:
        """True where a page that has `seen` lacks nothing."""
        return seen == self.controls.fingerprint()

    def _changer(self, word: str) -> Callable[[Any], list[Any]]:
        def change(value: Any) -> list[Any]:
            reason = self.controls.change(word, value)
            # A slider that is being dragged must not be pulled back to where it was a moment ago.
            return [readouts.refusal(reason), *self.held(keep="" if reason else word)]

        return change

    def _nudger(self, steps: int) -> Callable[[], list[Any]]:
        def nudge() -> list[Any]:
            reason = self.controls.nudge(steps)
            return [readouts.refusal(reason), *self.held()]

        return nudge

    def _happenings(self, word: str) -> list[Any]:
        """What makes a change of a widget count: a text once it is whole, all else at once."""
        widget = self._widgets[word]
        if isinstance(widget, gr.Textbox):
            return [widget.submit, widget.blur]
        return [widget.input]  # type: ignore[attr-defined]

    def _press(self) -> list[Any]:
        self.controls.press()
        return self.held()

    def _use_link(self, fragment: str) -> list[Any]:
        changes = changes_of(fragment, self._session.settings)
        told = ""
        if not sharable(changes):
            told = f"source {changes.pop('source')}: a link opens scenes only; choose it yourself"
        reason = self.controls.apply(changes) if changes else ""
        reason = "; ".join(filter(None, (reason, told)))
        return ["", "", gr.update(visible=False), readouts.refusal(reason), *self.held()]


def _asking(changes: dict[str, str]) -> str:
    if not changes:
        return ""
    words = ", ".join(f"{word} {value or 'none'}" for word, value in changes.items())
    return readouts.remark(f"The link asks for: {words}.")


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
