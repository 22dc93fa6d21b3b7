"""One training picture with what is to be found in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Boxes = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

VISIBLE = 0.4
"""Share of a box that must lie in the picture for the object to be asked for."""

LEAST = 6.0
"""Pixels; smaller things are neither asked for nor forbidden."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture and its answer.

    Attributes
    ----------
    pixels : uint8 BGR (H, W, 3).
    boxes : float32 (n, 4), xyxy in pixels.
    labels : int64 (n,), class ids.
    known : bool (C,); a class that is False may be in the picture without being labelled, so an answer of
        that class is not held against the network.
    ignored : float32 (k, 4), regions where no answer is held against it.
    """

    pixels: Pixels
    boxes: Boxes
    labels: Labels
    known: npt.NDArray[np.bool_]
    ignored: Boxes

    def within(self, x: float, y: float, scale: tuple[float, float], side: int) -> Sample:
        """The boxes seen through a window of `side` pixels at (x, y) after scaling; pixels stay as given.

        Objects that lie mostly outside, or are tiny, turn into ignored regions.
        """
        factors = np.array([*scale, *scale], np.float32)
        shift = np.array([x, y, x, y], np.float32)
        boxes, ignored = self.boxes * factors - shift, self.ignored * factors - shift
        clipped = boxes.clip(0, side)
        seen = _area(clipped) / np.maximum(_area(boxes), 1e-6)
        sides = np.minimum(clipped[:, 2] - clipped[:, 0], clipped[:, 3] - clipped[:, 1])
        asked = (seen >= VISIBLE) & (sides >= LEAST)
        left_out = ~asked & (_area(clipped) > 0)
        return Sample(
            self.pixels,
            clipped[asked],
            self.labels[asked],
            self.known,
            np.concatenate([ignored.clip(0, side), clipped[left_out]]),
        )


def _area(boxes: Boxes) -> Boxes:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def no_boxes() -> Boxes:
    """An empty array of boxes."""
    return np.zeros((0, 4), np.float32)
