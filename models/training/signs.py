"""Training pictures of traffic signs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.bundled import SIGNS
from models.errors import ModelError
from models.training.backgrounds import COMMON, STREET, backgrounds, bundled
from models.training.boards import board
from models.training.camera import Camera
from models.training.lights import traffic_light
from models.training.maker import (
    SIDE,
    Material,
    decoded,
    finished,
    log_uniform,
    trained_on,
)
from models.training.photos import road_signs
from models.training.placing import Canvas, pole, twig
from models.training.sample import Sample, no_boxes
from models.training.shapes import shape, wheel
from models.training.sign_sprites import sign_sprites
from models.training.sprite import Sprite
from models.training.window import aimed, random_background

_LABELLED = ("stop", "speed limit", "crosswalk", "traffic light")
"""What road_sign_scenes labels; other signs stand in its pictures without a box."""

_REAL = 0.45
"""Share of training pictures that start from a real photograph of signs."""

_OFTEN = {"speed limit": 0.6, "other sign": 2.4, "traffic light": 2.8, "stop": 1.2}
"""How often a class is put in, against the others; real photographs are full of speed limits."""

_DRAWN = 240


class SignMaker:
    """Sprites of signs on backgrounds and on real photographs of signs.

    Raises
    ------
    ModelError : the sprites, the photographs or the backgrounds are not where they should be.
    """

    class_names = SIGNS

    def __init__(self, material: Material) -> None:
        if material.sprites is None:
            raise ModelError("training signs: give --sprites, the folder of the sign sprites")
        rng = np.random.default_rng((material.seed, 1))
        self._sprites = sign_sprites(material.sprites)
        self._shapes = [shape(rng) for _ in range(_DRAWN)] + [wheel(rng) for _ in range(40)]
        self._grounds = backgrounds(material.data, (*COMMON, *STREET)) + bundled()
        self._sprites["traffic light"] += [traffic_light(rng) for _ in range(2 * _DRAWN)]
        self._sprites["other sign"] += [board(rng, self._grounds) for _ in range(4 * _DRAWN)]
        known = np.array([name in _LABELLED for name in SIGNS])
        photos = trained_on(list(road_signs(material.data)), "signs", material.data)
        self._photos = [decoded(photo, known) for photo in photos]
        # Rare things are looked at as often as common ones.
        rarity = dict.fromkeys(range(len(SIGNS)), 0)
        for photo in photos:
            for label in set(photo.labels.tolist()):
                rarity[label] += 1
        least = 1 / len(photos)  # of a photograph without a sign
        weights = np.array(
            [max((1 / rarity[i] for i in photo.labels), default=least) for photo in photos]
        )
        weights **= 0.75
        self._weights = weights / weights.sum()
        self._camera = Camera(material.seed)
        often = np.array([_OFTEN.get(name, 1.0) for name in SIGNS])
        self._often = often / often.sum()

    def make(self, rng: np.random.Generator) -> Sample:
        """One picture, `SIDE` pixels square, and what is in it."""
        real = rng.random() < _REAL
        ground = self._grounds[rng.integers(len(self._grounds))]
        pixels = random_background(ground, SIDE, rng)
        if real:
            photo = self._photos[rng.choice(len(self._photos), p=self._weights)]
            base = aimed(photo, pixels, log_uniform(rng, 10, 310), rng, stretch=0.5)
        else:
            base = Sample(
                pixels, no_boxes(), np.zeros(0, np.int64), np.ones(len(SIGNS), bool), no_boxes()
            )
        canvas = Canvas(base.pixels, np.concatenate([base.boxes, base.ignored]))
        if rng.random() < (0.3 if real else 0.93):
            self._fill(canvas, rng)
        sample = finished(canvas, base)
        return replace(sample, pixels=self._camera.take(sample.pixels, rng))

    def _fill(self, canvas: Canvas, rng: np.random.Generator) -> None:
        for _ in range(int(rng.integers(0, 5))):
            thing = self._shapes[rng.integers(len(self._shapes))]
            canvas.place(thing, log_uniform(rng, 6, 150), rng)
        for _ in range(int(rng.integers(0, 6))):
            size = log_uniform(rng, 8, 60) if rng.random() < 0.7 else log_uniform(rng, 40, 300)
            label, sprite = self._drawn(rng)
            # A board is as large as its letters ask for, and then longer than a round sign beside it.
            size *= max(sprite.aspect, 1 / sprite.aspect) ** 0.5
            box = canvas.place(sprite, min(size, SIDE), rng, label=label)
            if box is None:
                continue
            while rng.random() < 0.3:  # more signs on the same post
                label, sprite = self._drawn(rng)
                low = (box[1] + box[3]) / 2 + size * rng.uniform(1.02, 1.2)
                under = canvas.place(
                    sprite, size, rng, label=label, at=((box[0] + box[2]) / 2, low)
                )
                if under is None:
                    break
                box = under
            if rng.random() < 0.6:
                pole(canvas, box, rng)
            if rng.random() < 0.08:
                twig(canvas, box, rng)

    def _drawn(self, rng: np.random.Generator) -> tuple[int, Sprite]:
        label = int(rng.choice(len(SIGNS), p=self._often))
        bank = self._sprites[SIGNS[label]]
        return label, bank[rng.integers(len(bank))]
