"""Putting sprites into a picture, with what stands around them."""

from __future__ import annotations

import cv2
import numpy as np

from models.training.sample import Boxes, Pixels
from models.training.sprite import Cast, Sprite, lit, paste


class Canvas:
    """A picture that sprites are put into, one beside the other.

    Parameters
    ----------
    pixels : uint8 BGR (side, side, 3), painted on in place.
    taken : boxes that nothing may be put over.
    """

    def __init__(self, pixels: Pixels, taken: Boxes) -> None:
        self.pixels = pixels
        self.side = pixels.shape[0]
        self._taken = [np.asarray(box, np.float32) for box in taken]
        self.boxes: list[np.ndarray] = []
        self.labels: list[int] = []

    def place(
        self,
        sprite: Sprite,
        size: float,
        rng: np.random.Generator,
        *,
        label: int | None = None,
        at: tuple[float, float] | None = None,
        tilt: float = 0.7,
        stretch: float = 0.4,
        light: float = 1.0,
        smear: float = 0.0,
    ) -> np.ndarray | None:
        """Put a sprite somewhere free, or with its centre at `at`; its box, or None where there was no room.

        Parameters
        ----------
        size : pixels, about, of the longer side.
        label : its class; None: nothing to be found.
        tilt, stretch : see `Sprite.cast`.
        light : how far its light may stray, see `lit`.
        smear : pixels that it moved while the shutter was open.
        """
        cast = sprite.cast(size, rng, tilt, stretch)
        if smear >= 1.0:
            cast = cast.smeared(smear, rng.uniform(0, np.pi))
        height, width = cast.picture.shape[:2]
        for _ in range(4):
            if at is None:
                # A quarter may stick out.
                x = int(rng.integers(-width // 4, max(self.side - width * 3 // 4, 1)))
                y = int(rng.integers(-height // 4, max(self.side - height * 3 // 4, 1)))
            else:
                x, y = round(at[0] - width / 2), round(at[1] - height / 2)
            box: np.ndarray = (cast.box + np.array([x, y, x, y])).astype(np.float32)
            if not any(_touch(box, other) for other in self._taken):
                break
            if at is not None:
                return None
        else:
            return None
        self._stand(cast, x, y, rng, light)
        self._taken.append(box)
        if label is not None:
            self.boxes.append(box)
            self.labels.append(label)
        return box

    def _stand(self, cast: Cast, x: int, y: int, rng: np.random.Generator, light: float) -> None:
        picture = lit(cast.picture, rng, light)
        if rng.random() < 0.25 and max(picture.shape) > 12:  # edges as soft as the picture's
            picture = np.asarray(
                cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.0)), dtype=np.uint8
            )
        paste(self.pixels, picture, x, y)


def pole(canvas: Canvas, box: np.ndarray, rng: np.random.Generator) -> None:
    """A post below a sign; drawn before the sign it would be hidden by, so only what is below shows."""
    left, _, right, bottom = box
    width = max(round((right - left) * rng.uniform(0.04, 0.12)), 1)
    x, shade = round((left + right) / 2), int(rng.integers(60, 200))
    end = min(round(bottom + (right - left) * rng.uniform(1, 6)), canvas.side)
    start = round(bottom)
    for other in canvas.boxes:  # stop above what stands below
        if other[1] > bottom - 1 and other[0] < x < other[2]:
            end = min(end, round(float(other[1])))
    if end > start:
        cv2.rectangle(
            canvas.pixels, (x - width // 2, start), (x + (width - 1) // 2, end), (shade,) * 3, -1
        )


def twig(canvas: Canvas, box: np.ndarray, rng: np.random.Generator) -> None:
    """A few thin dark lines across an object, as branches and wires are."""
    left, top, right, bottom = box
    for _ in range(int(rng.integers(1, 4))):
        ends = rng.uniform([left, top, left, top], [right, bottom, right, bottom]) + rng.normal(
            0, 6, 4
        )
        x0, y0, x1, y1 = (round(float(v)) for v in ends)
        shade = tuple(int(v) for v in rng.integers(10, 90, 3))
        width = int(rng.integers(1, max(round((right - left) / 12), 1) + 1))
        cv2.line(canvas.pixels, (x0, y0), (x1, y1), shade, width, cv2.LINE_AA)


def cover(canvas: Canvas, box: np.ndarray, rng: np.random.Generator) -> None:
    """Hide up to half of an object behind something: another piece of the picture, or one colour."""
    left, top = np.floor(box[:2]).astype(int).clip(0, canvas.side)
    right, bottom = np.ceil(box[2:]).astype(int).clip(0, canvas.side)
    wide, high = right - left, bottom - top
    if min(wide, high) < 4:
        return
    angle, share = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.5)
    x = (np.arange(wide) + 0.5) / wide - 0.5
    y = (np.arange(high) + 0.5)[:, None] / high - 0.5
    behind = x * np.cos(angle) + y * np.sin(angle) > 0.5 - share
    area = canvas.pixels[top:bottom, left:right]
    if rng.random() < 0.5:
        area[behind] = rng.integers(0, 256, 3) * rng.uniform(0.2, 1)
        return
    x0 = int(rng.integers(0, canvas.side - wide + 1))
    y0 = int(rng.integers(0, canvas.side - high + 1))
    area[behind] = canvas.pixels[y0 : y0 + high, x0 : x0 + wide].copy()[behind]


def _touch(first: np.ndarray, second: np.ndarray) -> bool:
    return bool(
        first[0] < second[2]
        and second[0] < first[2]
        and first[1] < second[3]
        and second[1] < first[3]
    )
