"""What stands where along an endless road, drawn slot by slot from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from streams.scenes.road.ground import HALF_ROAD
from streams.scenes.road.signs import CLASSES, FACES

SIGN_EVERY: Final = 18.0
"""Metres from sign to sign; ten follow each other before a class comes again."""
FIRST_SIGN: Final = 13.0
"""Metres from the start to the first sign, so that the first picture shows a good one."""

_GOOD_FIRST: Final = ("stop", "speed limit", "no entry", "priority", "give way")
_BOTH_SIDES: Final = ("crosswalk", "traffic light")
_NEAR_EVERY, _FAR_EVERY = 5.0, 6.5
_POST_EVERY: Final = 25.0
_SIGNS, _NEAR, _FAR, _START = range(4)  # what a generator is for


@dataclass(frozen=True, slots=True)
class SignPost:
    """A sign on its pole.

    Attributes
    ----------
    identity : the same in every frame, and no other sign's.
    along, side : metres along the road and to the right of its middle.
    name, variety : of its face.
    height : metres from the ground to its middle.
    turn, lean : radians, about its pole and within its plane.
    """

    identity: int
    along: float
    side: float
    name: str
    variety: int
    height: float
    turn: float
    lean: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Another thing beside the road.

    Attributes
    ----------
    along, side : metres along the road and to the right of its middle.
    kind : which; "house" is none of the pictures.
    variety : any whole number.
    scale : factor on its size.
    """

    along: float
    side: float
    kind: str
    variety: int
    scale: float = 1.0


class Layout:
    """The contents of a stretch of road, the same whenever it is asked for.

    Parameters
    ----------
    seed : chooses everything.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._slot = lru_cache(maxsize=256)(self._sign_slot)
        self._deck = lru_cache(maxsize=16)(self._drawn_deck)
        self._near = lru_cache(maxsize=512)(self._near_slot)
        self._far = lru_cache(maxsize=512)(self._far_slot)

    def signs(self, first: float, last: float) -> list[SignPost]:
        """Signs from one place along the road to another, in metres."""
        low = max(0, int((first - FIRST_SIGN) // SIGN_EVERY) - 1)
        high = int((last - FIRST_SIGN) // SIGN_EVERY) + 1
        found = [sign for n in range(low, high + 1) for sign in self._slot(n)]
        return [sign for sign in found if first <= sign.along <= last]

    def scenery(self, first: float, last: float) -> list[Standing]:
        """Everything else there."""
        found: list[Standing] = []
        for every, slot in ((_NEAR_EVERY, self._near), (_FAR_EVERY, self._far)):
            numbers = range(int(first // every) - 1, int(last // every) + 2)
            found += [thing for n in numbers for right in (False, True) for thing in slot(n, right)]
        for n in range(int(first // _POST_EVERY), int(last // _POST_EVERY) + 1):
            found += [
                Standing(n * _POST_EVERY, side * (HALF_ROAD + 0.75), "post", 0) for side in (-1, 1)
            ]
        return [thing for thing in found if first <= thing.along <= last]

    def _drawn_deck(self, number: int) -> tuple[str, ...]:
        rng = np.random.default_rng((self._seed, _START, number))
        deck = [CLASSES[i] for i in rng.permutation(len(CLASSES))]
        if number == 0:
            first = next(i for i, name in enumerate(deck) if name in _GOOD_FIRST)
            deck[0], deck[first] = deck[first], deck[0]
        return tuple(deck)

    def _sign_slot(self, number: int) -> tuple[SignPost, ...]:
        rng = np.random.default_rng((self._seed, _SIGNS, number))
        deck, place = divmod(number, len(CLASSES))
        name = self._deck(deck)[place]
        along = FIRST_SIGN + SIGN_EVERY * number + (rng.uniform(-2.0, 2.0) if number else 0.0)
        right = number == 0 or rng.random() < 0.8
        sides = (True, False) if name in _BOTH_SIDES else (right,)
        variety = int(rng.integers(0, len(FACES[name])))
        return tuple(
            self._post(rng, number * 2 + i, along, name, variety, right=side)
            for i, side in enumerate(sides)
        )

    def _post(
        self,
        rng: np.random.Generator,
        identity: int,
        along: float,
        name: str,
        variety: int,
        *,
        right: bool,
    ) -> SignPost:
        out = HALF_ROAD + rng.uniform(0.95, 1.35)
        light = name == "traffic light"
        return SignPost(
            identity=identity,
            along=along,
            side=out if right else -out,
            name=name,
            variety=variety,
            height=rng.uniform(2.85, 3.1) if light else rng.uniform(2.15, 2.5),
            turn=float(np.radians(rng.uniform(-9, 9))),
            lean=float(np.radians(rng.normal(0, 0.4 if light else 1.2))),
        )

    def _near_slot(self, number: int, right: bool) -> tuple[Standing, ...]:
        """The first row: bushes, trees, lamps, boards; nothing before a sign."""
        rng = np.random.default_rng((self._seed, _NEAR, number + (1 << 32), right))
        along = number * _NEAR_EVERY + rng.uniform(-1.5, 1.5)
        sign = 1.0 if right else -1.0
        kinds: list[tuple[float, str, float, float]] = [
            (0.26, "tree", 9.0, 13.0),
            (0.30, "bush", 7.0, 11.0),
            (0.03, "board", 7.5, 9.0),
            (0.02, "box", 5.6, 6.4),
            (0.04, "globe", 5.4, 6.0),
        ]
        draw = rng.random()
        for chance, kind, least, most in kinds:
            if draw < chance:
                side = sign * rng.uniform(least, most)
                return (
                    Standing(along, side, kind, int(rng.integers(64)), rng.uniform(0.85, 1.15)),
                )
            draw -= chance
        if right and number % 7 == 3:
            return (Standing(along, sign * (HALF_ROAD + 1.9), "lantern", 0),)
        return ()

    def _far_slot(self, number: int, right: bool) -> tuple[Standing, ...]:
        """The second row: houses and a loose wood."""
        rng = np.random.default_rng((self._seed, _FAR, number + (1 << 32), right))
        along = number * _FAR_EVERY + rng.uniform(-2.0, 2.0)
        sign = 1.0 if right else -1.0
        if number % 6 == (1 if right else 4) and rng.random() < 0.75:
            return (
                Standing(along, sign * rng.uniform(13.0, 16.0), "house", int(rng.integers(64))),
            )
        if rng.random() < 0.62:
            side = sign * rng.uniform(20.0, 42.0)
            return (Standing(along, side, "tree", int(rng.integers(64)), rng.uniform(0.95, 1.4)),)
        return ()
