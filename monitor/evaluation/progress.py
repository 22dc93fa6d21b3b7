"""How far an evaluation is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot.

    Attributes
    ----------
    stage : "estimate", "frames", "tables", "figures" or "report".
    clips, clips_total : whose frames all went through, and all.
    frames, frames_total : done, each once for all conditions of a model; the total is an estimate.
    fps : frames a second since the beginning, those that were there before not counted.
    left_s : seconds left, by that rate; None: not known yet.
    failed : clips that cannot be read.
    """

    stage: str
    clips: int = 0
    clips_total: int = 0
    frames: int = 0
    frames_total: int | None = None
    fps: float = 0.0
    left_s: float | None = None
    failed: int = 0


Tell = Callable[[Progress], None]
"""Called with every news; it may raise to end the run."""
