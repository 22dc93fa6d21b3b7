"""The state beside the pipeline: observation in, observation with tracks and trails out.

The pipeline's step knows one frame; what connects frames is here. The live session and the batch
evaluation hold one `Tracking` each and send every observation through it, so that both give the same ids.
"""

from __future__ import annotations

import time
from dataclasses import replace

from monitor.drift.retracing import retraced
from monitor.drift.tracks import TwinTracker
from monitor.drift.trails import TrailBook, attacked_boxes, clean_boxes
from monitor.pipeline import Observation


class Tracking:
    """Follows the objects of one stream after another; another model needs another `Tracking`.

    A change of the attack or of any other setting ends no track. What does: another source, a recording
    that starts again, another size of frame. Ids start at 1 again with another source only, so that none
    is given twice in one run.
    """

    def __init__(self) -> None:
        self._begin("")

    def _begin(self, source: str) -> None:
        self._source = source
        self._tracker = TwinTracker()
        self._newest: Observation | None = None
        self._forget_trails()

    def _forget_trails(self) -> None:
        self._clean_trails, self._attacked_trails = TrailBook(), TrailBook()

    def follow(self, seen: Observation, *, trails: float) -> Observation:
        """The next frame's observation with its `tracks` and trails; the time goes to stage "drift".

        Parameters
        ----------
        seen : fresh from the pipeline.
        trails : seconds that trails go back, 0: none.

        Raises
        ------
        ModelOutputError : a box is not finite.
        """
        began = time.perf_counter()
        frame, drift = seen.frame, seen.drift
        if frame.source != self._source:
            self._begin(frame.source)
        before = self._tracker.seconds
        tracks = self._tracker.update(
            drift, seen.clean, seen.attacked, size=frame.size, lap=frame.lap
        )
        seconds = self._tracker.seconds
        if seconds <= before:
            self._forget_trails()  # all tracks ended, and the clock is at 0 again
        self._newest = replace(
            seen,
            tracks=tracks,
            clean_trails=self._clean_trails.update(clean_boxes(drift, tracks), seconds, trails),
            attacked_trails=self._attacked_trails.update(
                attacked_boxes(drift, tracks), seconds, trails
            ),
            stages_ms={
                **seen.stages_ms,
                "drift": seen.stages_ms.get("drift", 0.0) + (time.perf_counter() - began) * 1e3,
            },
        )
        return self._newest

    def again(self, seen: Observation) -> Observation:
        """The newest frame once more, under other settings: its ids as far as boxes stand where they stood.

        Nothing is taken in: the tracks go on as if this had not been.
        """
        newest = self._newest
        if newest is None or newest.frame.size != seen.frame.size:
            return seen
        return replace(
            seen,
            tracks=retraced(seen.drift, newest.drift, newest.tracks),
            clean_trails=newest.clean_trails,
            attacked_trails=newest.attacked_trails,
        )
