"""Drawn things of the roadside: traffic lights, boards with writing, beacons, mirrors."""

from __future__ import annotations

import cv2
import numpy as np

from models.training.sample import Pixels
from models.training.sprite import Sprite

_LAMPS = ((40, 40, 235), (40, 190, 250), (120, 220, 60))  # BGR: red, amber, green


def traffic_light(rng: np.random.Generator) -> Sprite:
    """A housing with two or three lamps, one of them lit or none."""
    lamps = 3 if rng.random() < 0.8 else 2
    unit = 48
    wide = round(unit * rng.uniform(1.0, 1.5))
    high = round(unit * lamps * rng.uniform(1.0, 1.12))
    picture = np.zeros((high, wide, 4), np.uint8)
    housing = rng.choice([(28, 28, 28), (45, 50, 40), (20, 130, 180), (40, 70, 45), (60, 60, 60)])
    rounded(picture, (0, 0, wide, high), round(unit * rng.uniform(0, 0.4)), housing)
    lit = int(rng.integers(-1, lamps)) if rng.random() < 0.9 else -1
    colours = _LAMPS if lamps == 3 else (_LAMPS[0], _LAMPS[2])
    radius = round(unit * rng.uniform(0.32, 0.45))
    for i in range(lamps):
        centre = (wide // 2, round(high * (i + 0.5) / lamps))
        if rng.random() < 0.5:  # the visor
            cv2.circle(
                picture, (centre[0], centre[1] - 3), radius + 4, (8, 8, 8, 255), -1, cv2.LINE_AA
            )
        colour = np.array(colours[i], float)
        if i != lit:
            colour = colour * rng.uniform(0.1, 0.3) + 15
        elif rng.random() < 0.5:  # over-exposed in the middle
            colour = colour * 0.6 + 100
        cv2.circle(picture, centre, radius, (*colour.clip(0, 255).tolist(), 255), -1, cv2.LINE_AA)
        if i == lit:
            core = (colour * 0.4 + 150).clip(0, 255).tolist()
            cv2.circle(picture, centre, radius // 2, (*core, 255), -1, cv2.LINE_AA)
    if lamps == 3 and rng.random() < 0.25:
        picture = _with_section(picture, radius, rng)
    if rng.random() < 0.15:
        picture = np.ascontiguousarray(np.rot90(picture))
    return _sprite(picture)


def _with_section(picture: Pixels, radius: int, rng: np.random.Generator) -> Pixels:
    """A fourth lamp beside the lowest one: an arrow, lit or dark."""
    high, wide = picture.shape[:2]
    side = high // 3
    out = np.zeros((high, wide + side, 4), np.uint8)
    out[:, :wide] = picture
    blue, green_paint, red = (int(v) for v in picture[2, wide // 2, :3])
    rounded(out, (wide, high - side, wide + side, high), side // 8, (blue, green_paint, red))
    lit = rng.random() < 0.6
    centre = (wide + side // 2, high - side // 2)
    cv2.circle(out, centre, radius, (18, 22, 18, 255), -1, cv2.LINE_AA)
    green = (150, 230, 90, 255) if lit else (40, 60, 30, 255)
    tail, tip = (centre[0] - radius * 2 // 3, centre[1]), (centre[0] + radius * 2 // 3, centre[1])
    cv2.arrowedLine(out, tail, tip, green, max(radius // 3, 2), cv2.LINE_AA, tipLength=0.5)
    return np.ascontiguousarray(out[:, ::-1]) if rng.random() < 0.5 else out


def board(rng: np.random.Generator) -> Sprite:
    """A direction board, an additional panel, a chevron or a hazard plate."""
    kind = rng.random()
    if kind < 0.2:
        return _striped(rng)
    if kind < 0.3:
        return _mirror(rng)
    if kind < 0.42:
        return _chevron(rng)
    high = 60
    wide = round(high * np.exp(rng.uniform(-0.3, 1.7)))
    picture = np.zeros((high, wide, 4), np.uint8)
    paint, ink = _BOARD_COLOURS[rng.integers(len(_BOARD_COLOURS))]
    rounded(
        picture, (0, 0, wide, high), int(rng.integers(0, 10)), ink if rng.random() < 0.6 else paint
    )
    rounded(picture, (3, 3, wide - 3, high - 3), 6, paint)
    rows = int(rng.integers(1, 4))
    for row in range(rows):
        y = round(high * (row + 0.5) / rows)
        _writing(picture, y, round(high / rows * 0.5), ink, rng)
    return _sprite(picture)


_BOARD_COLOURS = (
    ((250, 250, 250), (20, 20, 20)),
    ((20, 170, 240), (20, 20, 20)),
    ((30, 200, 250), (20, 20, 20)),
    ((170, 80, 20), (250, 250, 250)),
    ((80, 120, 20), (250, 250, 250)),
    ((40, 60, 110), (250, 250, 250)),
    ((235, 235, 235), (120, 30, 20)),
)


def _writing(
    picture: Pixels, y: int, height: int, ink: tuple[int, int, int], rng: np.random.Generator
) -> None:
    """A row of letters, sometimes with an arrow at its end."""
    wide = picture.shape[1]
    arrow = rng.random() < 0.5
    x = 8
    if arrow:
        tip, tail = (8, 8 + height * 2) if rng.random() < 0.5 else (8 + height * 2, 8)
        cv2.arrowedLine(picture, (tail, y), (tip, y), (*ink, 255), 3, cv2.LINE_AA, tipLength=0.4)
        x = 14 + height * 2
    letters = "".join(rng.choice(list("ABCDEGHIKLMNORSTUVabcdeghiklmnorstu0123579"), 14))
    scale = height / 22
    while letters and cv2.getTextSize(letters, 0, scale, 2)[0][0] > wide - x - 6:
        letters = letters[:-1]
    cv2.putText(picture, letters, (x, y + height // 2), 0, scale, (*ink, 255), 2, cv2.LINE_AA)


def _striped(rng: np.random.Generator) -> Sprite:
    high = 120
    wide = round(high * rng.uniform(0.13, 0.5))
    picture = np.zeros((high, wide, 4), np.uint8)
    first, second = (
        ((250, 250, 250), (30, 30, 200)) if rng.random() < 0.6 else ((20, 20, 20), (20, 180, 250))
    )
    picture[:] = (*first, 255)
    step, slope = int(rng.integers(14, 34)), rng.choice([-1.0, 0.0, 1.0])
    for y in range(-wide - high, 2 * high + wide, 2 * step):
        corners = [(0, y), (wide, y + slope * wide), (wide, y + slope * wide + step), (0, y + step)]
        cv2.fillPoly(picture, [np.array(corners, np.int32)], (*second, 255), cv2.LINE_AA)
    return _sprite(picture)


def _chevron(rng: np.random.Generator) -> Sprite:
    high, wide = 80, round(80 * rng.uniform(0.7, 1.3))
    picture = np.zeros((high, wide, 4), np.uint8)
    light, dark = (
        ((245, 245, 245), (20, 20, 20)) if rng.random() < 0.6 else ((245, 245, 245), (30, 30, 200))
    )
    rounded(picture, (0, 0, wide, high), 4, light)
    stroke = wide * rng.uniform(0.25, 0.4)
    a, b = wide * 0.15, wide * 0.5
    shape = [(a, 8), (a + stroke, 8), (b + stroke, 40), (a + stroke, 72), (a, 72), (b, 40)]
    points = np.array(shape, np.float32)
    if rng.random() < 0.5:
        points[:, 0] = wide - points[:, 0]
    cv2.fillPoly(picture, [points.astype(np.int32)], (*dark, 255), cv2.LINE_AA)
    return _sprite(picture)


def _mirror(rng: np.random.Generator) -> Sprite:
    side = 90
    picture = np.zeros((side, side, 4), np.uint8)
    rim = (*rng.choice([(60, 150, 230), (40, 40, 200), (210, 210, 210)]).tolist(), 255)
    is_round = rng.random() < 0.6
    if is_round:
        cv2.circle(picture, (45, 45), 44, rim, -1, cv2.LINE_AA)
    else:
        rounded(picture, (0, 0, side, side), 12, rim[:3])
    inside = np.zeros((side, side), np.uint8)
    if is_round:
        cv2.circle(inside, (45, 45), 37, 255, -1)
    else:
        inside[7:-7, 7:-7] = 255
    sky, ground = rng.uniform(150, 245, 3), rng.uniform(30, 130, 3)
    ramp = np.linspace(0, 1, side)[:, None, None]
    world = np.where(ramp < rng.uniform(0.3, 0.7), sky, ground) * rng.uniform(0.7, 1)
    reflected = np.broadcast_to(world, (side, side, 3))
    picture[..., :3] = np.where(inside[..., None] > 0, reflected, picture[..., :3])
    return _sprite(picture)


def rounded(
    picture: Pixels, box: tuple[int, int, int, int], radius: int, colour: tuple[int, int, int]
) -> None:
    """Fill a rectangle with round corners in a BGRA picture."""
    left, top, right, bottom = box
    radius = min(radius, (right - left) // 2, (bottom - top) // 2)
    paint = (*(int(c) for c in colour), 255)
    cv2.rectangle(picture, (left + radius, top), (right - radius - 1, bottom - 1), paint, -1)
    cv2.rectangle(picture, (left, top + radius), (right - 1, bottom - radius - 1), paint, -1)
    for x in (left + radius, right - radius - 1):
        for y in (top + radius, bottom - radius - 1):
            cv2.circle(picture, (x, y), radius, paint, -1, cv2.LINE_AA)


def _sprite(picture: Pixels) -> Sprite:
    sprite = Sprite.of(picture)
    assert sprite is not None, "a drawn thing has opaque pixels"
    return sprite
