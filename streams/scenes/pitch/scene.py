"""A football match from a stand, with the ball's box and that of the linesman's bald head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import atan2, floor, hypot
from typing import Final

import numpy as np
import supervision as sv

from streams.frame import Pixels
from streams.scenes.camera_path import Sway
from streams.scenes.canvas import Canvas, Light
from streams.scenes.filmed import Filmed
from streams.scenes.options import COMMON, Option
from streams.scenes.pitch.figure import HEAD, Kit, Pose, draw
from streams.scenes.pitch.flight import RADIUS
from streams.scenes.pitch.lens import STAND, Lens, aim
from streams.scenes.pitch.play import CYCLE, DEPTH, LENGTH, TEAM, Play, Runner, row_at
from streams.scenes.pitch.spheres import OUTLINE, bald_head, football
from streams.scenes.pitch.stadium import Stadium
from streams.scenes.sensor import Grain
from streams.scenes.shadow import soft_disc
from streams.scenes.sprite import Colour, Sprite
from streams.scenes.truth import Seen, truth_of

OPTIONS: Final[Mapping[str, Option]] = COMMON

CLASSES: Final = ("ball", "linesman")
"""Names of the truth's classes; the position is the id. A linesman's box is that of his head."""
LEAST_SIDE: Final = 4.0
"""Pixels; a smaller ball is no truth."""

_PIXELS_A_METRE: Final = 52.0 / 640  # of the frame's width: a ball of 10 to 13 pixels in 640
_BALD: Final = 1.06  # the linesman's head is a little larger than others, and quite round
_SKINS: Final[tuple[Colour, ...]] = (
    (128, 164, 216),
    (96, 132, 190),
    (60, 84, 128),
    (140, 176, 224),
)
_HAIRS: Final[tuple[Colour, ...]] = ((24, 26, 32), (34, 50, 78), (64, 116, 158), (40, 42, 48))
_SHOES: Final[tuple[Colour, ...]] = ((30, 30, 30), (60, 160, 230), (210, 214, 220), (60, 50, 190))


class Pitch(Filmed):
    """Two teams of seven, a referee, a linesman and a ball; the camera pans after the ball.

    Frame i is a pure function of (seed, i); the play comes again after a minute, without a seam. Classes:
    `CLASSES`. The ball is in the truth while at least half of it is not hidden by somebody.

    Parameters
    ----------
    seed : not negative; chooses the play, the people and the noise.
    width, height : pixels.
    fps : frames a second.
    frames : frames in all, None for an endless match.

    Raises
    ------
    ValueError : a negative seed, no frames, a rate that is none, or a shape that the pitch does not fit.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        width: int = 640,
        height: int = 384,
        fps: float = 30.0,
        frames: int | None = None,
    ) -> None:
        super().__init__("a pitch", seed, (width, height), fps, frames)
        if width < 64 or not 0.45 * width <= height <= width:
            raise ValueError(
                "a pitch takes a width of at least 64 pixels and a shape between 20:9 and 1:1, "
                f"got {width}x{height}"
            )
        rng = np.random.default_rng(seed)
        self._play = Play(rng)
        self._stadium = Stadium(rng)
        self._kits = _kits(rng)
        self._shadow = soft_disc(0.55)
        self._bald = Sprite.of(bald_head(), OUTLINE)
        self._hand = tuple(Sway.drawn(rng, CYCLE) for _ in range(3))
        self._grain = Grain(seed, rng, width, height, grey=1.5, colour=0.9)

    def render(self, index: int) -> tuple[Pixels, sv.Detections]:
        """Return frame `index`, the ball if it is to be seen, and the linesman's head."""
        pixels, truth = self._clean(index)
        return self._grain.over(pixels, index), truth

    def _clean(self, index: int, without: int | None = None) -> tuple[Pixels, sv.Detections]:
        """The frame before the sensor's noise; `without` leaves out one class, for tests."""
        seconds = (index / self._fps) % CYCLE
        row = row_at(seconds)
        lens = self._lens(seconds, row)
        canvas = Canvas(np.empty((self.height, self.width, 3), dtype=np.uint8))
        self._stadium.paint(canvas, lens)
        ball = self._play.ball_at(seconds)
        people = [(p, self._kits[i]) for i, p in enumerate(self._play.players)]
        people += [(self._play.referee, self._kits[-2]), (self._play.linesman, self._kits[-1])]
        for person, _ in people:
            x, y = person.place[row]
            self._cast(canvas, lens, (float(x), float(y)), (0.34, 1.35))
        if without != 0:
            self._ball_shadow(canvas, lens, ball)
        seen: list[Seen] = []
        jobs: list[tuple[float, Callable[[], None]]] = []
        for person, kit in people:
            job = self._person_job(canvas, lens, person, kit, row, seen, without)
            jobs.append((_away(*person.place[row]), job))
        if without != 0:
            jobs.append(
                (_away(ball[0], ball[1]), lambda: seen.append(self._ball(canvas, lens, ball, row)))
            )
        for side in (-1.0, 1.0):
            where = _away(side * LENGTH / 2, DEPTH / 2)
            jobs.append((where, lambda s=side: self._stadium.goal(canvas, lens, s)))  # type: ignore[misc]
        for _, paint in sorted(jobs, key=lambda pair: -pair[0]):
            paint()
        seen.sort(key=lambda one: one.class_id)
        return canvas.pixels, truth_of(seen, self._size, least=LEAST_SIDE * self.width / 640)

    def _lens(self, seconds: float, row: int) -> Lens:
        x, y, z = self._play.ball_slow[row]
        shake = [way.at(seconds) for way in self._hand]
        zoom = _PIXELS_A_METRE * self.width * (1.0 + 0.16 * shake[2])
        return aim(x + 0.35 * shake[0], y, 0.55 * z + 0.12 * shake[1], self._size, zoom)

    def _person_job(
        self,
        canvas: Canvas,
        lens: Lens,
        person: Runner,
        kit: Kit,
        row: int,
        seen: list[Seen],
        without: int | None,
    ) -> Callable[[], None]:
        def paint() -> None:
            drawing = self._person(canvas, lens, person, kit, row)
            if drawing is not None and kit.hair is None and without != 1:
                seen.append(self._bald_head(canvas, drawing))

        return paint

    def _person(
        self, canvas: Canvas, lens: Lens, person: Runner, kit: Kit, row: int
    ) -> tuple[float, float, float] | None:
        """Paint somebody; column and row of the middle of his head, and pixels of a metre there."""
        x, y = (float(v) for v in person.place[row])
        column, line, scale = lens.spot(x, y, 0.0)
        room = 1.2 * scale
        if not (
            -room < column < self.width + room and -0.3 * scale < line < self.height + 2.4 * scale
        ):
            return None
        right, _, ahead = lens.axes
        facing = person.facing[row]
        to_right = float(facing @ right[:2])
        level = ahead[:2] / hypot(*ahead[:2])
        pose = Pose(
            facing=atan2(float(facing @ level), to_right),
            phase=float(person.phase[row]),
            effort=float(person.effort[row]),
            tilt=atan2(float(STAND[2]) - 0.9, _away(x, y)),
        )
        feet = (floor(column), floor(line))
        drawing = draw(kit, pose, scale, (column - feet[0], line - feet[1]))
        canvas.blend(drawing.patch, feet[0] + drawing.left, feet[1] + drawing.top)
        return feet[0] + drawing.head[0], feet[1] + drawing.head[1], scale

    def _bald_head(self, canvas: Canvas, spot: tuple[float, float, float]) -> Seen:
        column, line, scale = spot
        radius = HEAD * _BALD * scale
        corners = _square(column, line - 0.02 * scale, radius)
        account = canvas.stamp(self._bald, corners, watch=True)
        (x1, y1), (x2, y2) = corners[0], corners[2]
        return Seen(1, CLASSES[1], 1, (x1, y1, x2, y2), account)

    def _ball(self, canvas: Canvas, lens: Lens, ball: tuple[float, float, float], row: int) -> Seen:
        column, line, scale = lens.spot(*ball)
        radius = RADIUS * scale
        right, up, ahead = lens.axes
        turned = np.stack([right, up, -ahead]) @ self._play.turns[row]
        sprite = Sprite.of(football(2 * radius, turned), OUTLINE)
        corners = _square(column, line, radius)
        account = canvas.stamp(sprite, corners, watch=True)
        (x1, y1), (x2, y2) = corners[0], corners[2]
        return Seen(0, CLASSES[0], 0, (x1, y1, x2, y2), account)

    def _ball_shadow(self, canvas: Canvas, lens: Lens, ball: tuple[float, float, float]) -> None:
        """The higher the ball, the further away, larger and paler its shadow."""
        x, y, z = ball
        height = z - RADIUS
        reach = RADIUS * (1.5 + 0.35 * height)
        middle = (x + 0.55 * height, y + 0.42 * height)
        corners = np.array(
            [
                (middle[0] - reach, middle[1] + reach, 0.0),
                (middle[0] + reach, middle[1] + reach, 0.0),
                (middle[0] + reach, middle[1] - reach, 0.0),
                (middle[0] - reach, middle[1] - reach, 0.0),
            ]
        )
        faint = Light(opacity=1.0 / (1.0 + 0.5 * height))
        canvas.stamp(self._shadow, lens.project(corners), faint)

    def _cast(
        self, canvas: Canvas, lens: Lens, feet: tuple[float, float], size: tuple[float, float]
    ) -> None:
        """A person's shadow: long and soft, away from the sun, which stands in front on the left."""
        half, length = size
        along, across = np.array([0.80, 0.60]), np.array([-0.60, 0.80])
        first = np.array(feet) - 0.25 * along
        last = np.array(feet) + length * along
        ground = [
            first + half * across,
            last + half * across,
            last - half * across,
            first - half * across,
        ]
        corners = np.array([(x, y, 0.0) for x, y in ground])
        if lens.ahead(corners):
            canvas.stamp(self._shadow, lens.project(corners))


def _away(x: float, y: float) -> float:
    return hypot(float(x) - float(STAND[0]), float(y) - float(STAND[1]))


def _square(
    column: float, line: float, half: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(
        [
            (column - half, line - half),
            (column + half, line - half),
            (column + half, line + half),
            (column - half, line + half),
        ]
    )


def _kits(rng: np.random.Generator) -> tuple[Kit, ...]:
    """Clothes of the fourteen players, the referee and, last, the linesman, who has no hair."""
    teams: tuple[tuple[Colour, Colour, Colour], ...] = (
        ((44, 40, 188), (226, 228, 228), (44, 40, 188)),
        ((196, 128, 44), (110, 52, 26), (196, 128, 44)),
    )
    keepers: tuple[Colour, ...] = ((60, 200, 214), (170, 90, 200))
    kits = []
    for player in range(2 * TEAM):
        team, number = divmod(player, TEAM)
        shirt, shorts, socks = teams[team]
        kits.append(
            Kit(
                shirt=keepers[team] if number == 0 else shirt,
                shorts=shorts,
                socks=socks,
                shoes=_SHOES[rng.integers(len(_SHOES))],
                skin=_SKINS[rng.integers(len(_SKINS))],
                hair=_HAIRS[rng.integers(len(_HAIRS))],
            )
        )
    black: Colour = (36, 34, 34)
    kits.append(Kit((60, 214, 226), black, black, black, _SKINS[0], _HAIRS[0]))
    kits.append(Kit((60, 214, 226), black, black, black, _SKINS[0], None))
    return tuple(kits)
