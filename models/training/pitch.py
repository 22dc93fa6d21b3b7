"""A drawn football pitch, roughly: grass, lines, small players. What a ball lies on in broadcasts."""

from __future__ import annotations

import cv2
import numpy as np

from models.training.sample import Pixels


def pitch(side: int, rng: np.random.Generator) -> Pixels:
    """A square of grass with lines and players on it, uint8 BGR."""
    green = np.array([40, 120, 60]) * rng.uniform(0.6, 1.5) * np.exp(rng.normal(0, 0.12, 3))
    pixels = np.empty((side, side, 3), np.float32)
    pixels[:] = green
    y = np.arange(side)
    stripes = np.sin(y / rng.uniform(8, 60) + rng.uniform(0, 6)) > 0
    pixels *= (1 + rng.uniform(0, 0.15) * stripes)[:, None, None]
    coarse = rng.normal(0, rng.uniform(2, 10), (side // 4, side // 4)).astype(np.float32)
    pixels += cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR)[..., None]
    out = pixels.clip(0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 5))):
        _line(out, rng)
    if rng.random() < 0.3:
        _stand(out, rng)
    for _ in range(int(rng.integers(0, 9))):
        _player(out, rng)
    return out


def _line(pixels: Pixels, rng: np.random.Generator) -> None:
    side = pixels.shape[0]
    shade = int(rng.integers(190, 250))
    width = int(rng.integers(1, 7))
    if rng.random() < 0.3:
        axes = int(rng.integers(20, side)), int(rng.integers(10, side // 2))
        centre = tuple(int(v) for v in rng.integers(0, side, 2))
        cv2.ellipse(pixels, centre, axes, 0, 0, 360, (shade,) * 3, width, cv2.LINE_AA)
        return
    start, end = (tuple(int(v) for v in rng.integers(-50, side + 50, 2)) for _ in range(2))
    cv2.line(pixels, start, end, (shade,) * 3, width, cv2.LINE_AA)


def _stand(pixels: Pixels, rng: np.random.Generator) -> None:
    """A crowd above: coloured spots of the size of heads."""
    side = pixels.shape[0]
    high = int(rng.integers(20, side // 2))
    grain = int(rng.integers(2, 7))
    spots = rng.integers(20, 235, (high // grain + 1, side // grain + 1, 3)).astype(np.uint8)
    grown = cv2.resize(spots, (side + grain, high + grain), interpolation=cv2.INTER_LINEAR)
    pixels[:high] = grown[:high, :side]


def _player(pixels: Pixels, rng: np.random.Generator) -> None:
    side = pixels.shape[0]
    high = float(np.exp(rng.uniform(np.log(14), np.log(120))))
    x, y = rng.uniform(0, side), rng.uniform(0, side)
    shirt, shorts = (tuple(int(v) for v in rng.integers(0, 256, 3)) for _ in range(2))
    skin = np.array([110, 140, 200]) * rng.uniform(0.3, 1.2)
    tone = tuple(int(v) for v in skin.clip(0, 255))
    width = max(round(high * 0.11), 1)
    hip = (round(x), round(y))
    for swing in rng.uniform(-0.25, 0.25, 2):
        foot = (round(x + swing * high), round(y + 0.42 * high))
        cv2.line(pixels, hip, foot, tone, max(width // 2, 1), cv2.LINE_AA)
        cv2.circle(pixels, foot, max(width // 3, 1), shorts, -1, cv2.LINE_AA)
    shoulder = (round(x + rng.normal(0, 0.04) * high), round(y - 0.33 * high))
    cv2.line(pixels, hip, shoulder, shirt, max(width * 2, 1), cv2.LINE_AA)
    cv2.ellipse(
        pixels, hip, (width, max(round(width * 0.8), 1)), 0, 0, 360, shorts, -1, cv2.LINE_AA
    )
    head = (shoulder[0], round(shoulder[1] - 0.13 * high))
    radius = max(round(high * 0.07), 1)
    cv2.circle(pixels, head, radius, tone, -1, cv2.LINE_AA)
    if rng.random() < 0.75:
        hair = tuple(int(v) for v in rng.integers(5, 90, 3))
        cv2.ellipse(pixels, head, (radius, radius), 0, 180, 360, hair, -1, cv2.LINE_AA)
