"""Paints what stands along the road, from far to near."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import cos, sin
from typing import Final

import numpy as np

from streams.scenes.canvas import Canvas, Light, box_around, placed
from streams.scenes.road.course import View
from streams.scenes.road.daylight import Daylight
from streams.scenes.road.ground import HALF_ROAD
from streams.scenes.road.houses import HouseStyle, house_styles
from streams.scenes.road.layout import Layout, SignPost, Standing
from streams.scenes.road.scenery import flat, glow, props, stripes
from streams.scenes.road.signs import CLASSES, FACES
from streams.scenes.shadow import soft_disc
from streams.scenes.sprite import Points, Sprite
from streams.scenes.truth import Seen

SIGHT: Final = 150.0
"""Metres; further signs and trees are smaller than their own haze."""
_FADES_FROM: Final = 110.0
_NEAREST: Final = 1.6
_PHASES: Final = ((9.0, 2), (11.0, 3), (19.0, 0), (20.5, 1))
"""(seconds into the cycle until which it lasts, variety) of a traffic light: green first."""
_LAMP_AT: Final = (0.185, 0.5, 0.815)
_LIT: Final = ((0,), (0, 1), (2,), (1,))


class Painter:
    """Holds the pictures of all things, and paints them.

    Parameters
    ----------
    rng : draws the pictures.
    layout : says what stands where.
    """

    def __init__(self, rng: np.random.Generator, layout: Layout) -> None:
        self._layout = layout
        self._props = props(rng)
        self._houses = house_styles(rng)
        self._faces = {
            name: tuple(face.sprite(rng) for face in faces) for name, faces in FACES.items()
        }
        self._pole = flat((134, 136, 134), rng, 0.03)
        self._shadow = soft_disc(0.5)
        self._asphalt = flat((98, 95, 93), rng)
        self._zebra = stripes((222, 228, 228), 6)
        self._paint = flat((218, 224, 224))
        self._glows = tuple(glow(c) for c in ((30, 30, 210), (20, 120, 210), (110, 180, 40)))
        self._lamp_glow = glow((120, 190, 230))

    def paint(
        self, canvas: Canvas, view: View, light: Daylight, seconds: float, without: int | None
    ) -> list[Seen]:
        """Paint everything but the sign `without` and return the signs."""
        first, last = view.along + _NEAREST, view.along + SIGHT
        signs = [s for s in self._layout.signs(first, last) if s.identity != without]
        scenery = self._layout.scenery(first - 14.0, last)  # a house reaches further than its front
        self._on_the_ground(canvas, view, light, signs, scenery)
        seen: list[Seen] = []
        jobs: list[tuple[float, Callable[[], None]]] = []
        for thing in scenery:
            distance = thing.along - view.along
            if thing.kind == "house":
                jobs.append((distance, lambda t=thing: self._house(canvas, view, light, t)))  # type: ignore[misc]
            elif distance > _NEAREST:
                jobs.append((distance, lambda t=thing: self._prop(canvas, view, light, t)))  # type: ignore[misc]
        for sign in signs:
            jobs.append(
                (
                    sign.along - view.along,
                    lambda s=sign: seen.append(self._sign(canvas, view, light, s, seconds)),  # type: ignore[misc]
                )
            )
        for _, job in sorted(jobs, key=lambda pair: -pair[0]):
            job()
        return seen

    def _on_the_ground(
        self,
        canvas: Canvas,
        view: View,
        light: Daylight,
        signs: list[SignPost],
        scenery: list[Standing],
    ) -> None:
        for sign in signs:
            distance = sign.along - view.along
            inner = HALF_ROAD - 0.45
            if sign.name == "traffic light" and sign.side > 0:
                for side in (-1, 1):
                    ends = (side * (HALF_ROAD - 0.1), side * 60.0)
                    self._carpet(canvas, view, light, self._asphalt, distance + 6.5, 5.5, ends)
                self._carpet(canvas, view, light, self._paint, distance - 1.2, 0.45, (0.1, inner))
            elif sign.name == "crosswalk" and sign.side > 0:
                self._carpet(canvas, view, light, self._zebra, distance + 2.2, 3.0, (-inner, inner))
            elif sign.name == "stop" and sign.side > 0:
                self._carpet(canvas, view, light, self._paint, distance + 1.0, 0.45, (0.1, inner))
        for thing in scenery:
            distance = thing.along - view.along
            width = 7.0 if thing.kind == "house" else self._look(thing)[1] * thing.scale
            if width and 2.0 < distance < 70.0 and _in_sight(view, distance, thing.side, width):
                # The sun stands to the left and behind: shadows fall to the right.
                ends = (thing.side - 0.3 * width, thing.side + 0.75 * width)
                self._carpet(
                    canvas,
                    view,
                    light,
                    self._shadow,
                    distance,
                    0.4 * width,
                    ends,
                    1 - 0.6 * light.dusk,
                )

    def _carpet(
        self,
        canvas: Canvas,
        view: View,
        light: Daylight,
        sprite: Sprite,
        distance: float,
        depth: float,
        sides: tuple[float, float],
        opacity: float = 1.0,
    ) -> None:
        """Lay a picture on the ground, its middle at a distance; what is behind the camera is cut off."""
        far, near = distance + depth / 2, max(distance - depth / 2, 2.0)
        if far <= near:
            return
        left, right = min(sides), max(sides)
        corners = np.array(
            [
                (view.column(far, left), view.row(far, 0.0)),
                (view.column(far, right), view.row(far, 0.0)),
                (view.column(near, right), view.row(near, 0.0)),
                (view.column(near, left), view.row(near, 0.0)),
            ]
        )
        lit = light.on_ground(max(distance, 2.0))
        canvas.stamp(sprite, corners, replace(lit, opacity=opacity * _fade(distance)))

    def _look(self, thing: Standing) -> tuple[int, float]:
        varieties = self._props[thing.kind]
        chosen = thing.variety % len(varieties)
        return chosen, varieties[chosen].shadow

    def _prop(self, canvas: Canvas, view: View, light: Daylight, thing: Standing) -> None:
        distance = thing.along - view.along
        prop = self._props[thing.kind][self._look(thing)[0]]
        width, height = prop.size[0] * thing.scale, prop.size[1] * thing.scale
        if not _in_sight(view, distance, thing.side, width / 2):
            return
        corners = _panel(view, distance, thing.side, (width, height), height / 2)
        lit = light.on_sign(distance) if thing.kind == "post" else light.on(distance)
        canvas.stamp(prop.sprite, corners, replace(lit, opacity=_fade(distance)))
        if thing.kind in ("lantern", "globe") and light.dusk > 0.2:
            at = (0.14, 0.03) if thing.kind == "lantern" else (0.5, 0.088)
            spot = placed(np.array([at]), corners)[0]
            radius = max(3.0, view.focal * 0.9 / distance)
            self._glow(canvas, self._lamp_glow, spot, radius, light.dusk * _fade(distance))

    def _glow(
        self, canvas: Canvas, sprite: Sprite, spot: Points, radius: float, strength: float
    ) -> None:
        square = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
        canvas.stamp(sprite, spot + radius * square, Light(opacity=strength))

    def _house(self, canvas: Canvas, view: View, light: Daylight, thing: Standing) -> None:
        style = self._houses[thing.variety % len(self._houses)]
        near = thing.along - view.along
        far = near + style.depth
        if near < _NEAREST:
            return
        inner = thing.side
        outer = inner + (style.width if inner > 0 else -style.width)
        _stamp_house(canvas, view, light, style, (near, far), (inner, outer))

    def _sign(
        self, canvas: Canvas, view: View, light: Daylight, sign: SignPost, seconds: float
    ) -> Seen:
        distance = sign.along - view.along
        variety = _phase(sign, seconds) if sign.name == "traffic light" else sign.variety
        face = FACES[sign.name][variety]
        sprite = self._faces[sign.name][variety]
        corners = _panel(
            view, distance, sign.side, face.size, sign.height, turn=sign.turn, lean=sign.lean
        )
        fade = _fade(distance)
        top = sign.height if sign.name == "traffic light" else sign.height + 0.3 * face.size[1]
        pole = _panel(view, distance, sign.side, (0.085, top), top / 2)
        lit = light.on(distance)
        canvas.stamp(self._pole, pole, replace(lit, opacity=fade))
        lit = light.on_sign(distance)
        account = canvas.stamp(sprite, corners, replace(lit, opacity=fade), watch=True)
        if sign.name == "traffic light":
            for lamp in _LIT[variety]:
                spot = placed(np.array([[0.5, _LAMP_AT[lamp]]]), corners)[0]
                radius = max(2.0, view.focal * (0.34 + 0.3 * light.dusk) / distance)
                self._glow(
                    canvas, self._glows[lamp], spot, radius, (0.45 + 0.4 * light.dusk) * fade
                )
        return Seen(
            class_id=CLASSES.index(sign.name),
            name=sign.name,
            identity=sign.identity,
            box=box_around(placed(sprite.outline, corners)),
            account=account,
        )


def _stamp_house(
    canvas: Canvas,
    view: View,
    light: Daylight,
    style: HouseStyle,
    ends: tuple[float, float],
    sides: tuple[float, float],
) -> None:
    (near, far), (inner, outer) = ends, sides
    ridge = (inner + outer) / 2
    base = light.on(near)
    lit = Light(base.gain, base.haze, base.air, _fade(near))

    def corner(distance: float, side: float, height: float) -> tuple[float, float]:
        return view.column(distance, side), view.row(distance, height)

    roof = [
        corner(near, ridge, style.ridge),
        corner(far, ridge, style.ridge),
        corner(far, inner, style.eaves),
        corner(near, inner, style.eaves),
    ]
    wall = [
        corner(near, inner, style.eaves),
        corner(far, inner, style.eaves),
        corner(far, inner, 0.0),
        corner(near, inner, 0.0),
    ]
    left, right = min(inner, outer), max(inner, outer)
    gable = [
        corner(near, left, style.ridge),
        corner(near, right, style.ridge),
        corner(near, right, 0.0),
        corner(near, left, 0.0),
    ]
    canvas.stamp(style.roof, np.array(roof), lit)
    canvas.stamp(style.wall, np.array(wall), lit)
    canvas.stamp(style.gable, np.array(gable), lit)


def _panel(
    view: View,
    distance: float,
    side: float,
    size: tuple[float, float],
    height: float,
    *,
    turn: float = 0.0,
    lean: float = 0.0,
) -> Points:
    """Corners of an upright panel whose middle is at a height; `turn` about its pole, `lean` in its plane."""
    middle = view.road_at(distance) + side
    corners = []
    for right, above in ((-1, 1), (1, 1), (1, -1), (-1, -1)):
        x, y = right * size[0] / 2, above * size[1] / 2
        across = x * cos(lean) + y * sin(lean)
        up = height + y * cos(lean) - x * sin(lean)
        # The road's side is taken at the middle: a panel does not bend with the road.
        depth = distance + across * sin(turn)
        column = view.size[0] / 2 + view.focal * (middle + across * cos(turn)) / depth
        corners.append((column, view.row(depth, up)))
    return np.array(corners)


def _in_sight(view: View, distance: float, side: float, reach: float) -> bool:
    """Whether something `reach` metres wide to each side can touch the frame."""
    room = view.size[0] / 2 + view.focal * reach / distance
    return abs(view.column(distance, side) - view.size[0] / 2) < room


def _fade(distance: float) -> float:
    return min(1.0, max(0.0, (SIGHT - distance) / (SIGHT - _FADES_FROM)))


def _phase(sign: SignPost, seconds: float) -> int:
    """Which lamps are lit. Both lights of a crossing stand at the same place and change together."""
    into = (seconds + 7.0 * (sign.identity // 2)) % _PHASES[-1][0]
    return next(variety for until, variety in _PHASES if into < until)
