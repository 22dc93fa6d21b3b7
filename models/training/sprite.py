"""A cut-out picture that is put into others: in perspective, in some light, at some size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.training.sample import Pixels

Floats = npt.NDArray[np.float32]

LARGEST = 160
"""Pixels; the longer side of the finest level."""


@dataclass(frozen=True, slots=True)
class Sprite:
    """A cut-out at several sizes, so that a small copy does not alias.

    Attributes
    ----------
    levels : uint8 BGRA (h, w, 4) each, every one half the size of the one before.
    outline : float32 (n, 2), the convex hull of what is opaque, in shares of width and height.
    """

    levels: tuple[Pixels, ...]
    outline: Floats

    @classmethod
    def of(cls, picture: Pixels) -> Sprite | None:
        """The sprite of a BGRA picture, cropped to what is opaque; None where nothing is."""
        rows, columns = (np.flatnonzero((picture[..., 3] > 127).any(axis=a)) for a in (1, 0))
        if not len(rows):
            return None
        picture = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if (longer := max(picture.shape[:2])) > LARGEST:
            picture = _resized(picture, LARGEST / longer)
        levels = [picture]
        while max(levels[-1].shape[:2]) > 16:
            levels.append(_resized(levels[-1], 0.5))
        points = np.argwhere(picture[..., 3] > 127)[:, ::-1].astype(np.int32)
        hull = cv2.convexHull(points)[:, 0].astype(np.float32)
        size = np.array(picture.shape[1::-1], np.float32)
        return cls(tuple(levels), ((hull + 0.5) / size).astype(np.float32))

    @property
    def aspect(self) -> float:
        """Width over height."""
        height, width = self.levels[0].shape[:2]
        return float(width / height)

    def cast(
        self, size: float, rng: np.random.Generator, tilt: float = 0.7, stretch: float = 0.4
    ) -> Cast:
        """A copy whose longer side is about `size` pixels.

        Turned by up to `tilt` radians out of the plane; now and then its width over height changes by a
        factor of up to exp(`stretch`), as lenses do, and data sets that are stretched to squares.
        """
        width, height = self.aspect, 1.0
        width, height = width / max(width, height), height / max(width, height)
        corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]])
        yaw, pitch = rng.normal(0, tilt / 2, 2).clip(-tilt, tilt) * (1.0, 0.4)
        roll = rng.normal(0, 0.06)
        seen = _turned(corners / 2, yaw, pitch, roll) * size
        if rng.random() < 0.4:
            factor = np.exp(rng.uniform(-stretch, stretch) / 2)
            seen = seen * (factor, 1 / factor)
        seen = seen - seen.min(axis=0) + 1.0
        extent = np.ceil(seen.max(axis=0) + 1.0).astype(int)
        level = next(
            (one for one in reversed(self.levels) if max(one.shape[:2]) >= size), self.levels[0]
        )
        h, w = level.shape[:2]
        source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32) - 0.5
        matrix = cv2.getPerspectiveTransform(source, (seen - 0.5).astype(np.float32))
        picture = cv2.warpPerspective(
            level, matrix, (int(extent[0]), int(extent[1])), flags=cv2.INTER_LINEAR
        )
        inside = self.outline * np.array([w, h], np.float32) - 0.5
        hull = cv2.perspectiveTransform(inside[:, None], matrix)[:, 0] + 0.5
        return Cast(
            np.asarray(picture, dtype=np.uint8),
            np.concatenate([hull.min(axis=0), hull.max(axis=0)]),
        )


@dataclass(frozen=True, slots=True)
class Cast:
    """A sprite as it is to be pasted.

    Attributes
    ----------
    picture : uint8 BGRA (h, w, 4).
    box : float32 (4,), xyxy of what is opaque, in pixels of `picture`.
    """

    picture: Pixels
    box: Floats

    def smeared(self, length: float, angle: float) -> Cast:
        """As if it had moved by `length` pixels while the shutter was open; `angle` in radians.

        The box grows by half of the way: people draw it round what they still recognise.
        """
        dx, dy = length * np.cos(angle), length * np.sin(angle)
        reach = int(np.ceil(max(abs(dx), abs(dy)) / 2)) + 1
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        start, end = (
            (round(16 * (reach + sign * dx / 2)), round(16 * (reach + sign * dy / 2)))
            for sign in (-1, 1)
        )
        cv2.line(kernel, start, end, 1.0, 1, cv2.LINE_8, shift=4)
        kernel /= kernel.sum()
        padded = np.pad(self.picture, ((reach, reach), (reach, reach), (0, 0))).astype(np.float32)
        padded[..., :3] = padded[..., :3] * (padded[..., 3:] / 255)
        moved = cv2.filter2D(padded, -1, kernel, borderType=cv2.BORDER_CONSTANT)
        moved[..., :3] = moved[..., :3] * (255 / np.maximum(moved[..., 3:], 1))
        grown = np.array([abs(dx), abs(dy)], np.float32) / 4
        box = self.box + reach + np.concatenate([-grown, grown])
        return Cast(moved.clip(0, 255).astype(np.uint8), box.astype(np.float32))


def lit(picture: Pixels, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """A BGRA picture in some light: dim or bright, faded, tinted, shaded from one side.

    Parameters
    ----------
    strength : how far the light may stray; 0: not at all.
    """
    colours = picture[..., :3].astype(np.float32)
    if rng.random() < 0.5:
        grey = colours.mean(axis=2, keepdims=True)
        colours = grey + (colours - grey) * (1 - strength * rng.uniform(-0.15, 0.5))
    stray = rng.normal(-0.25, 0.35, 1) + rng.normal(0, 0.06, 3)
    colours = colours * np.exp(strength * stray).astype(np.float32) + strength * rng.uniform(0, 25)
    if rng.random() < 0.5:
        height, width = colours.shape[:2]
        angle, slope = rng.uniform(0, 2 * np.pi), strength * rng.uniform(0, 0.5)
        x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
        ramp = 1 + slope * (np.cos(angle) * x + np.sin(angle) * y)
        if rng.random() < 0.3:  # the hard edge of a shadow
            ramp = np.where(ramp > 1, 1.0, 0.55)
        colours = colours * ramp[..., None].astype(np.float32)
    out = picture.copy()
    out[..., :3] = colours.clip(0, 255)
    return out


def paste(canvas: Pixels, picture: Pixels, x: int, y: int) -> None:
    """Blend a BGRA picture into a BGR canvas, its upper left corner at (x, y); what sticks out is cut."""
    height, width = picture.shape[:2]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, canvas.shape[1]), min(y + height, canvas.shape[0])
    if left >= right or top >= bottom:
        return
    part = picture[top - y : bottom - y, left - x : right - x]
    below = canvas[top:bottom, left:right].astype(np.float32)
    alpha = part[..., 3:].astype(np.float32) * (1 / 255)
    canvas[top:bottom, left:right] = below + (part[..., :3] - below) * alpha + 0.5


def _turned(
    corners: npt.NDArray[np.float64], yaw: float, pitch: float, roll: float
) -> npt.NDArray[np.float64]:
    """Corners in the plane z = 0, turned and seen from a distance of 3."""
    x, y = corners.T
    x, y = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
    x, z = x * np.cos(yaw), x * np.sin(yaw)
    y, z = y * np.cos(pitch) - z * np.sin(pitch), y * np.sin(pitch) + z * np.cos(pitch)
    depth = 3.0 / (3.0 + z)
    return np.stack([x * depth, y * depth], axis=1)


def _resized(picture: Pixels, scale: float) -> Pixels:
    height, width = picture.shape[:2]
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
