"""One frame through the monitor: clean answer, attack, attacked answer, drift.

The live session and the batch evaluation are two loops around this one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import supervision as sv

from models.detector import WhiteBoxDetector
from monitor.arrays import Pixels
from monitor.distances import distances
from monitor.drift.matching import FrameDrift, match
from monitor.goals import Goal
from monitor.objective import Counts, Objective
from monitor.perturbers import Perturber
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
    linf, l2 : distance of the two frames in pixel units of [0, 1].
    stages_ms : milliseconds a stage: scale, clean, attack, attacked, drift.
    """

    frame: Frame
    clean: sv.Detections
    attacked_pixels: Pixels
    attacked: sv.Detections
    drift: FrameDrift
    success: bool | None
    counts: Counts
    linf: float
    l2: float
    stages_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The step itself: immutable, so that a change of settings is a new pipeline at the next frame.

    Attributes
    ----------
    detector, perturber : what looks, and what is done to the frame.
    goal, threshold, iou, width : see config.toml.
    """

    detector: WhiteBoxDetector
    perturber: Perturber
    goal: Goal
    threshold: float
    iou: float
    width: int

    def observe(self, frame: Frame) -> Observation:
        """Send one frame through; raises what the model or the attack raise."""
        watch = Stopwatch()
        frame = scaled(frame, self.width)
        watch.lap("scale")
        objective = Objective(
            self.detector,
            frame.pixels,
            self.goal,
            threshold=self.threshold,
            iou=self.iou,
            with_gradient=self.perturber.needs_gradient,
        )
        watch.lap("clean")
        perturbed = self.perturber.perturb(frame, objective)
        watch.lap("attack")
        answer = objective.answer(perturbed.pixels)
        watch.lap("attacked")
        # The driver has asked for the attacked answer already: book it where it belongs.
        asked = min(objective.answer_ms, watch.laps["attack"])
        watch.laps["attack"] -= asked
        watch.laps["attacked"] += asked
        drift = match(
            objective.clean,
            answer.detections,
            iou=self.iou,
            index=frame.index,
            media_time=frame.media_time,
        )
        apart = distances(frame.pixels, perturbed.pixels)
        watch.lap("drift")
        return Observation(
            frame=frame,
            clean=objective.clean,
            attacked_pixels=perturbed.pixels,
            attacked=answer.detections,
            drift=drift,
            success=answer.fell if perturbed.attacked else None,
            counts=objective.counts,
            linf=apart.linf,
            l2=apart.l2,
            stages_ms=watch.laps,
        )
