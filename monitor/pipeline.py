"""One frame through the monitor: clean answer, attack, attacked answer, drift.

The live session and the batch evaluation are two loops around this one step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import supervision as sv

from models.detector import Detector
from monitor.answers import Counts
from monitor.arrays import Pixels
from monitor.asking import Opening, asking
from monitor.distances import Distances, distances
from monitor.drift.matching import FrameDrift, ObjectDrift, match
from monitor.drift.tracks import UNFOLLOWED, ObjectTrack
from monitor.drift.trails import Trail
from monitor.goals import Aim
from monitor.limits import UNLIMITED, Limits
from monitor.margin import Margin
from monitor.objective import Objective
from monitor.perturbers import Perturber
from monitor.places import Place
from monitor.stopwatch import Stopwatch
from streams.frame import Frame
from streams.scaling import scaled


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """All that is known of one frame after it went through the monitor.

    Attributes
    ----------
    frame : the clean frame at the working resolution.
    clean : the detector's answer to it.
    attacked_pixels : the perturbed frame, uint8 BGR (H, W, 3); what is shown and recorded.
    attacked : the detector's answer to that.
    drift : the two answers matched.
    success : the goal was met; None where there was no attack or nothing to attack.
    counts : forwards and backwards, clean answer included.
    distances : how far the two frames are apart, under every norm.
    stages_ms : milliseconds a stage: scale, clean, attack, attacked, drift, margin.
    late : True where the attacked answer came after the deadline.
    severity : the highest of the camera's faults on the frame; None: the stream has none.
    margin : least eps at which the frame was seen to fall; infinity: it did not; None: not measured.
    tracks : what tracking says of each object of the drift; empty until `Tracking` has seen the frame.
    clean_trails, attacked_trails : where the tracks of either answer were in the last seconds.
    """

    frame: Frame
    clean: sv.Detections
    attacked_pixels: Pixels
    attacked: sv.Detections
    drift: FrameDrift
    success: bool | None
    counts: Counts
    distances: Distances
    stages_ms: Mapping[str, float]
    late: bool = False
    severity: float | None = None
    margin: float | None = None
    tracks: tuple[ObjectTrack, ...] = ()
    clean_trails: tuple[Trail, ...] = ()
    attacked_trails: tuple[Trail, ...] = ()

    def tracked(self) -> Iterator[tuple[ObjectDrift, ObjectTrack]]:
        """The objects of the drift, each with its track; nothing is followed where tracking was not asked."""
        tracks = self.tracks or (UNFOLLOWED,) * len(self.drift.objects)
        return zip(self.drift.objects, tracks, strict=True)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The step itself: immutable, so that a change of settings is a new pipeline at the next frame.

    Attributes
    ----------
    detector, perturber : what looks, and what is done to the frame.
    aim : what the attacker wants.
    place : where it is to appear, looked up in every frame anew; None: anywhere.
    threshold, iou, width : see config.toml.
    surrogate : another model and what is wanted of it, for transfer attacks.
    queries : that a black-box attack may ask of a frame; None: no limit.
    deadline_ms : milliseconds that a frame may take; None: as long as it takes.
    margin : how the robustness margin is measured, and of which frames; None: of none. It has no deadline,
        and its passes are not the attack's.
    clock : in seconds; injected for tests.
    """

    detector: Detector
    perturber: Perturber
    aim: Aim
    place: Place | None
    threshold: float
    iou: float
    width: int
    surrogate: tuple[Detector, Aim] | None = None
    queries: int | None = None
    deadline_ms: float | None = None
    margin: Margin | None = None
    clock: Callable[[], float] = time.perf_counter

    def open(self, frame: Frame, *, with_gradient: bool) -> tuple[Frame, Opening]:
        """The scaled frame and its clean answer, for pipelines of one model that share it.

        Parameters
        ----------
        with_gradient : one of them will ask for the clean frame's gradient.
        """
        frame = scaled(frame, self.width)
        return frame, asking(self.detector, self.threshold).open(frame.pixels, with_gradient)

    def observe(self, frame: Frame, opening: Opening | None = None) -> Observation:
        """Send one frame through; raises what the model or the attack raise.

        Parameters
        ----------
        frame : any size; with an opening the one that came with it.
        opening : its clean answer, where pipelines of one model and one threshold share it.
        """
        begun = self.clock()
        watch = Stopwatch()
        frame = scaled(frame, self.width)
        watch.lap("scale")
        limits = self._limits(begun)
        objective = self._objective(
            frame,
            with_gradient=self.perturber.needs_gradient,
            limits=limits,
            surrogate=self._other(frame, limits),
            opening=opening,
        )
        watch.lap("clean")
        perturbed = self.perturber.perturb(frame, objective)
        watch.lap("attack")
        # What the driver has asked for already is the attacked answer's: book it where it belongs.
        asked = min(objective.answer_ms, watch.laps["attack"])
        answer = objective.answer(perturbed.pixels)
        watch.lap("attacked")
        watch.laps["attack"] -= asked
        watch.laps["attacked"] += asked
        late = self.deadline_ms is not None and self.clock() - begun > self.deadline_ms / 1e3
        drift = match(
            objective.clean,
            answer.detections,
            iou=self.iou,
            index=frame.index,
            media_time=frame.media_time,
        )
        apart = distances(frame.pixels, perturbed.pixels)
        watch.lap("drift")
        margin = self._margin(frame, objective, apart)
        watch.lap("margin")
        return Observation(
            frame=frame,
            clean=objective.clean,
            attacked_pixels=perturbed.pixels,
            attacked=answer.detections,
            drift=drift,
            success=answer.fell if perturbed.attacked else None,
            counts=objective.counts,
            distances=apart,
            stages_ms=watch.laps,
            late=late,
            severity=perturbed.severity,
            margin=margin,
        )

    def _objective(
        self,
        frame: Frame,
        *,
        with_gradient: bool = True,
        limits: Limits = UNLIMITED,
        surrogate: Callable[[], Objective] | None = None,
        opening: Opening | None = None,
    ) -> Objective:
        return Objective(
            self.detector,
            frame.pixels,
            self.aim_at(self.aim, frame),
            threshold=self.threshold,
            iou=self.iou,
            with_gradient=with_gradient,
            limits=limits,
            surrogate=surrogate,
            opening=opening,
        )

    def _margin(self, frame: Frame, objective: Objective, apart: Distances) -> float | None:
        if self.margin is None or frame.index % self.margin.every:
            return None
        return self.margin.of(objective, apart, lambda: self._objective(frame))

    def _limits(self, begun: float) -> Limits:
        due = None if self.deadline_ms is None else begun + self.deadline_ms / 1e3
        return Limits(self.queries, due, self.clock)

    def _other(self, frame: Frame, limits: Limits) -> Callable[[], Objective] | None:
        if self.surrogate is None:
            return None
        model, aim = self.surrogate
        return lambda: Objective(
            model,
            frame.pixels,
            self.aim_at(aim, frame),
            threshold=self.threshold,
            iou=self.iou,
            limits=limits,
        )

    def aim_at(self, aim: Aim, frame: Frame) -> Aim:
        """The goal on this frame: at the place that was asked for, wherever that is in it."""
        return aim if self.place is None else replace(aim, region=self.place.region(frame))
