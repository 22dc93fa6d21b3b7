"""Rendered scenes with exact ground truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from streams.scenes.portrait import Portrait
from streams.scenes.scene import Scene

SCENES: Final[Mapping[str, Callable[[int], Scene]]] = MappingProxyType({"portrait": Portrait})
"""Every scene by name; the factory takes the seed."""
