"""A person who stands, walks or runs: a few joints, drawn as rounded limbs."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from streams.scenes.sprite import Colour

_OVERSAMPLING: Final = 3
_HALF_WIDTH, _HEIGHT = 0.95, 2.15  # metres that the picture of a person holds
_FOOT_ROOM: Final = 0.2  # metres below the ground line, for a foot that is nearer than the middle

_HIP, _THIGH, _SHIN = 0.90, 0.44, 0.43
_TORSO, _UPPER_ARM, _FORE_ARM = 0.50, 0.28, 0.25
HEAD_ABOVE_GROUND: Final = 1.61
"""Metres to the middle of the head of one who stands."""
HEAD: Final = 0.115
"""Metres from the middle of a head to its edge."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What somebody wears, and hair (None: nothing is drawn above the neck).

    Attributes
    ----------
    shirt, shorts, socks, shoes, skin, hair : colours.
    """

    shirt: Colour
    shorts: Colour
    socks: Colour
    shoes: Colour
    skin: Colour
    hair: Colour | None


@dataclass(frozen=True, slots=True)
class Pose:
    """How somebody stands or runs, seen by the camera.

    Attributes
    ----------
    facing : radians from the camera's right, counted away from the camera: pi / 2 turns the back on it.
    phase : of the step, in radians.
    effort : 0 for standing to 1 for a sprint.
    tilt : radians by which the camera looks down.
    """

    facing: float
    phase: float
    effort: float
    tilt: float


Joint = npt.NDArray[
    np.float64
]  # (3,): to the camera's right, away from it, up; metres from the feet


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """The picture of a person.

    Attributes
    ----------
    patch : uint8 (H, W, 4), BGR premultiplied with alpha.
    left, top : where its first pixel goes, relative to the feet's whole pixel.
    head : the middle of the head in pixels relative to the feet.
    """

    patch: npt.NDArray[np.uint8]
    left: int
    top: int
    head: tuple[float, float]


def draw(kit: Kit, pose: Pose, scale: float, within: tuple[float, float]) -> Drawing:
    """Draw a person.

    Parameters
    ----------
    kit, pose : of the person.
    scale : pixels of a metre.
    within : fractions of a pixel by which the feet lie to the right of and below a whole one.
    """
    half = int(np.ceil(_HALF_WIDTH * scale)) + 1
    above = int(np.ceil(_HEIGHT * scale)) + 1
    below = int(np.ceil(_FOOT_ROOM * scale)) + 1
    fine = scale * _OVERSAMPLING
    origin = (_OVERSAMPLING * (half + within[0]), _OVERSAMPLING * (above + within[1]))
    canvas = np.zeros(
        ((above + below) * _OVERSAMPLING, 2 * half * _OVERSAMPLING, 4), dtype=np.uint8
    )
    body = _Body(canvas, origin, fine, pose)
    body.paint(kit)
    small = cv2.resize(canvas, (2 * half, above + below), interpolation=cv2.INTER_AREA)
    # Most of the room is for arms and legs that are stretched out; only what was drawn on is handed on.
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(small[..., 3]))
    patch = np.asarray(small[y : y + height, x : x + width], np.uint8)
    head_x, head_y = body.spot(body.head)
    head = (head_x / _OVERSAMPLING - half, head_y / _OVERSAMPLING - above)
    return Drawing(patch, x - half, y - above, head)


class _Body:
    """The joints of a pose, and how they are painted."""

    def __init__(
        self,
        canvas: npt.NDArray[np.uint8],
        origin: tuple[float, float],
        scale: float,
        pose: Pose,
    ) -> None:
        self._canvas, self._origin, self._scale = canvas, origin, scale
        self._looks = (cos(pose.tilt), sin(pose.tilt))
        self._ahead = np.array([cos(pose.facing), sin(pose.facing), 0.0])
        self._left = np.array([-sin(pose.facing), cos(pose.facing), 0.0])
        up = np.array([0.0, 0.0, 1.0])
        effort = pose.effort
        legs = []
        for side, phase in ((1.0, pose.phase), (-1.0, pose.phase + pi)):
            hip = 0.09 * side * self._left
            swing = (0.10 + 0.72 * effort) * sin(phase) * min(1.0, 0.2 + 3 * effort) + 0.12 * effort
            bend = 0.06 + effort * (0.30 + 1.15 * max(0.0, cos(phase)))
            knee = hip + _THIGH * (sin(swing) * self._ahead - cos(swing) * up)
            shin = swing - bend
            ankle = knee + _SHIN * (sin(shin) * self._ahead - cos(shin) * up)
            toe = ankle + 0.17 * self._ahead - 0.03 * up
            legs.append((side, hip, knee, ankle, toe))
        # Whoever runs is carried by the lower foot; at a sprint both leave the ground for a moment.
        lift = -min(float(leg[3][2]) for leg in legs) + 0.05
        pelvis = np.array([0.0, 0.0, lift])
        self._legs = [(side, *(joint + pelvis for joint in joints)) for side, *joints in legs]
        lean = 0.05 + 0.22 * effort
        spine = sin(lean) * self._ahead + cos(lean) * up
        self._hips = pelvis
        self._chest = pelvis + _TORSO * spine
        self.head = self._chest + (HEAD_ABOVE_GROUND - _HIP - _TORSO) * spine
        arms = []
        for side, phase in ((1.0, pose.phase + pi), (-1.0, pose.phase)):
            shoulder = self._chest + 0.19 * side * self._left - 0.04 * up
            swing = (0.06 + 0.75 * effort) * sin(phase)
            elbow = shoulder + _UPPER_ARM * (
                sin(swing) * self._ahead - cos(swing) * up + 0.16 * side * self._left
            )
            bent = swing + 0.2 + 1.2 * effort
            hand = elbow + _FORE_ARM * (sin(bent) * self._ahead - cos(bent) * up)
            arms.append((side, shoulder, elbow, hand))
        self._arms = arms

    def spot(self, joint: Joint) -> tuple[float, float]:
        """Fine pixels of a joint; what is further away lies higher, for the camera looks down."""
        right, away, up = joint.tolist()
        rise = up * self._looks[0] + away * self._looks[1]
        return self._origin[0] + self._scale * right, self._origin[1] - self._scale * rise

    def paint(self, kit: Kit) -> None:
        """Paint everything, what is further away first."""
        far_first = 1.0 if self._left[1] > 0 else -1.0  # the side of the body that is further away
        for leg in sorted(self._legs, key=lambda leg: -far_first * leg[0]):
            self._leg(kit, leg)
        arms = sorted(self._arms, key=lambda arm: -far_first * arm[0])
        self._arm(kit, arms[0])
        self._torso(kit)
        self._arm(kit, arms[1])
        if kit.hair is not None:
            self._head(kit.skin, kit.hair)

    def _leg(self, kit: Kit, leg: tuple[float, Joint, Joint, Joint, Joint]) -> None:
        _, hip, knee, ankle, toe = leg
        self._limb(ankle, toe, 0.085, kit.shoes)
        self._limb(knee, ankle, 0.105, kit.socks)
        self._limb(hip, knee, 0.135, kit.skin)
        self._limb(hip, hip + 0.62 * (knee - hip), 0.185, kit.shorts)

    def _arm(self, kit: Kit, arm: tuple[float, Joint, Joint, Joint]) -> None:
        _, shoulder, elbow, hand = arm
        self._limb(elbow, hand, 0.075, kit.skin)
        self._limb(shoulder, elbow, 0.085, kit.skin)
        self._limb(shoulder, shoulder + 0.62 * (elbow - shoulder), 0.125, kit.shirt)

    def _torso(self, kit: Kit) -> None:
        wide = 0.19 * self._left
        deep = 0.10 * np.array([1.0, 0.0, 0.0])
        top, low = self._chest - np.array([0, 0, 0.02]), self._hips + np.array([0, 0, 0.02])
        self._limb(self._chest, self.head, 0.11, kit.skin)
        corners = [
            top + wide,
            top - wide,
            low - 0.78 * wide,
            low + 0.78 * wide,
            top + deep,
            top - deep,
            low - deep,
            low + deep,
        ]
        hull = cv2.convexHull(np.array([self._fixed(corner) for corner in corners]))
        cv2.fillConvexPoly(self._canvas, hull, (*_shade(kit.shirt, 0.84), 255), cv2.LINE_8, 4)
        pen = max(1, round(0.07 * self._scale))
        cv2.polylines(
            self._canvas, [hull], True, (*_shade(kit.shirt, 0.84), 255), pen, cv2.LINE_8, 4
        )
        # The sun stands to the left: that half is brighter.
        lit = [hull_point - (round(0.05 * self._scale * 16), 0) for hull_point in hull[:, 0]]
        bright = np.array(lit, dtype=np.int32)
        middle = bright.mean(axis=0)
        inner = np.asarray(middle + (bright - middle) * (0.62, 0.92), dtype=np.int32)
        cv2.fillConvexPoly(self._canvas, inner, (*_shade(kit.shirt, 1.06), 255), cv2.LINE_8, 4)
        self._limb(low + 0.5 * wide, low - 0.5 * wide, 0.19, kit.shorts)

    def _head(self, skin: Colour, hair: Colour) -> None:
        radius = HEAD * self._scale
        # The face looks ahead; of one who turns his back only hair is to be seen.
        face = self.head + 0.075 * self._ahead - np.array([0, 0, 0.045])
        behind = self._ahead[1] > 0.35
        cap = self.head + np.array([0, 0, 0.012])
        if behind:
            self._disc(self.head - np.array([0, 0, 0.03]), radius * 0.94, _shade(skin, 0.86))
            self._disc(cap, radius * 1.03, hair)
        else:
            self._disc(cap, radius * 1.06, hair)
            self._disc(face, radius * 0.86, _shade(skin, 0.92))
            self._disc(face - np.array([0.02, 0, 0]), radius * 0.62, _shade(skin, 1.06))
        self._disc(cap + np.array([-0.035, 0, 0.055]), radius * 0.42, _shade(hair, 1.45))

    def _limb(self, first: Joint, last: Joint, thickness: float, colour: Colour) -> None:
        """A rounded limb, darker on the side away from the sun."""
        pen = max(2, round(thickness * self._scale))
        a, b = self._fixed(first), self._fixed(last)
        cv2.line(self._canvas, a, b, (*_shade(colour, 0.8), 255), pen, cv2.LINE_8, 4)
        off = round(0.14 * pen * 16)
        a, b = (a[0] - off, a[1] - off // 3), (b[0] - off, b[1] - off // 3)
        inner = max(1, round(0.66 * pen))
        cv2.line(self._canvas, a, b, (*_shade(colour, 1.05), 255), inner, cv2.LINE_8, 4)

    def _disc(self, centre: Joint, radius: float, colour: Colour) -> None:
        where = self._fixed(centre)
        cv2.circle(self._canvas, where, round(radius * 16), (*colour, 255), -1, cv2.LINE_8, 4)

    def _fixed(self, joint: Joint) -> tuple[int, int]:
        x, y = self.spot(joint)
        return round(x * 16 - 8), round(y * 16 - 8)


def _shade(colour: Colour, gain: float) -> Colour:
    blue, green, red = (min(255, round(value * gain)) for value in colour)
    return blue, green, red
