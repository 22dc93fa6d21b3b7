"""The contract of a detector that answers for many small edits of one frame at less than a pass each."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from models.detector import Candidates, Pixels, WhiteBoxDetector
from models.edits import Edits


@runtime_checkable
class Vicinity(Protocol):
    """All frames that are one frame but for a few pixels, as a detector sees them."""

    def forward(self, edits: Edits) -> Candidates:
        """Candidates of the edited frames, in the order of the edits, without a graph.

        They are what the detector's own `forward` gives for `edits.written(pixels)`, to rounding.

        Raises
        ------
        ModelInputError : an edit lies outside the frame.
        """
        ...


@runtime_checkable
class LocalDetector(WhiteBoxDetector, Protocol):
    """A detector that recomputes only what a changed pixel can reach."""

    def vicinity(self, pixels: Pixels) -> Vicinity:
        """The vicinity of one uint8 BGR (H, W, 3) picture; costs about one forward, and is to be kept.

        The picture is not looked at again later: whoever writes into it asks anew.

        Raises
        ------
        ModelInputError : the picture has no pixels.
        """
        ...
