"""Drawn signs without a class of their own: boards with writing, hazard plates, chevrons, mirrors."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from models.training.plates import Colour, either_way, empty, rounded, sprite_of
from models.training.sample import Pixels
from models.training.sprite import Sprite

_WHITE, _BLACK, _RED = (250, 250, 250), (20, 20, 20), (30, 30, 200)
_YELLOW, _ORANGE = (30, 200, 250), (20, 160, 240)
_PAINTS: tuple[tuple[Colour, Colour], ...] = (
    (_WHITE, _BLACK),
    (_WHITE, _BLACK),
    (_ORANGE, _BLACK),
    (_YELLOW, _BLACK),
    ((170, 80, 20), _WHITE),  # blue
    ((80, 120, 20), _WHITE),  # green
    ((40, 60, 110), _WHITE),  # brown
    ((235, 235, 235), (120, 30, 20)),
    (_WHITE, _RED),
)


def board(rng: np.random.Generator, scenery: Sequence[Pixels] = ()) -> Sprite:
    """A direction board, an additional panel, a chevron, a hazard plate or a mirror.

    Parameters
    ----------
    scenery : pictures that a mirror may show a piece of; without one it shows sky above ground.
    """
    kind = rng.random()
    if kind < 0.22:
        return _striped(rng)
    if kind < 0.34:
        return _mirror(rng, scenery)
    if kind < 0.44:
        return _chevron(rng)
    if kind < 0.62:
        return _stacked(rng)
    return _panel(rng)


def _panel(rng: np.random.Generator) -> Sprite:
    """One plate: rows of letters, arrows, a pictogram."""
    high = 90
    wide = round(high * np.exp(rng.uniform(-0.6, 1.6)))
    picture = empty(wide, high)
    paint, ink = _shaded(rng)
    _framed(picture, (0, 0, wide, high), paint, ink, rng)
    rows = int(rng.integers(1, 5))
    pictogram = rng.random() < 0.4
    for row in range(rows):
        y = round(high * (row + 0.5) / rows)
        if pictogram and row == rows // 2:
            _pictogram(picture, y, round(high / rows * 0.7), rng)
        else:
            _writing(picture, y, round(high / rows * 0.5), ink, rng)
    if rng.random() < 0.1:  # the end of something
        cv2.line(picture, (6, high - 6), (wide - 6, 6), (*ink, 255), 5, cv2.LINE_AA)
    return sprite_of(picture)


def _stacked(rng: np.random.Generator) -> Sprite:
    """Several narrow boards one above the other, each of its own colour, as before a junction."""
    count = int(rng.integers(2, 6))
    high = round(150 / count)
    wide = round(high * rng.uniform(2.2, 5.5))
    gap = int(rng.integers(0, 4))
    picture = empty(wide, count * (high + gap))
    pointed = rng.random() < 0.3
    paints = [_shaded(rng) for _ in range(2)]
    for row in range(count):
        paint, ink = paints[0] if rng.random() < 0.7 else paints[1]
        top = row * (high + gap)
        _framed(picture, (0, top, wide, top + high), paint, ink, rng)
        if pointed:
            _point(picture, (top, top + high))
        _writing(picture, top + high // 2, round(high * 0.45), ink, rng)
    return sprite_of(picture)


def _shaded(rng: np.random.Generator) -> tuple[Colour, Colour]:
    paint, ink = _PAINTS[rng.integers(len(_PAINTS))]
    blue, green, red = (np.array(paint) * rng.uniform(0.8, 1.0) + rng.normal(0, 6, 3)).clip(0, 255)
    return (int(blue), int(green), int(red)), ink


def _framed(
    picture: Pixels,
    box: tuple[int, int, int, int],
    paint: Colour,
    ink: Colour,
    rng: np.random.Generator,
) -> None:
    left, top, right, bottom = box
    corner = int(rng.integers(0, 10))
    if rng.random() < 0.6:
        rounded(picture, box, corner, ink)
        rounded(picture, (left + 3, top + 3, right - 3, bottom - 3), corner, paint)
    else:
        rounded(picture, box, corner, paint)


def _point(picture: Pixels, rows: tuple[int, int]) -> None:
    """Cut one end of a board into the point of an arrow."""
    top, bottom = rows
    for y in range(top, bottom):
        cut = abs(y - (top + bottom) // 2)
        if cut:
            picture[y, -cut:] = 0


def _writing(picture: Pixels, y: int, height: int, ink: Colour, rng: np.random.Generator) -> None:
    """A row of letters about the height y, sometimes with an arrow at its end."""
    x = 8
    if rng.random() < 0.5:
        tip, tail = (x, x + height * 2) if rng.random() < 0.5 else (x + height * 2, x)
        ends = ((tail, y), (tip, y))
        if rng.random() < 0.3:  # upwards
            ends = ((x + height, y + height), (x + height, y - height))
        cv2.arrowedLine(picture, *ends, (*ink, 255), 3, cv2.LINE_AA, tipLength=0.4)
        x += 6 + height * 2
    letters = "".join(rng.choice(list("ABCDEGHIKLMNORSTUVabcdeghiklmnorstu0123579"), 14))
    scale = height / 22
    while letters and cv2.getTextSize(letters, 0, scale, 2)[0][0] > picture.shape[1] - x - 6:
        letters = letters[:-1]
    cv2.putText(picture, letters, (x, y + height // 2), 0, scale, (*ink, 255), 2, cv2.LINE_AA)


def _pictogram(picture: Pixels, y: int, height: int, rng: np.random.Generator) -> None:
    """A simple figure in the middle: a cross, a disc, a bar, a roof."""
    x, reach = picture.shape[1] // 2, max(height // 2, 3)
    colour = (*(int(c) for c in rng.choice([_RED, _BLACK, (170, 80, 20), (60, 140, 40)])), 255)
    kind = int(rng.integers(4))
    if kind == 0:
        third = max(reach // 3, 1)
        cv2.rectangle(picture, (x - reach, y - third), (x + reach, y + third), colour, -1)
        cv2.rectangle(picture, (x - third, y - reach), (x + third, y + reach), colour, -1)
    elif kind == 1:
        cv2.circle(picture, (x, y), reach, colour, -1, cv2.LINE_AA)
    elif kind == 2:
        cv2.rectangle(picture, (x - reach, y - reach // 2), (x + reach, y + reach // 2), colour, -1)
    else:
        roof = np.array([(x - reach, y), (x, y - reach), (x + reach, y)], np.int32)
        cv2.fillPoly(picture, [roof], colour, cv2.LINE_AA)
        cv2.rectangle(picture, (x - reach * 2 // 3, y), (x + reach * 2 // 3, y + reach), colour, -1)


def _striped(rng: np.random.Generator) -> Sprite:
    """A hazard plate or a guide post: red on white or black on yellow, aslant or level."""
    high = 150
    wide = round(high * np.exp(rng.uniform(-2.1, -0.5)))
    first, second = (_WHITE, _RED) if rng.random() < 0.6 else (_BLACK, _YELLOW)
    if first == _BLACK and rng.random() < 0.5:
        second = _ORANGE
    picture = empty(wide, high)
    picture[:] = (*first, 255)
    step, slope = int(rng.integers(9, 34)), rng.choice([-1.0, -0.6, 0.0, 0.6, 1.0])
    for y in range(-wide - high, 2 * high + wide, 2 * step):
        corners = [(0, y), (wide, y + slope * wide), (wide, y + slope * wide + step), (0, y + step)]
        cv2.fillPoly(picture, [np.array(corners, np.int32)], (*second, 255), cv2.LINE_AA)
    return sprite_of(picture)


def _chevron(rng: np.random.Generator) -> Sprite:
    """One arrow head, or several side by side."""
    count = int(rng.integers(2, 5)) if rng.random() < 0.35 else 1
    high, each = 80, round(80 * rng.uniform(0.5, 1.2))
    picture = empty(each * count, high)
    dark: Colour = [_BLACK, _RED, (90, 90, 90)][rng.integers(3)]
    rounded(picture, (0, 0, each * count, high), 4, (245, 245, 245))
    stroke = each * rng.uniform(0.25, 0.4)
    a, b = each * 0.15, each * 0.5
    head = [(a, 8), (a + stroke, 8), (b + stroke, 40), (a + stroke, 72), (a, 72), (b, 40)]
    for i in range(count):
        points = (np.array(head) + np.array([i * each, 0])).astype(np.int32)
        cv2.fillPoly(picture, [points], (*dark, 255), cv2.LINE_AA)
    return sprite_of(either_way(picture, rng))


def _mirror(rng: np.random.Generator, scenery: Sequence[Pixels]) -> Sprite:
    """A traffic mirror; its rim is of one colour or dashed."""
    side = 96
    picture = empty(side, side)
    rim = (*rng.choice([(60, 150, 230), (40, 40, 200), (210, 210, 210)]).tolist(), 255)
    is_round = rng.random() < 0.6
    whole, inside = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    edge = int(rng.integers(5, 12))
    if is_round:
        cv2.circle(whole, (48, 48), 47, 255, -1)
        cv2.circle(inside, (48, 48), 47 - edge, 255, -1)
    else:
        whole[:] = 255
        inside[edge:-edge, edge:-edge] = 255
    picture[whole > 0] = rim
    if rng.random() < 0.6:
        y, x = np.mgrid[:side, :side] - side / 2
        dashed = np.sin(np.arctan2(y, x) * int(rng.integers(6, 14))) > 0
        picture[dashed & (whole > 0)] = (245, 245, 245, 255)
    reflected = _reflected(side, rng, scenery)
    picture[..., :3] = np.where(inside[..., None] > 0, reflected, picture[..., :3])
    return sprite_of(picture)


def _reflected(side: int, rng: np.random.Generator, scenery: Sequence[Pixels]) -> Pixels:
    if len(scenery) and rng.random() < 0.7:
        whole = scenery[int(rng.integers(len(scenery)))]
        return np.asarray(cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    sky, ground = rng.uniform(150, 245, 3), rng.uniform(30, 130, 3)
    ramp = np.linspace(0, 1, side)[:, None, None]
    world = np.where(ramp < rng.uniform(0.3, 0.7), sky, ground) * rng.uniform(0.7, 1)
    return np.broadcast_to(world, (side, side, 3)).astype(np.uint8)
