"""`warm` beside PGD-10 and FGSM on streams: how many frames fall, and what a frame costs.

    python tests/benchmarks/warm.py --clips FOLDER --frames 60 --json FILE

Goal VANISH under Linf; clips with `faces`, scene:road with `signs`, at their own size. Every frame goes to
the three in turn, in an order that turns round, so that what else the machine does meets all alike.

Success is counted after the first 8 frames, over those with something to attack. The cost is told twice: in
passes, a backward weighed by the time it takes beside a forward on this stream, and by the clock.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from harness import (
    LeftOut,
    Ratio,
    at_least,
    at_most,
    conclude,
    frames_of,
    free,
    race,
    settle,
    summary,
)

from models.detector import Detector, WhiteBoxDetector, to_tensor
from models.zoo import load_model
from monitor.attacks.fgsm import FGSM
from monitor.attacks.pgd import PGD
from monitor.distances import Budget, Norm
from monitor.goals import Goal
from monitor.objective import Objective
from monitor.perturbers import PerFrame, Perturber
from monitor.warm_start import WarmStart, WarmStep
from streams.frame import Frame

LEVELS = (2, 4)
FIRST = 8
"""Frames that are not counted: what is carried has to be found first."""

FRAMES = 60
SUCCESS, COST = 0.97, 1.2
"""Least success in that of PGD-10; most that a frame may cost in frames of FGSM."""

WARM, PGD_10, FGSM_1 = "warm", "PGD-10", "FGSM"


@dataclass
class Tally:
    """What one attack did on a stream, frame by frame."""

    fell: list[bool] = field(default_factory=list)
    passes: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def run(clips: Path | None = None, frames: int = FRAMES) -> dict[str, Any]:
    """Times and ratios of every stream at every budget.

    Parameters
    ----------
    clips : folder of videos; None: the scene alone.
    frames : of the scene, and at most of a clip.

    Raises
    ------
    LeftOut : the folder holds no clips.
    """
    detectors: dict[str, Detector] = {"signs": load_model("signs")}
    streams = [(f"scene:road?frames={frames}", "signs")]
    if clips is not None:
        found = sorted(path for path in clips.glob("*") if path.is_file())
        if not found:
            raise LeftOut(f"no clips in {clips}; give the folder that holds the videos")
        detectors["faces"] = load_model("faces")
        streams += [(str(path), "faces") for path in found]
    result: dict[str, Any] = {"times": {}, "streams": {}, "ratios": {}}
    for source, model in streams:
        shown = frames_of(source, frames)
        detector = detectors[model]
        assert isinstance(detector, WhiteBoxDetector)
        backward = _backward(detector, shown[0])
        for levels in LEVELS:
            tallies = _raced(detector, shown, Budget(Norm.LINF, levels / 255), backward)
            place = f"{source.split('?')[0].rsplit('/', 1)[-1]}, {levels}/255"
            _tell(result, place, tallies, backward)
    return result


def _raced(
    detector: WhiteBoxDetector, frames: list[Frame], budget: Budget, backward: float
) -> dict[str, Tally]:
    contest: dict[str, Perturber] = {
        FGSM_1: PerFrame(FGSM(), budget),
        WARM: WarmStart(WarmStep(), budget),
        PGD_10: PerFrame(PGD(), budget),
    }
    tallies = {name: Tally() for name in contest}
    order = list(contest)
    for i, frame in enumerate(frames):
        for name in order:
            start = time.perf_counter()
            view = Objective(
                detector,
                frame.pixels,
                Goal.VANISH,
                threshold=0.5,
                with_gradient=contest[name].needs_gradient,
            )
            perturbed = contest[name].perturb(frame, view)
            fell = view.answer(perturbed.pixels).fell
            spent = (time.perf_counter() - start) * 1e3
            if i >= FIRST and perturbed.attacked:
                tally = tallies[name]
                tally.fell.append(fell)
                tally.passes.append(_passes(view, backward))
                tally.milliseconds.append(spent)
        order.reverse()
    return tallies


def _passes(view: Objective, backward: float) -> float:
    """Forwards that a frame's passes are worth."""
    return view.counts.forwards + backward * view.counts.backwards


def _backward(detector: WhiteBoxDetector, frame: Frame) -> float:
    """Forwards that a backward takes on this stream, by the clock."""
    pixels = to_tensor(frame.pixels)

    def forward() -> object:
        with torch.inference_mode():
            return detector.forward(pixels).logits

    def both() -> object:
        asked = pixels.clone().requires_grad_()
        return torch.autograd.grad(detector.forward(asked).logits.sum(), asked)

    times = race({"forward": forward, "both": both}, rounds=15)
    return times["both"]["median_ms"] / times["forward"]["median_ms"] - 1


def _tell(
    result: dict[str, Any], place: str, tallies: Mapping[str, Tally], backward: float
) -> None:
    """Add one stream at one budget."""
    frames = len(tallies[PGD_10].fell)
    ratios: dict[str, Ratio] = result["ratios"]
    if frames < 2:
        ratios[f"{WARM} / {PGD_10}, success, {place}"] = free(None, f"{frames} frames to attack")
        return
    success = {name: statistics.fmean(tally.fell) for name, tally in tallies.items()}
    passes = {name: statistics.fmean(tally.passes) for name, tally in tallies.items()}
    times = {name: summary(tally.milliseconds) for name, tally in tallies.items()}
    means = {name: statistics.fmean(tally.milliseconds) for name, tally in tallies.items()}
    result["times"] |= {f"{name}, {place}": row for name, row in times.items()}
    result["streams"][place] = {
        "frames": frames,
        "backward": backward,
        "success": success,
        "passes": passes,
        "mean_ms": means,
    }
    words = ", ".join(f"{name} {share:.3f}" for name, share in success.items())
    ratios[f"{WARM} / {PGD_10}, success, {place}"] = (
        at_least(success[WARM] / success[PGD_10], SUCCESS, f"{words} of {frames}")
        if success[PGD_10]
        else free(None, f"no target: none of {frames} fell to {PGD_10}; {words}")
    )
    ratios[f"{WARM} / {FGSM_1}, passes, {place}"] = at_most(
        passes[WARM] / passes[FGSM_1], COST, f"a backward takes {backward:.2f} forwards"
    )
    ratios[f"{WARM} / {FGSM_1}, time, {place}"] = at_most(
        times[WARM]["median_ms"] / times[FGSM_1]["median_ms"],
        COST,
        f"of means {means[WARM] / means[FGSM_1]:.2f}",
    )


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=Path, help="folder of videos of faces")
    parser.add_argument(
        "--frames", type=int, default=FRAMES, help="of the scene, at most of a clip"
    )
    parser.add_argument("--json", type=Path, help="write times, passes and success here")
    options = parser.parse_args()
    if options.frames < FIRST + 2:
        parser.error(f"--frames {options.frames}: the first {FIRST} do not count; give more")
    settle()
    try:
        result = run(options.clips, options.frames)
    except LeftOut as missing:
        raise SystemExit(str(missing)) from None
    conclude("warm beside PGD-10 and FGSM, VANISH", "warm", result, options.json)


if __name__ == "__main__":
    main()
