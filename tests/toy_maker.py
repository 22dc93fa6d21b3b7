"""Training pictures that are learnt in a few steps: one bright or dark square on grey noise."""

from __future__ import annotations

import numpy as np

from models.training.maker import Material
from models.training.sample import Sample, no_boxes

SIDE = 64


class ToyMaker:
    """Bright squares are class 0, dark ones class 1; 64 pixels square."""

    class_names = ("bright", "dark")

    def __init__(self, material: Material | None = None) -> None:
        del material

    def make(self, rng: np.random.Generator) -> Sample:
        pixels = rng.normal(128, 12, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)
        label = int(rng.integers(2))
        side = int(rng.integers(14, 28))
        x, y = (int(v) for v in rng.integers(0, SIDE - side, 2))
        pixels[y : y + side, x : x + side] = (240, 15)[label]
        box = np.array([[x, y, x + side, y + side]], np.float32)
        return Sample(pixels, box, np.array([label]), np.ones(2, bool), no_boxes())
