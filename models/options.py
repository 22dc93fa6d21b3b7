"""What has to be said of a user's own model before it can be run: section [model] of config.toml."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How frames become a model's input, and how its outputs are to be read.

    Attributes
    ----------
    input_size : (width, height) in pixels of the model's input; None: what the model itself says, else
        the frame's own size, padded to multiples of 32.
    mean, std : per channel, in the model's order of channels and in units of `value_range`; what the model
        sees is (value - mean) / std.
    channels : "rgb" or "bgr", the order that the model was trained on.
    value_range : what white is to the model before mean and std: 1 or 255.
    resize : "letterbox" keeps the shape and pads with grey, "stretch" does not.
    names : class id -> name; empty: what the file carries, else "class 0", "class 1", ...
    classes : names to keep; empty: all.
    layout : which of `models.layouts` the outputs are, or "auto".
    nms : overlap from which the weaker of two boxes of a class goes; 1: none goes.
    agnostic : the weaker of two boxes goes whatever its class.
    """

    input_size: tuple[int, int] | None = None
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    channels: str = "rgb"
    value_range: float = 1.0
    resize: str = "letterbox"
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    layout: str = "auto"
    nms: float = 0.45
    agnostic: bool = False
