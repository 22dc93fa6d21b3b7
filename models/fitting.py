"""Camera frame -> a model's input, with the gradient carried along, and boxes back again."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from models.options import ModelOptions

GREY = 114 / 255
"""What a letterbox is padded with, in [0, 1]; YOLO's own value."""

SIDE = 32
"""Where the model takes any size, both sides of its input are multiples of it."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a frame lies in a model's input.

    Attributes
    ----------
    scale : (x, y), input pixels a frame pixel.
    offset : (left, top) of the frame in the input, in input pixels.
    size : (width, height) of the input.
    """

    scale: tuple[float, float]
    offset: tuple[int, int]
    size: tuple[int, int]

    def back(self, boxes: torch.Tensor) -> torch.Tensor:
        """Boxes (..., 4) xyxy in input pixels -> in pixels of the frame."""
        offset = boxes.new_tensor(self.offset * 2)
        return (boxes - offset) / boxes.new_tensor(self.scale * 2)


@dataclass(frozen=True, slots=True)
class Fit:
    """Resize, pad, order the channels, normalise.

    Attributes
    ----------
    size : (width, height) of the input; None: the frame's, padded right and below to multiples of 32.
    options : see `ModelOptions`; mean, std, channels, value_range and resize are heeded.
    """

    size: tuple[int, int] | None
    options: ModelOptions

    def __call__(self, frames: torch.Tensor) -> tuple[torch.Tensor, Placement]:
        """The model's input for a (N, 3, H, W) BGR batch in [0, 1], and where the frames lie in it."""
        placement = self._placement(frames.shape[3], frames.shape[2])
        return self._normalised(_placed(frames, placement)), placement

    def _placement(self, width: int, height: int) -> Placement:
        if self.size is None:
            padded = width + -width % SIDE, height + -height % SIDE
            return Placement((1.0, 1.0), (0, 0), padded)
        wide, high = self.size
        if self.options.resize == "stretch":
            return Placement((wide / width, high / height), (0, 0), self.size)
        gain = min(wide / width, high / height)
        inner = max(1, round(width * gain)), max(1, round(height * gain))
        # The true ratio of the rounded sizes, so that the way back is exact.
        scale = inner[0] / width, inner[1] / height
        return Placement(scale, ((wide - inner[0]) // 2, (high - inner[1]) // 2), self.size)

    def _normalised(self, frames: torch.Tensor) -> torch.Tensor:
        given = self.options
        values = frames.flip(1) if given.channels == "rgb" else frames
        if given.value_range != 1:
            values = values * given.value_range
        if any(given.mean):
            values = values - values.new_tensor(given.mean)[:, None, None]
        if any(value != 1 for value in given.std):
            values = values / values.new_tensor(given.std)[:, None, None]
        return values


def _placed(frames: torch.Tensor, placement: Placement) -> torch.Tensor:
    height, width = frames.shape[2:]
    inner = round(width * placement.scale[0]), round(height * placement.scale[1])
    if inner != (width, height):
        # Not anti-aliased: cv2's bilinear, which the models' own code resizes with, is not either.
        frames = F.interpolate(
            frames, size=(inner[1], inner[0]), mode="bilinear", align_corners=False
        )
    left, top = placement.offset
    right, below = placement.size[0] - inner[0] - left, placement.size[1] - inner[1] - top
    if not any((left, top, right, below)):
        return frames
    return F.pad(frames, (left, right, top, below), value=GREY)
