"""What a camera does to a picture: exposure, colour, blur, noise, scaling, JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from models.training.sample import Pixels

_NOISE_SIDE = 700

_GREY = 0.05
"""Share of pictures without colour: of 21 portraits with a false ball (score 0.4) six had none."""


class Camera:
    """A bad camera, another one for every picture.

    Parameters
    ----------
    seed : of the sheet of noise that is drawn once; cutting from it is ten times faster than drawing.
    """

    def __init__(self, seed: int) -> None:
        drawn = np.random.default_rng((seed, 77)).normal(0, 1, (_NOISE_SIDE, _NOISE_SIDE, 3))
        self._noise = drawn.astype(np.float32)

    def take(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """The picture as this camera would have delivered it; same shape."""
        if rng.random() < _GREY:
            pixels = _grey(pixels)
        if rng.random() < 0.8:
            pixels = _exposed(pixels, rng)
        if rng.random() < 0.4:
            pixels = _blurred(pixels, rng)
        if rng.random() < 0.15:
            pixels = _coarse(pixels, rng)
        if rng.random() < 0.5:
            pixels = self._noisy(pixels, rng)
        if rng.random() < 0.5:
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 96))]
            _, coded = cv2.imencode(".jpg", pixels, quality)
            pixels = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)
        return pixels

    def _noisy(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        height, width = pixels.shape[:2]
        y, x = rng.integers(0, _NOISE_SIDE - height), rng.integers(0, _NOISE_SIDE - width)
        noise = self._noise[y : y + height, x : x + width] * np.float32(rng.uniform(1, 10))
        return np.asarray(cv2.add(pixels, noise, dtype=cv2.CV_8U), dtype=np.uint8)


def _grey(pixels: Pixels) -> Pixels:
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def _exposed(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Gain, gamma and tint by one table a channel."""
    values = np.linspace(0, 1, 256)
    gamma, gain = np.exp(rng.normal(0, 0.25)), np.exp(rng.normal(0, 0.25))
    lift = rng.uniform(-0.06, 0.06)
    tint = np.exp(rng.normal(0, 0.06, 3))
    table = (values[:, None] ** gamma * gain * tint + lift).clip(0, 1) * 255
    return np.asarray(cv2.LUT(pixels, table.astype(np.uint8)[None]), dtype=np.uint8)


def _blurred(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.4, 1.5)), dtype=np.uint8)
    length = int(rng.integers(3, 9))
    angle = rng.uniform(0, np.pi)
    kernel = np.zeros((length, length), np.float32)
    middle, reach = (length - 1) / 2, length / 2
    dx, dy = np.cos(angle) * reach, np.sin(angle) * reach
    start = round(middle - dx), round(middle - dy)
    cv2.line(kernel, start, (round(middle + dx), round(middle + dy)), 1.0)
    return np.asarray(cv2.filter2D(pixels, -1, kernel / kernel.sum()), dtype=np.uint8)


def _coarse(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    scale = rng.uniform(0.4, 0.9)
    size = round(width * scale), round(height * scale)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    grown = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, dtype=np.uint8)
