"""A square window on a picture: what a training picture starts from."""

from __future__ import annotations

import cv2
import numpy as np

from models.training.sample import Pixels, Sample

LEAST_SCALE, MOST_SCALE = 0.25, 3.0


def window(
    sample: Sample, ground: Pixels, scale: tuple[float, float], corner: tuple[float, float]
) -> Sample:
    """The square at `corner` (x, y) of the scaled picture, boxes carried along.

    Parameters
    ----------
    ground : uint8 BGR (side, side, 3), what is seen where the picture ends.
    scale : factors of width and height.
    corner : in pixels of the scaled picture.
    """
    side = ground.shape[0]
    x, y = corner
    matrix = np.array([[scale[0], 0, -x], [0, scale[1], -y]], np.float32)
    # The half pixel: a pixel's centre stays its centre.
    matrix[:, 2] += 0.5 * np.array([scale[0] - 1, scale[1] - 1], np.float32)
    pixels = sample.pixels
    shrink = min(scale)
    if shrink < 0.6:  # linear interpolation would alias
        pixels, matrix = _shrunk(pixels, matrix, shrink)
    seen = cv2.warpAffine(
        pixels,
        matrix,
        (side, side),
        flags=cv2.INTER_LINEAR,
        dst=ground.copy(),
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    moved = sample.within(x, y, scale, side)
    return Sample(
        np.asarray(seen, dtype=np.uint8), moved.boxes, moved.labels, moved.known, moved.ignored
    )


def random_background(pixels: Pixels, side: int, rng: np.random.Generator) -> Pixels:
    """A square cut out of a picture that holds nothing, at some size, mirrored half of the time."""
    height, width = pixels.shape[:2]
    least = side / min(height, width)
    scale = least * np.exp(rng.uniform(-0.1, 1.2)) if rng.random() < 0.8 else least
    scale = max(scale, least)
    size = max(round(width * scale), side), max(round(height * scale), side)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grown = cv2.resize(pixels, size, interpolation=method)
    x, y = rng.integers(0, size[0] - side + 1), rng.integers(0, size[1] - side + 1)
    cut = grown[y : y + side, x : x + side]
    return np.ascontiguousarray(cut[:, ::-1] if rng.random() < 0.5 else cut)


def aimed(
    sample: Sample, ground: Pixels, size: float, rng: np.random.Generator, stretch: float
) -> Sample:
    """A window on one random object of the sample, scaled so that its longer side is about `size` pixels.

    The object lies anywhere in the window; `ground` is seen where the picture ends. A sample without
    objects is shown whole, or nearly.
    """
    side = ground.shape[0]
    height, width = sample.pixels.shape[:2]
    aspect = np.exp(rng.uniform(-stretch, stretch) / 2) if rng.random() < 0.5 else 1.0
    if not len(sample.boxes):
        scale = side / max(height, width) * np.exp(rng.uniform(-0.1, 0.9))
        scales = scale * aspect, scale / aspect
        corner = [
            rng.uniform(min(0.0, n * s - side), max(0.0, n * s - side))
            for n, s in zip((width, height), scales, strict=True)
        ]
        return window(sample, ground, scales, (corner[0], corner[1]))
    left, top, right, bottom = sample.boxes[rng.integers(len(sample.boxes))]
    scale = float(np.clip(size / max(right - left, bottom - top, 1), LEAST_SCALE, MOST_SCALE))
    scales = scale * aspect, scale / aspect
    corner = []
    for low, high, whole, factor in (
        (left, right, width, scales[0]),
        (top, bottom, height, scales[1]),
    ):
        near, far, end = low * factor, high * factor, whole * factor
        # Anywhere where the object is seen, as far as the picture reaches.
        first, last = sorted((far - side, near))
        first, last = max(first, min(0.0, end - side)), min(last, max(0.0, end - side))
        corner.append(rng.uniform(first, last) if first < last else (first + last) / 2)
    return window(sample, ground, scales, (corner[0], corner[1]))


def _shrunk(pixels: Pixels, matrix: np.ndarray, shrink: float) -> tuple[Pixels, np.ndarray]:
    height, width = pixels.shape[:2]
    size = max(round(width * shrink), 1), max(round(height * shrink), 1)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    factors = np.array([size[0] / width, size[1] / height])
    linear = matrix[:, :2] / factors
    shift = matrix[:, 2] + 0.5 * (np.diag(linear) - np.diag(matrix[:, :2]))
    return np.asarray(small, dtype=np.uint8), np.column_stack([linear, shift]).astype(np.float32)
