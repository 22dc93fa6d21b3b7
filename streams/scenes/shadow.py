"""A soft, dark spot."""

from __future__ import annotations

import numpy as np

from streams.scenes.sprite import Sprite


def soft_disc(strength: float) -> Sprite:
    """A shadow on the ground, darkest in the middle; `strength` 0 to 1 is how dark it is there."""
    axis = np.linspace(-1, 1, 64)
    away = np.hypot(axis[:, None], axis[None])
    picture = np.zeros((64, 64, 4), dtype=np.uint8)
    picture[..., 3] = np.round(255 * strength * np.clip(1.15 - away, 0, 1) ** 1.2)
    picture[away >= 1, 3] = 0
    return Sprite.of(picture)
