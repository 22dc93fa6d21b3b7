"""Grass and lines, boards, stands full of people, and the goals."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from streams.frame import Pixels
from streams.scenes.canvas import Canvas, Light
from streams.scenes.glyphs import write
from streams.scenes.pitch.lens import Lens
from streams.scenes.pitch.play import DEPTH, LENGTH
from streams.scenes.sprite import Colour, Sketch, Sprite, fractal, textured

_MARGIN_X, _NEAR, _FAR = 10.0, 9.0, 6.0  # metres of grass around the pitch
_ACROSS, _AWAY = 0.04, 0.08  # metres of one texel; the camera sees the depth foreshortened
_FINE: Final = 2
_LINE: Final = 0.12
_END: Final = 33.5  # metres from the middle to the boards behind a goal
_SIDE: Final = DEPTH + 2.5
GOAL_WIDTH, GOAL_HEIGHT, GOAL_DEPTH = 5.0, 2.1, 1.3
_POST: Final = 0.1

_WORDS: Final[tuple[tuple[str, Colour, Colour], ...]] = (
    ("CAMDRIFT", (120, 62, 20), (236, 240, 240)),
    ("NORTH STAR", (40, 36, 150), (230, 236, 240)),
    ("FINE GRASS", (58, 104, 36), (220, 240, 236)),
    ("SUNDAY LEAGUE", (224, 228, 226), (96, 50, 24)),
    ("MORE LIGHT", (30, 150, 214), (30, 34, 38)),
    ("GOOD TEA", (96, 40, 84), (232, 232, 240)),
)


class Stadium:
    """Paints everything that does not move.

    Parameters
    ----------
    rng : draws grass and people.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._grass = _grass(rng)
        self._boards = Sprite.of(_boards(range(12)))
        self._end_boards = Sprite.of(_boards(range(3, 10)))
        self._crowd = Sprite.of(_crowd(rng, 80.0))
        self._end_crowd = Sprite.of(_crowd(rng, 46.0))
        self._net = Sprite.of(_net())
        self._white = Sprite.of(np.full((16, 16, 4), (232, 238, 238, 255), dtype=np.uint8))

    def paint(self, canvas: Canvas, lens: Lens) -> None:
        """Paint background, stands, grass and boards."""
        canvas.pixels[:] = (58, 62, 60)
        self._ground(canvas.pixels, lens)
        turned = abs(lens.pan) > 0.15  # far enough for an end to come into sight
        side = 1.0 if lens.pan > 0 else -1.0
        foot, top = side * (_END + 2.5), side * (_END + 16.0)
        if turned:
            # Seen from the front: the stand's left end is the far one on the right, the near one on the left.
            left, right = (1.0, 0.0) if side > 0 else (0.0, 1.0)
            lower = [(foot, -4 + share * (_SIDE + 6), 1.0) for share in (left, right)]
            upper = [(top, -4 + share * (_SIDE + 24), 9.0) for share in (left, right)]
            self._quad(canvas, lens, self._end_crowd, [*upper, *reversed(lower)])
        reach = _END + 6
        upper = [(-reach, _SIDE + 16, 9.0), (reach, _SIDE + 16, 9.0)]
        lower = [(reach, _SIDE + 2, 1.0), (-reach, _SIDE + 2, 1.0)]
        self._quad(canvas, lens, self._crowd, [*upper, *lower])
        if turned:
            near, far = (side * _END, -2.0), (side * _END, _SIDE)
            first, last = (far, near) if side > 0 else (near, far)
            self._wall(canvas, lens, self._end_boards, first, last)
        self._wall(canvas, lens, self._boards, (-_END, _SIDE), (_END, _SIDE))

    def goal(self, canvas: Canvas, lens: Lens, side: float) -> None:
        """Paint one goal, -1 for the left and 1 for the right."""
        at, back = side * LENGTH / 2, side * (LENGTH / 2 + GOAL_DEPTH)
        middle = DEPTH / 2
        near, far = middle - GOAL_WIDTH / 2, middle + GOAL_WIDTH / 2
        top = GOAL_HEIGHT
        for net in (
            [(at, far, top), (back, far, top), (back, far, 0.0), (at, far, 0.0)],
            [(back, far, top), (back, near, top), (back, near, 0.0), (back, far, 0.0)],
            [(at, near, top), (at, far, top), (back, far, top), (back, near, top)],
            [(at, near, top), (back, near, top), (back, near, 0.0), (at, near, 0.0)],
        ):
            self._quad(canvas, lens, self._net, net)
        for y in (far, near):
            self._post(canvas, lens, (at, y, 0.0), (at, y, top))
        self._post(canvas, lens, (at, near, top), (at, far, top))

    def _post(
        self,
        canvas: Canvas,
        lens: Lens,
        first: tuple[float, float, float],
        last: tuple[float, float, float],
    ) -> None:
        ends = np.array([first, last])
        if not lens.ahead(ends):
            return
        a, b = lens.project(ends)
        along = (b - a) / max(float(np.hypot(*(b - a))), 1e-6)
        thick = _POST * lens.spot(*first)[2] / 2
        across = np.array([-along[1], along[0]]) * thick
        canvas.stamp(self._white, np.array([a + across, b + across, b - across, a - across]))

    def _wall(
        self,
        canvas: Canvas,
        lens: Lens,
        sprite: Sprite,
        first: tuple[float, float],
        last: tuple[float, float],
    ) -> None:
        corners = [(*first, 1.0), (*last, 1.0), (*last, 0.0), (*first, 0.0)]
        self._quad(canvas, lens, sprite, corners)

    def _quad(
        self,
        canvas: Canvas,
        lens: Lens,
        sprite: Sprite,
        corners: list[tuple[float, float, float]],
    ) -> None:
        points = np.array(corners, dtype=np.float64)
        if lens.ahead(points):
            canvas.stamp(sprite, lens.project(points), Light(haze=0.04, air=(220.0, 214.0, 206.0)))

    def _ground(self, pixels: Pixels, lens: Lens) -> None:
        height, width = pixels.shape[:2]
        first = max(0, int(np.ceil(lens.horizon)) + 2)
        if first >= height:
            return
        # From texels to metres on the ground, to pixels, to rows below the horizon; half a pixel each way.
        texel = np.array(
            [
                [_ACROSS, 0, -LENGTH / 2 - _MARGIN_X + _ACROSS / 2],
                [0, _AWAY, -_NEAR + _AWAY / 2],
                [0, 0, 1.0],
            ]
        )
        shift = np.array([[1.0, 0, -0.5], [0, 1.0, -0.5 - first], [0, 0, 1.0]])
        matrix = shift @ lens.ground() @ texel
        pixels[first:] = cv2.warpPerspective(
            self._grass,
            matrix,
            (width, height - first),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )


def _grass(rng: np.random.Generator) -> Pixels:
    """The pitch from above; rows go away from the camera."""
    across, away = _ACROSS / _FINE, _AWAY / _FINE
    width = round((LENGTH + 2 * _MARGIN_X) / across)
    height = round((DEPTH + _NEAR + _FAR) / away)
    x = ((np.arange(width) + 0.5) * across - LENGTH / 2 - _MARGIN_X).astype(np.float32)[None]
    y = ((np.arange(height) + 0.5) * away - _NEAR).astype(np.float32)[:, None]
    stripe = np.where(np.mod(np.floor(x / 5.0), 2) == 0, 1.07, 0.93)
    inside = (np.abs(x) < LENGTH / 2 + 2) & (y > -2) & (y < DEPTH + 2)
    tone = np.where(inside, stripe, 0.9).astype(np.float32)
    tone = tone * (1 + 0.030 * fractal(rng, height, width, cell=240, octaves=6))
    tone += 0.045 * rng.standard_normal((height, width), dtype=np.float32)
    # Trodden grass in the middle and before the goals.
    bare = np.zeros((height, width), dtype=np.float32)
    for gx in (-LENGTH / 2 + 1.5, LENGTH / 2 - 1.5):
        bare += 0.4 * np.exp(-(((x - gx) / 1.8) ** 2) - ((y - DEPTH / 2) / 2.6) ** 2)
    bare *= np.clip(1 + 0.4 * fractal(rng, height, width, cell=60), 0, 2)
    green, earth = np.array([56, 138, 84], np.float32), np.array([84, 124, 134], np.float32)
    share = np.clip(bare, 0, 0.8)[..., None]
    picture = (green * (1 - share) + earth * share) * tone[..., None]
    chalk = _lines(x, y)[..., None] * (
        0.80 + 0.05 * rng.standard_normal((height, width, 1), dtype=np.float32)
    )
    picture = picture * (1 - chalk) + np.array([232, 240, 238], np.float32) * chalk
    fine = np.asarray(np.clip(picture, 0, 255), dtype=np.uint8)
    size = (width // _FINE, height // _FINE)
    return np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _lines(x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Where the chalk is, 0 or 1."""
    half, middle = LENGTH / 2, DEPTH / 2

    def frame(x1: float, y1: float, x2: float, y2: float) -> npt.NDArray[np.bool_]:
        outer = (x >= x1) & (x <= x2) & (y >= y1) & (y <= y2)
        inner = (x > x1 + _LINE) & (x < x2 - _LINE) & (y > y1 + _LINE) & (y < y2 - _LINE)
        return outer & ~inner

    radius = np.hypot(x, y - middle)
    chalk = frame(-half, 0, half, DEPTH) | ((np.abs(x) < _LINE / 2) & (y > 0) & (y < DEPTH))
    chalk |= (np.abs(radius - 6.0) < _LINE / 2) | (radius < 0.15)
    for sign in (-1, 1):
        for deep, wide in ((9.0, 9.0), (3.5, 4.5)):
            ends = sorted((sign * half, sign * (half - deep)))
            chalk |= frame(ends[0], middle - wide, ends[1], middle + wide)
        chalk |= np.hypot(x - sign * (half - 7.0), y - middle) < 0.15
    return chalk.astype(np.float32)


def _boards(numbers: range) -> npt.NDArray[np.uint8]:
    each, high = 220, 40
    sketch = Sketch(each * len(numbers), high)
    for i, number in enumerate(numbers):
        text, ground, ink = _WORDS[number % len(_WORDS)]
        left, right = i / len(numbers), (i + 1) / len(numbers)
        sketch.polygon([(left, 0), (right, 0), (right, 1), (left, 1)], ground)
        sketch.polygon([(left, 0.93), (right, 0.93), (right, 1), (left, 1)], (70, 72, 72))
        height = 24 / sketch.size[0]
        squeeze = min(0.95, 188 / (len(text) * 24 * 0.91))
        write(sketch, text, ((left + right) / 2, 0.47), height, ink, squeeze=squeeze)
    return sketch.picture()


def _crowd(rng: np.random.Generator, length: float) -> npt.NDArray[np.uint8]:
    """Rows of people on a stand, seen from the front."""
    seat, row, texel = 0.58, 0.95, 0.05
    width, rows = round(length / texel), 17
    step = row / texel
    height = round(rows * step)
    fine = 2
    canvas = np.full((height * fine, width * fine, 3), (66, 64, 62), dtype=np.uint8)
    shirts = [
        (52, 52, 176),
        (186, 120, 40),
        (226, 226, 222),
        (60, 60, 58),
        (70, 120, 150),
        (40, 150, 210),
    ]
    hairs = [(26, 28, 34), (38, 56, 84), (70, 120, 160), (110, 116, 120)]
    skins = [(128, 164, 216), (96, 132, 190), (60, 84, 128)]
    for r in range(rows):
        base = (r + 1) * step
        cv2.rectangle(
            canvas, (0, int((base - 4) * fine)), (width * fine, int(base * fine)), (92, 92, 90), -1
        )
        for s in range(int(length / seat)):
            draw = rng.random(6)
            if draw[0] < 0.14:
                continue
            x = (s + 0.5 + 0.24 * (draw[1] - 0.5)) * seat / texel
            y = base - 9.5 + 2.5 * (draw[2] - 0.5)
            shirt = shirts[int(draw[3] ** 1.3 * len(shirts))]
            gain = 0.55 + 0.3 * draw[4]
            body = tuple(int(c * gain) for c in shirt)
            cv2.ellipse(
                canvas,
                _at(x, y + 5.5, fine),
                (int(4.6 * fine), int(6.2 * fine)),
                0,
                0,
                360,
                body,
                -1,
            )
            skin = tuple(int(c * 0.8) for c in skins[int(draw[5] * 3)])
            cv2.circle(canvas, _at(x, y - 2.6, fine), int(2.5 * fine), hairs[int(draw[4] * 4)], -1)
            cv2.circle(canvas, _at(x, y - 1.7, fine), int(2.0 * fine), skin, -1)
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 1.1)  # the stand is behind what the lens is focused on
    opaque = np.full((height, width, 1), 255, dtype=np.uint8)
    shade = np.linspace(0.62, 1.0, height, dtype=np.float32)[:, None].repeat(width, axis=1)
    return textured(np.concatenate([soft, opaque], axis=2), shade)


def _at(x: float, y: float, fine: int) -> tuple[int, int]:
    return int(x * fine), int(y * fine)


def _net() -> npt.NDArray[np.uint8]:
    picture = np.zeros((128, 128, 4), dtype=np.uint8)
    picture[::8] = picture[:, ::8] = (150, 154, 154, 160)
    picture[1::8] = picture[:, 1::8] = (70, 72, 72, 76)
    return picture
