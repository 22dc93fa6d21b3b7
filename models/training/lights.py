"""Drawn traffic lights, from the front and from the side."""

from __future__ import annotations

import cv2
import numpy as np

from models.training.plates import Colour, either_way, empty, rounded, sprite_of
from models.training.sample import Pixels
from models.training.sprite import Sprite

_LAMPS = ((40, 40, 235), (40, 190, 250), (120, 220, 60))  # BGR: red, amber, green
_HOUSINGS = ((28, 28, 28), (45, 50, 40), (20, 130, 180), (40, 70, 45), (60, 60, 60), (90, 90, 90))
_UNIT = 48


def traffic_light(rng: np.random.Generator) -> Sprite:
    """A housing with two or three lamps, one of them lit or none; now and then seen from the side."""
    if rng.random() < 0.1:
        return sprite_of(_profile(rng))
    lamps = 3 if rng.random() < 0.8 else 2
    wide = round(_UNIT * rng.uniform(1.0, 1.5))
    high = round(_UNIT * lamps * rng.uniform(1.0, 1.12))
    picture = empty(wide, high)
    rounded(picture, (0, 0, wide, high), round(_UNIT * rng.uniform(0, 0.4)), _housing(rng))
    lit = int(rng.integers(-1, lamps)) if rng.random() < 0.9 else -1
    radius = round(_UNIT * rng.uniform(0.32, 0.45))
    visors = rng.random() < 0.6
    for i in range(lamps):
        centre = (wide // 2, round(high * (i + 0.5) / lamps))
        colour = _LAMPS[i] if lamps == 3 else _LAMPS[2 * i]
        _lamp(picture, centre, radius, colour, i == lit, visors, rng)
    if lamps == 3 and rng.random() < 0.25:
        picture = _with_section(picture, radius, rng)
    if rng.random() < 0.2:
        picture = _on_a_plate(picture, rng)
    if rng.random() < 0.2:
        picture = np.ascontiguousarray(np.rot90(picture))
    return sprite_of(picture)


def _housing(rng: np.random.Generator) -> Colour:
    base = np.array(_HOUSINGS[rng.integers(len(_HOUSINGS))]) * rng.uniform(0.7, 1.3)
    blue, green, red = base.clip(0, 255)
    return int(blue), int(green), int(red)


def _lamp(
    picture: Pixels,
    centre: tuple[int, int],
    radius: int,
    paint: Colour,
    lit: bool,
    visor: bool,
    rng: np.random.Generator,
) -> None:
    """One lamp under its visor, which hides a part of it from below or aside."""
    colour = np.array(paint, float)
    if not lit:
        colour = colour * rng.uniform(0.1, 0.3) + rng.uniform(5, 40)
    elif rng.random() < 0.5:  # over-exposed
        colour = colour * 0.6 + 100
    if visor:
        cv2.circle(picture, (centre[0], centre[1] - 3), radius + 4, (8, 8, 8, 255), -1, cv2.LINE_AA)
    cv2.circle(picture, centre, radius, (*colour.clip(0, 255).tolist(), 255), -1, cv2.LINE_AA)
    if lit:
        core = (colour * 0.4 + 150).clip(0, 255).tolist()
        cv2.circle(
            picture, centre, round(radius * rng.uniform(0.3, 0.8)), (*core, 255), -1, cv2.LINE_AA
        )
    if visor and rng.random() < 0.5:  # its lower edge in front of the lamp
        shade, drop = int(rng.integers(5, 70)), rng.uniform(0.2, 0.9)
        axes = (radius + 3, radius + 3)
        turned = float(rng.choice([0, 0, 25, -25]))
        cv2.ellipse(
            picture,
            centre,
            axes,
            turned,
            200,
            340,
            (shade,) * 3 + (255,),
            max(round(radius * drop * 0.5), 2),
        )


def _profile(rng: np.random.Generator) -> Pixels:
    """From the side: a narrow housing, three visors that stick out."""
    wide, reach = round(_UNIT * rng.uniform(0.4, 0.8)), round(_UNIT * rng.uniform(0.4, 0.8))
    high = round(_UNIT * 3 * rng.uniform(0.95, 1.1))
    picture = empty(wide + reach, high)
    paint = _housing(rng)
    rounded(picture, (0, 0, wide, high), 4, paint)
    dark = tuple(int(c * rng.uniform(0.4, 0.9)) for c in paint)
    for i in range(3):
        top, bottom = (round(high * (i + share) / 3) for share in (0.1, 0.85))
        drop = round((bottom - top) * rng.uniform(0.2, 0.45))
        corners = [
            (wide - 1, top),
            (wide + reach, top + drop),
            (wide + reach - 6, top + drop + 10),
            (wide - 1, bottom),
        ]
        cv2.fillPoly(picture, [np.array(corners, np.int32)], (*dark, 255), cv2.LINE_AA)
    return either_way(picture, rng)


def _on_a_plate(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """In front of a plate, black or white, that is larger than the housing."""
    high, wide = picture.shape[:2]
    edge = round(_UNIT * rng.uniform(0.1, 0.45))
    shade = int(rng.choice([15, 40, 200, 235]))
    out = empty(wide + 2 * edge, high + 2 * edge)
    rounded(out, (0, 0, wide + 2 * edge, high + 2 * edge), edge, (shade, shade, shade))
    middle = out[edge:-edge, edge:-edge]
    opaque = picture[..., 3] > 0
    middle[opaque] = picture[opaque]
    return out


def _with_section(picture: Pixels, radius: int, rng: np.random.Generator) -> Pixels:
    """A fourth lamp beside the lowest one: an arrow, lit or dark, or a plain lamp."""
    high, wide = picture.shape[:2]
    side = high // 3
    out = empty(wide + side, high)
    out[:, :wide] = picture
    blue, green_paint, red = (int(v) for v in picture[2, wide // 2, :3])
    rounded(out, (wide, high - side, wide + side, high), side // 8, (blue, green_paint, red))
    lit = rng.random() < 0.6
    centre = (wide + side // 2, high - side // 2)
    if rng.random() < 0.3:
        _lamp(out, centre, radius, _LAMPS[rng.choice([0, 2])], lit, False, rng)
    else:
        cv2.circle(out, centre, radius, (18, 22, 18, 255), -1, cv2.LINE_AA)
        green = (150, 230, 90, 255) if lit else (40, 60, 30, 255)
        reach = radius * 2 // 3
        tail, tip = (centre[0] - reach, centre[1]), (centre[0] + reach, centre[1])
        cv2.arrowedLine(out, tail, tip, green, max(radius // 3, 2), cv2.LINE_AA, tipLength=0.5)
    return either_way(out, rng)
