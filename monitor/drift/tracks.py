"""Objects followed through both answers, the clean and the attacked, under one set of ids.

Each answer is followed for itself (`Follower`), as a system behind the detector would do it. The clean
tracks then play the part that the ground truth has in the CLEAR MOT metrics (Bernardin and Stiefelhagen
2008), the attacked tracks that of the hypotheses:

- An attacked track *follows* a clean one in a frame in which their boxes are matched (IoU >= drift.iou,
  the very match that the outcomes come from; Bernardin and Stiefelhagen would keep the match of the frame
  before where it still holds, which at an IoU of 0.5 and one to one is nearly always the same).
- It then carries the clean track's id, and keeps it while its box is elsewhere, until another attacked
  track follows that clean one or the clean one is over. An attacked track that carries no clean id has
  an id of its own and is *made up*.
- A *switch* is a match of a clean track with another attacked track than the one that followed it last,
  however long ago, or of an attacked track with another clean track than the one that it followed last,
  as long as that one is not over. Two tracks that change places are two switches.
- A clean track is *lost* in a frame in which it is seen and nothing is matched with it.

A track has an id from its second frame on, the two in a row; what is seen once may be a flicker. Ids
count from 1, over both streams, and none is given twice. Where the recording starts again, or the frame
changes its size, all tracks end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import supervision as sv

from models.errors import ModelOutputError
from monitor.drift.following import NOMINAL_RATE, Follower
from monitor.drift.matching import FrameDrift, ObjectDrift, Outcome
from monitor.pairing import Floats

Numbers = list[int | None]

_REACH: Final = 0.2
"""Of the frame's longer side: boxes are grown to this for following, 64 pixels at 320 (see `RoomyIoU`)."""


@dataclass(frozen=True, slots=True)
class ObjectTrack:
    """What tracking says of one object of a frame.

    Attributes
    ----------
    track_id : of the clean track; None where the object is in the attacked answer only or not followed yet.
    attacked_track_id : that the attacked box carries; None where there is none or it is not followed yet.
    made_up : `attacked_track_id` is of a track that follows no clean one.
    switch : another attacked track follows this object than before.
    trail_distance_px : from the clean track to where the attacked answer has it: to the box matched with
        it or carrying its id or, where it is the frame's only clean object, to the followed attacked box
        of its class with the highest score, wherever that is. None where there is no such box.
    """

    track_id: int | None = None
    attacked_track_id: int | None = None
    made_up: bool = False
    switch: bool = False
    trail_distance_px: float | None = None


UNFOLLOWED: Final = ObjectTrack()


@dataclass(frozen=True, slots=True)
class _Last:
    """What the last frame left behind."""

    drift: FrameDrift
    boxes: tuple[Floats, Floats]
    seconds: float
    lap: int
    size: tuple[int, int]


class TwinTracker:
    """Follows the clean and the attacked answers of one stream; not for two threads at once.

    Costs 0.7 ms a frame for ten objects in both answers, most of it ByteTrack's Kalman filters.
    """

    def __init__(self) -> None:
        self._next_id = 1
        self._end_tracks()

    @property
    def seconds(self) -> float:
        """Of the newest frame, since the first one that its tracks could begin in."""
        return 0.0 if self._last is None else self._last.seconds

    def _end_tracks(self) -> None:
        self._followers: tuple[Follower, Follower] | None = None
        self._last: _Last | None = None
        self._clean_ids: dict[int, int] = {}  # clean number -> id
        self._own_ids: dict[int, int] = {}  # attacked number -> id of a made-up track
        self._follower_of: dict[int, int] = {}  # id -> the attacked number that followed it last
        self._followed_by: dict[int, int] = {}  # attacked number -> the id that it followed last

    def update(
        self,
        drift: FrameDrift,
        clean: sv.Detections,
        attacked: sv.Detections,
        *,
        size: tuple[int, int],
        lap: int = 0,
    ) -> tuple[ObjectTrack, ...]:
        """Take in the next frame; what tracking says of each of its objects, in the order of the drift.

        Parameters
        ----------
        drift : `clean` and `attacked`, matched.
        size : width and height of the frame, pixels.
        lap : how often the recording has started again.

        Raises
        ------
        ModelOutputError : a box is not finite; nothing was taken in then.
        """
        boxes = _boxes(clean, drift.index), _boxes(attacked, drift.index)
        last = self._last
        if last is not None and not _goes_on(last, drift, lap, size):
            self._end_tracks()
            last = None
        seconds = 0.0 if last is None else last.seconds + _elapsed(last.drift, drift)
        numbers = self._numbers(last, boxes, seconds, max(size) * _REACH)
        self._last = _Last(drift, boxes, seconds, lap, size)
        return self._identified(drift, *numbers)

    def _numbers(
        self, last: _Last | None, boxes: tuple[Floats, Floats], seconds: float, reach: float
    ) -> tuple[Numbers, Numbers]:
        """The followers' own numbers of the clean and of the attacked boxes."""
        if last is None:
            # Nothing has a number in the first frame. The second one tells how long a frame lasts, which
            # a follower has to know from its first frame on, so that is when followers are made.
            return [None] * len(boxes[0]), [None] * len(boxes[1])
        if self._followers is None:
            rate = 1 / (seconds - last.seconds)
            self._followers = Follower(rate, reach), Follower(rate, reach)
            for follower, before in zip(self._followers, last.boxes, strict=True):
                follower.update(before, last.seconds)
        clean, attacked = self._followers
        return clean.update(boxes[0], seconds), attacked.update(boxes[1], seconds)

    def _identified(
        self, drift: FrameDrift, clean: Numbers, attacked: Numbers
    ) -> tuple[ObjectTrack, ...]:
        self._forget()
        for number in sorted(number for number in clean if number is not None):
            if number not in self._clean_ids:
                self._clean_ids[number] = self._new_id()
        sides = [_sides(thing, clean, attacked) for thing in drift.objects]
        pairs = {
            self._clean_ids[ours]: theirs
            for ours, theirs in sides
            if ours is not None and theirs is not None
        }
        switched = self._switched(pairs)
        self._follower_of.update(pairs)
        self._followed_by.update({number: track for track, number in pairs.items()})
        # A box beside a clean one that has no id yet will follow it in a moment: it is not made up.
        made_up = {n for (_, n), o in zip(sides, drift.objects, strict=True) if _alone(o, n)}
        self._name_made_up(made_up)
        tracks = [None if ours is None else self._clean_ids[ours] for ours, _ in sides]
        carried = [self._carried(theirs) for _, theirs in sides]
        apart = trail_distances(drift, tracks, [track for track, _ in carried])
        return tuple(
            ObjectTrack(track, other, made_up, track in switched, distance)
            for track, (other, made_up), distance in zip(tracks, carried, apart, strict=True)
        )

    def _switched(self, pairs: dict[int, int]) -> set[int]:
        """The ids whose match is a switch, judged by what held before this frame."""
        alive = set(self._clean_ids.values())
        switched = set()
        for track, number in pairs.items():
            other_follower = self._follower_of.get(track, number) != number
            before = self._followed_by.get(number, track)
            if other_follower or (before != track and before in alive):
                switched.add(track)
        return switched

    def _name_made_up(self, numbers: Iterable[int | None]) -> None:
        for number in sorted(number for number in numbers if number is not None):
            if self._carried(number)[0] is None:
                self._own_ids[number] = self._new_id()

    def _carried(self, number: int | None) -> tuple[int | None, bool]:
        """(id, it is a made-up one) that the attacked track of this number carries now."""
        if number is None:
            return None, False
        followed = self._followed_by.get(number)
        if followed is not None and self._follower_of.get(followed) == number:
            return followed, False
        own = self._own_ids.get(number)
        return own, own is not None

    def _forget(self) -> None:
        """Drop what belongs to tracks that are over, so that memory does not grow with the stream."""
        if self._followers is None:
            return
        clean, attacked = (follower.alive for follower in self._followers)
        self._clean_ids = {n: track for n, track in self._clean_ids.items() if n in clean}
        tracks = set(self._clean_ids.values())
        # The last follower of a clean track may be over itself: the next one is a switch all the same.
        self._follower_of = {t: n for t, n in self._follower_of.items() if t in tracks}
        self._followed_by = {
            n: t for n, t in self._followed_by.items() if n in attacked and t in tracks
        }
        self._own_ids = {n: track for n, track in self._own_ids.items() if n in attacked}

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1


def trail_distances(
    drift: FrameDrift, tracks: Sequence[int | None], carried: Sequence[int | None]
) -> list[float | None]:
    """`ObjectTrack.trail_distance_px` of every object, given the ids on both sides."""
    holders: dict[int | None, ObjectDrift] = {
        track: thing
        for thing, track in zip(drift.objects, carried, strict=True)
        if track is not None
    }
    found: list[float | None] = []
    for thing, track in zip(drift.objects, tracks, strict=True):
        if track is None:
            found.append(None)
            continue
        other = _best_answer(thing, drift, carried) if drift.clean_count == 1 else None
        if other is None:
            other = holders.get(track) if thing.attacked_box is None else thing
        found.append(None if other is None else _apart(thing, other))
    return found


def _best_answer(
    thing: ObjectDrift, drift: FrameDrift, carried: Sequence[int | None]
) -> ObjectDrift | None:
    """What a system that follows this one object would go by: highest score, the nearer one of equals."""
    answers = [
        other
        for other, track in zip(drift.objects, carried, strict=True)
        if other.attacked_class == thing.clean_class
        and other.attacked_box is not None
        and (track is not None or other is thing)
    ]
    return max(
        answers, key=lambda other: (other.attacked_score, -_apart(thing, other)), default=None
    )


def _apart(thing: ObjectDrift, other: ObjectDrift) -> float:
    assert thing.clean_box is not None
    assert other.attacked_box is not None
    return math.dist(centre(thing.clean_box), centre(other.attacked_box))


def centre(box: tuple[float, float, float, float]) -> tuple[float, float]:
    """The middle of an xyxy box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _sides(thing: ObjectDrift, clean: Numbers, attacked: Numbers) -> tuple[int | None, int | None]:
    ours = None if thing.clean_index is None else clean[thing.clean_index]
    theirs = None if thing.attacked_index is None else attacked[thing.attacked_index]
    return ours, theirs


def _alone(thing: ObjectDrift, number: int | None) -> bool:
    return number is not None and thing.outcome is Outcome.FABRICATED


def _boxes(detections: sv.Detections, index: int) -> Floats:
    boxes = detections.xyxy.astype(np.float64).reshape(-1, 4)
    if not np.isfinite(boxes).all():
        raise ModelOutputError(
            f"frame {index}: the model gave a box that is not finite; check its weights"
        )
    return boxes


def _goes_on(last: _Last, drift: FrameDrift, lap: int, size: tuple[int, int]) -> bool:
    """False where this frame does not follow the last one in the same recording."""
    before, now = last.drift.media_time, drift.media_time
    backwards = before is not None and now is not None and now < before
    return (
        lap == last.lap and size == last.size and drift.index > last.drift.index and not backwards
    )


def _elapsed(before: FrameDrift, now: FrameDrift) -> float:
    """Seconds between two frames, above 0; a source without a clock is taken to run at 30 a second."""
    if before.media_time is not None and now.media_time is not None:
        elapsed = now.media_time - before.media_time
        if elapsed > 0:
            return elapsed
    return (now.index - before.index) / NOMINAL_RATE
