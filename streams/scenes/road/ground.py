"""The road, its markings and the grass beside it, in perspective and round the bends."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from streams.frame import Pixels
from streams.scenes.road.course import CAMERA_HEIGHT, View
from streams.scenes.road.daylight import Daylight
from streams.scenes.sprite import fractal

HALF_ROAD: Final = 3.3
"""Metres from the road's middle to the edge of its asphalt."""

_PERIOD: Final = 48.0  # metres after which the ground repeats
_HALF_STRIP: Final = (
    10.0  # metres to each side that are drawn; the grass beyond is folded into them
)
_FOLD_FROM: Final = 6.0
_ACROSS, _ALONG = 0.0125, 0.025  # metres of one texel
_SHUTTER_BLUR: Final = 0.16  # metres that the car drives while the shutter is open
_BANDS: Final = (0.0, 5.0, 6.5, 8.5, 11.0, 15.0, 20.0, 27.0, 37.0, 52.0, 80.0, 130.0, 1e9)
_FURTHEST: Final = 420.0


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """The ground at the resolution that some rows of the frame need."""

    first: float
    last: float
    texture: Pixels
    across: float
    along: float


class Ground:
    """Paints what lies below the horizon.

    Every row looks at one distance. Rows of similar distance share a texture that was averaged down to
    their resolution, so that nothing flickers.

    Parameters
    ----------
    rng : draws asphalt and grass.
    size : of the frame in pixels.
    focal : pixels.
    """

    def __init__(self, rng: np.random.Generator, size: tuple[int, int], focal: float) -> None:
        self._size = size
        self._focal = focal
        strip = _strip(rng)
        self._bands = [_band(strip, first, last, focal) for first, last in pairwise(_BANDS)]
        self._columns = np.arange(size[0], dtype=np.float32) + 0.5

    def paint(self, pixels: Pixels, view: View, light: Daylight) -> None:
        """Paint everything below the horizon of the view."""
        width, height = self._size
        reach = self._focal * CAMERA_HEIGHT
        top = max(0, int(np.ceil(view.horizon + reach / _FURTHEST - 0.5)))
        if top >= height:
            return
        rows = np.arange(top, height, dtype=np.float64) + 0.5
        distance = reach / (rows - view.horizon)
        ground = np.empty((height - top, width, 3), dtype=np.uint8)
        middle = view.middles(distance)
        for band in self._bands:
            chosen = np.nonzero((distance >= band.first) & (distance < band.last))[0]
            if len(chosen):
                part = slice(int(chosen[0]), int(chosen[-1]) + 1)
                ground[part] = self._look(band, distance[part], middle[part], view.along)
        pixels[top:] = _lit(ground, distance, middle, self._columns, light)

    def _look(
        self,
        band: _Band,
        distance: npt.NDArray[np.float64],
        middle: npt.NDArray[np.float64],
        along: float,
    ) -> Pixels:
        scale = (distance / self._focal).astype(np.float32)[:, None]
        side = (self._columns[None] - middle.astype(np.float32)[:, None]) * scale
        # The grass further out is that between 6 and 10 m, to and fro.
        out = np.abs(side)
        room = np.float32(_HALF_STRIP - _FOLD_FROM)
        folded = _FOLD_FROM + np.abs(np.mod(out - _FOLD_FROM + room, 2 * room) - room)
        side = np.where(out > _FOLD_FROM, np.copysign(folded, side), side)
        x = (side + np.float32(_HALF_STRIP)) / np.float32(band.across) - np.float32(0.5)
        y = np.mod(along + distance, _PERIOD) / band.along - 0.5
        rows = np.repeat(y.astype(np.float32)[:, None], len(self._columns), axis=1)
        seen = cv2.remap(
            band.texture, x, rows, interpolation=cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )
        return np.asarray(seen, dtype=np.uint8)


def _lit(
    ground: Pixels,
    distance: npt.NDArray[np.float64],
    middle: npt.NDArray[np.float64],
    columns: npt.NDArray[np.float32],
    light: Daylight,
) -> Pixels:
    haze = np.array([light.haze(d) for d in distance], dtype=np.float32)[:, None, None]
    gain = np.array(light.gain, dtype=np.float32) * (1.0 - haze)
    lit = ground.astype(np.float32)
    if light.dusk > 0.01:
        # The headlights' pool: from 5 m on, widest where it is far, with soft edges.
        reach = (np.exp(-(((distance - 11.0) / 9.0) ** 2)) * 0.55).astype(np.float32)
        centre = (0.6 * middle + 0.4 * len(columns) / 2 + 30.0).astype(np.float32)
        off = (columns[None] - centre[:, None]) / np.float32(0.36 * len(columns))
        pool = np.float32(light.dusk) * reach[:, None] * np.exp(-(off**2))
        lit *= gain + pool[..., None] * np.array([0.86, 0.97, 1.0], dtype=np.float32)
    else:
        lit *= gain
    lit += haze * np.array(light.air, dtype=np.float32)
    return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)


def _band(strip: Pixels, first: float, last: float, focal: float) -> _Band:
    near = max(first, 3.0)
    far = min(last, 1.6 * near if last > 1e6 else last)
    wanted_across = near / focal
    wanted_along = near * far / (focal * CAMERA_HEIGHT)
    width = min(strip.shape[1], max(8, round(2 * _HALF_STRIP / wanted_across)))
    height = min(strip.shape[0], max(4, round(_PERIOD / wanted_along)))
    texture = cv2.resize(strip, (width, height), interpolation=cv2.INTER_AREA)
    return _Band(
        first, last, np.asarray(texture, np.uint8), 2 * _HALF_STRIP / width, _PERIOD / height
    )


def _strip(rng: np.random.Generator) -> Pixels:
    """The ground from above, uint8 (along, across, 3); its two ends fit together."""
    width, height = round(2 * _HALF_STRIP / _ACROSS), round(_PERIOD / _ALONG)
    side = (np.arange(width) + 0.5) * _ACROSS - _HALF_STRIP
    out = np.abs(side)
    strip = _grass(rng, height, width)
    edge = 0.12 * _endless(fractal(rng, height, 1, cell=40))
    asphalt = np.full((height, width, 3), (96, 93, 91), dtype=np.float32)
    asphalt *= (1.0 + 0.035 * _endless(fractal(rng, height, width, cell=160)))[..., None]
    asphalt += 5.0 * rng.standard_normal((height, width, 1), dtype=np.float32)
    for wheel in (-2.4, -0.85, 0.85, 2.4):  # tyres darken and smooth their tracks
        asphalt *= 1.0 - 0.10 * np.exp(-(((side - wheel) / 0.28) ** 2))[None, :, None]
    gravel = np.array([118, 128, 136], dtype=np.float32) + 16.0 * rng.standard_normal(
        (height, width, 1), dtype=np.float32
    )
    verge = np.clip((HALF_ROAD + 0.55 + edge - out[None]) / 0.25, 0, 1)[..., None]
    strip = strip * (1 - verge) + gravel * verge
    on_road = np.clip((HALF_ROAD - out[None]) / 0.04, 0, 1)[..., None]
    strip = strip * (1 - on_road) + asphalt * on_road
    along = (np.arange(height) + 0.5) * _ALONG
    worn = 0.86 + 0.06 * _endless(fractal(rng, height, width, cell=24))
    dashed = (np.mod(along, 8.0) < 3.0)[:, None] & (out < 0.07)[None]
    edges = (np.abs(out - HALF_ROAD + 0.25) < 0.07)[None] & np.ones((height, 1), dtype=bool)
    paint = (np.where(dashed | edges, worn, 0.0))[..., None]
    strip = strip * (1 - paint) + np.array([226, 232, 232]) * paint
    rows = max(1, round(_SHUTTER_BLUR / _ALONG))
    wrapped = np.concatenate([strip[-rows:], strip, strip[:rows]])
    blurred = cv2.blur(wrapped, (1, rows))[rows:-rows]
    return np.asarray(np.clip(blurred, 0, 255), dtype=np.uint8)


def _grass(rng: np.random.Generator, height: int, width: int) -> npt.NDArray[np.float32]:
    grass = np.full((height, width, 3), (46, 112, 88), dtype=np.float32)
    tufts = _endless(fractal(rng, height, width, cell=90, octaves=5))
    dry = _endless(fractal(rng, height, width, cell=260, octaves=3))
    grass *= (1.0 + 0.13 * tufts)[..., None]
    grass += np.clip(dry, -1, 2)[..., None] * np.array([3.0, 9.0, 17.0], dtype=np.float32)
    return grass


def _endless(noise: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Make the last rows go over into the first."""
    rows = len(noise) // 8
    share = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    noise[-rows:] = noise[-rows:] * (1 - share) + noise[:1] * share
    return noise
