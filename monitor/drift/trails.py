"""Where tracks have been in the last seconds: what is drawn behind them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.drift.matching import Box, FrameDrift
from monitor.drift.tracks import ObjectTrack, centre


@dataclass(frozen=True, slots=True)
class TrailPoint:
    """The middle of a track's box in one frame.

    Attributes
    ----------
    frame : how many frames were followed before this one.
    seconds : when, on the stream's own clock.
    x, y : pixels of the working frame.
    side : the shorter side of the box, pixels.
    """

    frame: int
    seconds: float
    x: float
    y: float
    side: float


@dataclass(frozen=True, slots=True)
class Trail:
    """The way of one track in one answer.

    Attributes
    ----------
    track_id : the id that it carried on the way.
    made_up : of a track that follows no clean one.
    points : oldest first; a frame in which the object was not found is missing.
    """

    track_id: int
    made_up: bool
    points: tuple[TrailPoint, ...]

    @property
    def moved(self) -> bool:
        """It leads at least half a box away; where an object stands, a trail only hides it."""
        xs, ys = [point.x for point in self.points], [point.y for point in self.points]
        return max(max(xs) - min(xs), max(ys) - min(ys)) >= self.points[-1].side / 2

    def pieces(self) -> Iterator[tuple[TrailPoint, ...]]:
        """The stretches of frame after frame: over a frame in which nothing was found no line is drawn."""
        start = 0
        for i in range(1, len(self.points) + 1):
            if i == len(self.points) or self.points[i].frame != self.points[i - 1].frame + 1:
                yield self.points[start:i]
                start = i


class TrailBook:
    """Keeps the trails of one answer as far back as they are drawn."""

    def __init__(self) -> None:
        self._points: dict[tuple[int, bool], deque[TrailPoint]] = {}
        self._frame = 0

    def update(
        self, boxes: Iterable[tuple[int, bool, Box]], seconds: float, span: float
    ) -> tuple[Trail, ...]:
        """Take in the next frame; the trails up to it, by id.

        Parameters
        ----------
        boxes : (id, made up, box) of what was found and followed.
        seconds : of the frame; not less than before.
        span : seconds that a trail goes back; 0: there are none.
        """
        for track, made_up, box in boxes:
            points = self._points.setdefault((track, made_up), deque())
            side = min(box[2] - box[0], box[3] - box[1])
            points.append(TrailPoint(self._frame, seconds, *centre(box), side))
        self._frame += 1
        for points in self._points.values():
            while points and points[0].seconds <= seconds - span:
                points.popleft()
        self._points = {key: points for key, points in self._points.items() if points}
        return tuple(Trail(*key, tuple(points)) for key, points in sorted(self._points.items()))


def clean_boxes(
    drift: FrameDrift, tracks: Iterable[ObjectTrack]
) -> Iterator[tuple[int, bool, Box]]:
    """What the clean answer found and follows."""
    for thing, track in zip(drift.objects, tracks, strict=True):
        if thing.clean_box is not None and track.track_id is not None:
            yield track.track_id, False, thing.clean_box


def attacked_boxes(
    drift: FrameDrift, tracks: Iterable[ObjectTrack]
) -> Iterator[tuple[int, bool, Box]]:
    """What the attacked answer found and follows."""
    for thing, track in zip(drift.objects, tracks, strict=True):
        if thing.attacked_box is not None and track.attacked_track_id is not None:
            yield track.attacked_track_id, track.made_up, thing.attacked_box
