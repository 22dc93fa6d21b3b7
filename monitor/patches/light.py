"""What light falls on a patch: read from the scene round it, so that it is no lamp at dusk."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitor.arrays import Pixels
from monitor.kernels.laid import Light
from monitor.patches.quads import Quad, bounds

PAPER: Final = 225.0
"""Level at which white paper is seen in good light: bright parts of a frame are as a rule not overexposed."""

_STRIDE: Final = 4  # every fourth pixel across and down is looked at
_BRIGHT, _DARK = 95, 2  # percentiles
_ROUND: Final = 1.0  # sides of the patch that are looked at round it
_KEPT: Final = 0.9  # of the light of the frame before
_LEAST, _MOST = 0.3, 1.1
_HAZE: Final = 0.5  # of what even the darkest parts send; the rest is their own colour


class SceneLight:
    """The light of one stream; changes slowly, as light does."""

    def __init__(self) -> None:
        self._last: tuple[Light, Light] | None = None

    def forget(self) -> None:
        """Begin anew."""
        self._last = None

    def at(self, pixels: Pixels, quads: list[Quad]) -> tuple[Light, Light]:
        """(gain, lift), BGR, for the patches of this frame; see `kernels.laid.lay`."""
        small = pixels[::_STRIDE, ::_STRIDE].reshape(-1, 3)
        bright, dark = np.percentile(small, (_BRIGHT, _DARK), axis=0)
        near = [part for quad in quads if (part := _round(pixels, quad)) is not None]
        if near:
            at_hand = np.percentile(np.concatenate(near), (_BRIGHT, _DARK), axis=0)
            bright, dark = (bright + at_hand[0]) / 2, (dark + at_hand[1]) / 2
        # Most of the colour of what is bright is its own; half of it is taken for the light's.
        white = (bright + bright.mean()) / 2
        lift = (_HAZE * dark).astype(np.float32)
        gain = np.clip((white - lift) / PAPER, _LEAST, _MOST).astype(np.float32)
        if self._last is not None:
            keep = np.float32(_KEPT)
            gain = keep * self._last[0] + (1 - keep) * gain
            lift = keep * self._last[1] + (1 - keep) * lift
        self._last = gain, lift
        return gain, lift


def _round(pixels: Pixels, quad: Quad) -> Pixels | None:
    room = round(_ROUND * float((quad.max(axis=0) - quad.min(axis=0)).max()))
    part = bounds(quad, (pixels.shape[1], pixels.shape[0]), room)
    if part is None:
        return None
    left, top, right, bottom = part
    return pixels[top:bottom:_STRIDE, left:right:_STRIDE].reshape(-1, 3)
