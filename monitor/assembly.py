"""Settings -> the objects that do the work: detector, perturber, pipeline."""

from __future__ import annotations

from models.detector import WhiteBoxDetector
from models.zoo import load_model
from monitor.catalog import build_attack
from monitor.config import Settings
from monitor.distances import Budget
from monitor.kernels.warm import warm_up
from monitor.perturbers import PerFrame, Perturber, Untouched
from monitor.pipeline import Pipeline


def build_perturber(settings: Settings, stream: int = 0) -> Perturber:
    """The perturber that the settings describe, seeded for one stream.

    Raises
    ------
    ConfigError : no such attack, or a norm or budget that it cannot keep.
    """
    attack = build_attack(settings.attack)
    if attack is None:
        return Untouched()
    budget = Budget(settings.attack.norm, settings.attack.eps)
    return PerFrame(attack, budget, seed=settings.run.seed, stream=stream)


def build_pipeline(
    settings: Settings, detector: WhiteBoxDetector | None = None, stream: int = 0
) -> Pipeline:
    """The step that a frame goes through, compiled; `detector` spares loading one that is there already.

    Raises
    ------
    ConfigError, models.errors.ModelError : a name or a value that does not exist, weights missing.
    """
    perturber = build_perturber(settings, stream)
    warm_up()
    return Pipeline(
        detector=detector or load_model(settings.detector.model),
        perturber=perturber,
        goal=settings.attack.goal,
        threshold=settings.detector.threshold,
        iou=settings.drift.iou,
        width=settings.stream.width,
    )
