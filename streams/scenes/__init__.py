"""Rendered scenes with exact ground truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from streams.scenes.options import COMMON, Option
from streams.scenes.pitch import scene as pitch
from streams.scenes.portrait import Portrait
from streams.scenes.road import scene as road
from streams.scenes.scene import Scene

SCENES: Final[Mapping[str, Callable[..., Scene]]] = MappingProxyType(
    {"portrait": Portrait, "road": road.Road, "pitch": pitch.Pitch}
)
"""Every scene by name; the factory takes the seed, and the scene's options by keyword."""

COSTLY: Final = frozenset({"road", "pitch"})
"""Scenes of 10 ms a frame and more, worth a process of their own beside a live session; portrait takes 2."""

OPTIONS: Final[Mapping[str, Mapping[str, Option]]] = MappingProxyType(
    {"portrait": COMMON, "road": road.OPTIONS, "pitch": pitch.OPTIONS}
)
"""The options that each scene takes, by name."""
