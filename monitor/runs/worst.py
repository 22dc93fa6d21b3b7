"""The frames that fell hardest, kept while a run goes on and drawn at its end."""

from __future__ import annotations

import heapq
import math
from pathlib import Path

import cv2

from monitor.arrays import Pixels
from monitor.drift.matching import FrameDrift, Outcome
from monitor.goals import Goal
from monitor.pictures import difference_picture, enlarged, legible_zoom
from monitor.pipeline import Observation
from monitor.runs.whole import write_whole
from monitor.views import attacked_view, clean_view

KEPT = 3
FOLDER = "failures"

_TOWARDS: dict[Goal, tuple[Outcome, ...]] = {
    Goal.VANISH: (Outcome.MISSED,),
    Goal.FABRICATE: (Outcome.FABRICATED,),
    Goal.MISLABEL: (Outcome.RELABELLED,),
    Goal.ANY: (Outcome.MISSED, Outcome.FABRICATED, Outcome.RELABELLED),
}


class WorstFrames:
    """The three frames with most objects drifted the goal's way, then the largest score drop.

    Ties go to the earlier frame. A frame in which nothing drifted and no score dropped is none of
    them. Three observations are held in memory, however long the run.

    Parameters
    ----------
    goal : which way objects are meant to drift.
    """

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        # The index settles every tie, so observations are never compared.
        self._heap: list[tuple[int, float, int, Observation]] = []

    def offer(self, seen: Observation) -> None:
        """Look at one more frame."""
        drifted = sum(seen.drift.count(outcome) for outcome in _TOWARDS[self._goal])
        drop = score_drop(seen.drift)
        if not drifted and drop <= 0:
            return
        entry = (drifted, drop, -seen.drift.index, seen)
        if len(self._heap) < KEPT:
            heapq.heappush(self._heap, entry)
        elif entry[:3] > self._heap[0][:3]:
            heapq.heapreplace(self._heap, entry)

    def save(
        self, folder: Path, class_names: tuple[str, ...], amplify: float
    ) -> list[dict[str, object]]:
        """Write three PNG a frame into `folder`/failures, the worst first; returns what they are.

        Raises
        ------
        RunError : the disk does not take them.
        """
        ranked = sorted(self._heap, key=lambda entry: entry[:3], reverse=True)
        saved: list[dict[str, object]] = []
        for rank, (drifted, drop, _, seen) in enumerate(ranked, 1):
            pictures = draw(seen, class_names, amplify)
            names = {
                kind: f"{FOLDER}/{rank}-frame-{seen.drift.index:06d}-{kind}.png"
                for kind in pictures
            }
            for kind, picture in pictures.items():
                write_whole(folder / names[kind], encoded(picture))
            saved.append(
                {
                    "frame": seen.drift.index,
                    "media_time_s": seen.drift.media_time,
                    "drifted": drifted,
                    "score_drop": drop,
                    "clean_count": seen.drift.clean_count,
                    "attacked_count": len(seen.attacked),
                    "linf": seen.distances.linf,
                    "amplified": amplify,
                    **names,
                }
            )
        return saved


def score_drop(drift: FrameDrift) -> float:
    """The sum of the score drops of a frame's clean objects."""
    clean = (thing for thing in drift.objects if thing.outcome is not Outcome.FABRICATED)
    return math.fsum(thing.score_drop for thing in clean)


def draw(seen: Observation, class_names: tuple[str, ...], amplify: float) -> dict[str, Pixels]:
    """The clean and the attacked frame with boxes, and their amplified difference; uint8 BGR.

    Narrow frames are enlarged by a whole factor without interpolation, so that every pixel of the
    frame can still be counted.
    """
    zoom = legible_zoom(seen.frame.pixels)
    apart = difference_picture(seen.frame.pixels, seen.attacked_pixels, amplify)
    return {
        "clean": clean_view(seen, class_names, zoom=zoom),
        "attacked": attacked_view(seen, class_names, zoom=zoom),
        "difference": enlarged(apart, zoom),
    }


def encoded(picture: Pixels) -> bytes:
    """A picture as PNG, lossless."""
    done, content = cv2.imencode(".png", picture)
    if not done:
        raise ValueError(f"no PNG can be made of {picture.dtype} {picture.shape}")
    return content.tobytes()
