"""Training pictures of balls, and of what is round and no ball."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from models.bundled import BALL
from models.training.backgrounds import COMMON, STREET, backgrounds, bundled, limited
from models.training.camera import Camera
from models.training.cutouts import cut_balls
from models.training.maker import SIDE, Material, decoded, finished, log_uniform, trained_on
from models.training.photos import road_signs, robocup
from models.training.pitch import pitch
from models.training.placing import Canvas, cover, twig
from models.training.sample import Pixels, Sample, no_boxes
from models.training.shapes import eye, lamp, shape, wheel
from models.training.spheres import ball, round_thing
from models.training.sprite import Sprite
from models.training.window import aimed, random_background

_REAL = 0.3
"""Share of training pictures that start from a real photograph with a ball."""

_PITCH = 0.15
"""Share that start from a drawn pitch."""

_CUT = 0.15
"""Share of the balls put in that come from photographs."""

_BALLS, _OTHERS = 2400, 900


class BallMaker:
    """Rendered balls on backgrounds, beside heads, fruit, lamps and wheels; and real photographs.

    Raises
    ------
    ModelError : the photographs or the backgrounds are not where they should be.
    """

    class_names = BALL

    def __init__(self, material: Material) -> None:
        rng = np.random.default_rng((material.seed, 2))
        self._balls = [ball(rng) for _ in range(_BALLS)]
        self._others = [round_thing(rng) for _ in range(_OTHERS)]
        # A plain disc of twenty pixels is what a plain ball looks like.
        self._others += [shape(rng, discs=False) for _ in range(120)]
        self._others += [wheel(rng) for _ in range(60)]
        self._others += [eye(rng) for _ in range(80)]
        self._others += [lamp(rng) for _ in range(60)]
        self._grounds = backgrounds(material.data, (*COMMON, *STREET)) + bundled()
        # Road signs are no balls, nor are the lamps, wheels and windows behind them.
        roads = trained_on(list(road_signs(material.data)), "signs", material.data)
        self._grounds += [limited(photo.pixels()) for photo in roads]
        photos = trained_on(list(robocup(material.data)), "ball", material.data)
        self._photos = [decoded(photo, np.ones(1, bool)) for photo in photos]
        self._cut = list(cut_balls(self._photos))
        self._camera = Camera(material.seed)

    def make(self, rng: np.random.Generator) -> Sample:
        """One picture, `SIDE` pixels square, and what is in it."""
        real = rng.random() < _REAL
        pixels = self._ground(rng)
        if real:
            photo = self._photos[rng.integers(len(self._photos))]
            base = aimed(photo, pixels, log_uniform(rng, 7, 120), rng, stretch=0.3)
        else:
            base = Sample(pixels, no_boxes(), np.zeros(0, np.int64), np.ones(1, bool), no_boxes())
        canvas = Canvas(base.pixels, np.concatenate([base.boxes, base.ignored]))
        # Every fifth picture shows only what was really there: false balls stand on such things.
        if rng.random() < (0.4 if real else 0.8):
            self._fill(canvas, rng)
        sample = finished(canvas, base)
        return _mirrored(replace(sample, pixels=self._camera.take(sample.pixels, rng)), rng)

    def _ground(self, rng: np.random.Generator) -> Pixels:
        if rng.random() < _PITCH:
            return pitch(SIDE, rng)
        ground = self._grounds[rng.integers(len(self._grounds))]
        return random_background(ground, SIDE, rng)

    def _fill(self, canvas: Canvas, rng: np.random.Generator) -> None:
        for _ in range(int(rng.integers(0, 6))):
            thing = self._others[rng.integers(len(self._others))]
            canvas.place(thing, log_uniform(rng, 6, 150), rng, tilt=0.1, stretch=0.15)
        for _ in range(int(rng.choice(4, p=(0.3, 0.4, 0.2, 0.1)))):
            size = log_uniform(rng, 8, 50) if rng.random() < 0.7 else log_uniform(rng, 30, 220)
            before = canvas.pixels.copy() if rng.random() < 0.4 else None
            box = canvas.place(
                self._drawn(rng),
                size,
                rng,
                label=0,
                tilt=0.05,
                stretch=0.15,
                light=0.5,
                smear=size * rng.uniform(0.1, 0.7) if rng.random() < 0.15 else 0.0,
            )
            if box is None:
                continue
            if before is not None:
                _shadow(canvas.pixels, before, box, rng)
            if rng.random() < 0.08:
                twig(canvas, box, rng)
            elif rng.random() < 0.12:
                cover(canvas, box, rng)

    def _drawn(self, rng: np.random.Generator) -> Sprite:
        """A rendered ball, or one from a photograph."""
        bank = self._cut if self._cut and rng.random() < _CUT else self._balls
        return bank[rng.integers(len(bank))]


def _shadow(pixels: Pixels, before: Pixels, box: np.ndarray, rng: np.random.Generator) -> None:
    """Darken what lies below a ball and was there before it, where the ball does not hide it."""
    left, _, right, bottom = box
    width = right - left
    mask = np.zeros(pixels.shape[:2], np.float32)
    centre = (left + right) / 2 + width * rng.uniform(-0.4, 0.4), bottom - width * 0.05
    axes = width * rng.uniform(0.4, 0.7), width * rng.uniform(0.08, 0.25)
    cv2.ellipse(mask, (centre, (2 * axes[0], 2 * axes[1]), 0), 1.0, -1)
    blur = max(width * 0.06, 0.5)
    mask = cv2.GaussianBlur(mask, (0, 0), blur) * rng.uniform(0.2, 0.7)
    untouched = (pixels == before).all(axis=2)
    darker = pixels * (1 - mask[..., None])
    pixels[untouched] = darker[untouched]


def _mirrored(sample: Sample, rng: np.random.Generator) -> Sample:
    """Left and right exchanged, half of the time."""
    if rng.random() < 0.5:
        return sample
    return Sample(
        np.ascontiguousarray(sample.pixels[:, ::-1]),
        _flipped(sample.boxes),
        sample.labels,
        sample.known,
        _flipped(sample.ignored),
    )


def _flipped(boxes: np.ndarray) -> np.ndarray:
    out = boxes.copy()
    out[:, [0, 2]] = SIDE - boxes[:, [2, 0]]
    return out
