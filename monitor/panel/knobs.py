"""The controls that only some attacks have: one widget a word of config.toml, shown where it is heeded."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from models.zoo import ZOO
from monitor.goals import Criterion
from monitor.panel.controls import description

_SLIDERS: Final = {
    "steps": (1, 50, 1),
    "step_size": (0.05, 2, 0.05),
    "restarts": (1, 10, 1),
    "decay": (0, 1, 0.05),
    "queries": (10, 5000, 10),
    "population": (10, 400, 10),
    "learn": (1, 500, 1),
    "deadline_ms": (0, 2000, 10),
    "margin_every": (0, 100, 1),
    "ramp": (0, 900, 30),
    "patch_share": (0.005, 0.2, 0.005),
}
"""Word -> least, most, step; a value beyond them widens the slider."""

_TEXTS: Final = {
    "faults": "fog:2, jpeg",
    "patch": "a file or a name",
    "patch_at": "as it was trained",
}
"""Word -> what stands in its empty field."""

_LABELS: Final = {
    "deadline_ms": "deadline [ms]",
    "margin_every": "margin every [frames]",
    "ramp": "ramp [frames]",
    "patch_share": "patch share [of the frame]",
}


def knob(word: str, value: Any, *, visible: bool) -> Any:
    """The widget of one word."""
    label, info = _LABELS.get(word, word.replace("_", " ")), description(word).partition(";")[0]
    if word in _SLIDERS:
        least, most, step = _SLIDERS[word]
        return gr.Slider(
            min(least, value),
            max(most, value),
            value=value,
            step=step,
            label=label,
            info=info,
            visible=visible,
            buttons=[],
        )
    if word in _TEXTS:
        return gr.Textbox(
            value, label=label, info=info, visible=visible, placeholder=_TEXTS[word], max_lines=1
        )
    if word == "loss":
        names = [str(criterion) for criterion in Criterion]
        return gr.Radio(names, value=str(value), label=label, info=info, visible=visible)
    if word == "surrogate":
        return gr.Dropdown(
            list(ZOO),
            value=value or None,
            label=label,
            info=info,
            visible=visible,
            allow_custom_value=True,
        )
    return gr.Checkbox(value, label=label, info=info, visible=visible)
