"""A minute of play that ends where it began: who kicks the ball when, and where everybody runs."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import hypot
from typing import Final

import numpy as np
import numpy.typing as npt

from streams.scenes.pitch.flight import RADIUS, Flight, Vector

Table = npt.NDArray[np.float64]

CYCLE: Final = 60.0
"""Seconds after which the play comes again."""
LENGTH, DEPTH = 60.0, 34.0
"""Metres of the pitch: x from -30 to 30 along the near touchline, y from 0 to 34 away from it."""
TEAM: Final = 7
"""Players of one team, keeper included."""
RATE: Final = 60
"""Rows a second of the tables of movement."""

_REACH_X: Final = 24.0
_REACH_Y: Final = (4.5, 16.0)
_RUN_UP: Final = 2.4  # seconds before and after a touch that a player leaves his place for it
# A team that plays to the right; (x, y), the keeper first.
_PLACES: Final = ((-28.6, 17), (-15, 9), (-14, 24), (-5, 5), (-3, 18), (7, 11), (8, 24))


@dataclass(frozen=True, slots=True)
class Kick:
    """One touch of the ball.

    Attributes
    ----------
    at : seconds into the cycle.
    place : x, y in metres.
    flight : what the ball does until the next one.
    player : who it is, 0 to 13.
    """

    at: float
    place: tuple[float, float]
    flight: Flight
    player: int


@dataclass(frozen=True, slots=True, eq=False)
class Runner:
    """One person's movement over the cycle, row by row of `RATE` a second.

    Attributes
    ----------
    place : (N, 2) metres.
    facing : (N, 2) unit vectors.
    phase : (N,) of the step, in radians; grows with the way.
    effort : (N,) 0 for standing to 1 for a sprint.
    """

    place: Table
    facing: Table
    phase: Table
    effort: Table


class Play:
    """The script of the ball and the tables of everybody's movement.

    Parameters
    ----------
    rng : draws the play.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.kicks = _script(rng)
        self._starts = [kick.at for kick in self.kicks]
        times = np.arange(int(CYCLE * RATE)) / RATE
        ball = np.array([self.ball_at(t) for t in times])
        self.ball_slow = smoothed(ball, 0.7)
        self.turns = _turns(ball)
        homes = _homes(self.ball_slow)
        self.players = tuple(
            _runner(_drawn_to_ball(i, homes[i], self.kicks, times), ball[:, :2])
            for i in range(2 * TEAM)
        )
        aside = smoothed(ball[:, :2], 1.5) + np.array([-5.0, 5.0])
        self.referee = _runner(aside, ball[:, :2])
        along = np.clip(smoothed(ball[:, :1], 1.1), -27.0, 27.0)
        line = np.concatenate([along, np.full((len(times), 1), -1.0)], axis=1)
        self.linesman = _runner(line, ball[:, :2])

    def ball_at(self, seconds: float) -> Vector:
        """Where the ball's centre is at a time of the cycle, in metres."""
        kick = self.kicks[bisect_right(self._starts, seconds) - 1]
        return kick.flight.place_at(seconds - kick.at)


def row_at(seconds: float) -> int:
    """The row of the tables for a time."""
    return int(seconds * RATE + 0.5) % int(CYCLE * RATE)


def smoothed(table: Table, seconds: float) -> Table:
    """Average over the neighbours in time, the end joined to the beginning (Gaussian, this sigma)."""
    count = len(table)
    away = np.minimum(np.arange(count), count - np.arange(count)) / RATE
    weights = np.exp(-0.5 * (away / seconds) ** 2)
    response = np.fft.rfft(weights / weights.sum())
    return np.asarray(np.fft.irfft(np.fft.rfft(table, axis=0) * response[:, None], n=count, axis=0))


def _script(rng: np.random.Generator) -> tuple[Kick, ...]:
    """Touches, passes and high balls until the minute is almost over, then a ball back to the start."""
    first = (float(rng.uniform(-6, 6)), float(rng.uniform(8, 13)))
    kicks: list[Kick] = []
    now, place, player = 0.0, first, _nearest(first, None)
    while now < CYCLE - 7.0:
        for _ in range(int(rng.integers(1, 4))):  # he runs with the ball
            target = _target(rng, place, rng.uniform(1.6, 3.2))
            lasts = float(rng.uniform(0.55, 0.85))
            kicks.append(Kick(now, place, Flight.aimed(place, target, lasts, 0.0), player))
            now, place = now + lasts, target
        kind = rng.random()
        way = float(rng.uniform(7.0, 15.0))
        target = _target(rng, place, way)
        way = hypot(target[0] - place[0], target[1] - place[1])
        if kind < 0.40:  # along the ground
            up, lasts = 0.0, way / float(rng.uniform(6.5, 9.0)) + 0.2
        elif kind < 0.82:  # high, with bounces
            up = float(rng.uniform(4.0, 7.4))
            lasts = 2 * up / 9.81 * float(rng.uniform(1.3, 1.9))
        else:  # a ball that is left to roll out
            up, lasts = float(rng.choice([0.0, 3.5])), float(rng.uniform(3.2, 4.0))
        kicks.append(Kick(now, place, Flight.aimed(place, target, lasts, up), player))
        now, place = now + lasts, target
        player = _nearest(place, player)
    up = 5.0 if hypot(place[0] - first[0], place[1] - first[1]) > 8 else 0.0
    kicks.append(Kick(now, place, Flight.aimed(place, first, CYCLE - now, up), player))
    return tuple(kicks)


def _target(
    rng: np.random.Generator, place: tuple[float, float], way: float
) -> tuple[float, float]:
    """A place that far away, within the part of the pitch where the play is."""
    for _ in range(40):
        angle = rng.uniform(0, 2 * np.pi)
        x, y = place[0] + way * np.cos(angle), place[1] + 0.75 * way * np.sin(angle)
        if abs(x) <= _REACH_X and _REACH_Y[0] <= y <= _REACH_Y[1]:
            return float(x), float(y)
    return place[0] * 0.6, (place[1] + sum(_REACH_Y) / 2) / 2


def _home(player: int, ball: Table) -> Table:
    """Where a player would stand with the ball there: (N, 2)."""
    team, number = divmod(player, TEAM)
    x, y = _PLACES[number]
    side = 1.0 if team == 0 else -1.0
    across = y if team == 0 else 31.0 - y  # the teams do not stand in each other's mirror image
    if number == 0:
        return np.stack([np.full(len(ball), side * x), 17 + 0.12 * (ball[:, 1] - 17)], axis=1)
    shift = np.stack([0.62 * ball[:, 0], 0.35 * (ball[:, 1] - 14.0)], axis=1)
    return np.clip(np.array([side * x, across]) + shift, (-27.5, 2.5), (27.5, 32.0))


def _homes(ball: Table) -> list[Table]:
    slow = smoothed(ball[:, :2], 1.2)
    times = np.arange(len(ball)) / RATE
    homes = []
    for player in range(2 * TEAM):
        # Nobody stands still: small walks, a whole number of them in a cycle.
        turn = 2 * np.pi * times / CYCLE
        stroll = np.stack(
            [
                np.sin((7 + player % 3) * turn + player),
                np.cos((9 - player % 4) * turn + 2 * player),
            ],
            axis=1,
        )
        homes.append(_home(player, slow) + (1.3 if player % TEAM else 0.4) * stroll)
    return homes


def _nearest(place: tuple[float, float], but: int | None) -> int:
    """Who stands nearest when the ball comes there; never a keeper, never the one who kicked it."""
    there = np.array([place])
    away = {
        player: float(np.hypot(*(_home(player, there)[0] - place)))
        for player in range(2 * TEAM)
        if player % TEAM and player != but
    }
    return min(away, key=lambda player: away[player])


def _drawn_to_ball(player: int, home: Table, kicks: tuple[Kick, ...], times: Table) -> Table:
    """A player's way: home, but at the ball when he touches it."""
    touches: list[tuple[float, float, float]] = []
    strongest = np.zeros(len(times))
    for kick in kicks:
        if kick.player != player:
            continue
        away = np.abs(times - kick.at)
        near = np.clip(1 - np.minimum(away, CYCLE - away) / _RUN_UP, 0, 1)
        strongest = np.maximum(strongest, near * near * (3 - 2 * near))
        vx, vy, _ = kick.flight.speed_at(0.0)
        pace = hypot(vx, vy) or 1.0
        behind = 0.42 / pace
        touches.append((kick.at, kick.place[0] - behind * vx, kick.place[1] - behind * vy))
    if not touches:
        return home
    at, x, y = np.array(touches).T
    there = np.stack([np.interp(times, at, side, period=CYCLE) for side in (x, y)], axis=1)
    return smoothed(home + strongest[:, None] * (there - home), 0.16)


def _runner(place: Table, ball: Table) -> Runner:
    step = np.roll(place, -1, axis=0) - np.roll(place, 1, axis=0)
    speed = smoothed(step * RATE / 2, 0.12)
    pace = np.hypot(speed[:, 0], speed[:, 1])
    look = ball - place
    look = look / np.maximum(np.hypot(look[:, 0], look[:, 1]), 0.3)[:, None]
    facing = smoothed(speed + 1.1 * look, 0.15)
    facing = facing / np.maximum(np.hypot(facing[:, 0], facing[:, 1]), 1e-6)[:, None]
    # A step grows with the pace; the cycle holds a whole number of double steps.
    turns = np.cumsum(pace / RATE / (0.9 + 0.26 * pace))
    whole = max(1, round(float(turns[-1])))
    phase = 2 * np.pi * turns * whole / max(float(turns[-1]), 1e-9)
    return Runner(place, facing, phase, np.clip(pace / 5.5, 0.0, 1.0))


def _turns(ball: Table) -> npt.NDArray[np.float64]:
    """Rotation matrices (N, 3, 3) of a ball that rolls on the ground and keeps its spin in the air."""
    turned = np.eye(3)
    turns = np.empty((len(ball), 3, 3))
    spin = np.zeros(3)
    for i in range(len(ball)):
        turns[i] = turned
        step = ball[(i + 1) % len(ball)] - ball[i]
        if ball[i, 2] < 1.2 * RADIUS:
            spin = np.array([-step[1], step[0], 0.0]) / RADIUS
        turned = _rotation(spin) @ turned
    return turns


def _rotation(spin: Table) -> Table:
    """Rodrigues' formula for a rotation about an axis by its length, in radians."""
    angle = float(np.linalg.norm(spin))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = spin / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return np.asarray(turned, dtype=np.float64)
