"""Which score counts: one shift of all logits, so that 0.5 is the threshold that serves best."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from models.nano import Nano, NanoNet, fold
from models.quality.scores import IOU, overlaps, scores
from models.training.maker import Maker
from models.training.sample import Sample

PICTURES = 400
"""Fresh ones, made as the training pictures are, that the network has never seen."""

LEAST = 0.05
"""No threshold below it is tried."""

BETA = 0.7
"""Weight of recall against precision in the F score: a false box a picture is worse than a miss."""


def calibrate(network: NanoNet, maker: Maker, seed: int, pictures: int = PICTURES) -> float:
    """Shift the biases of the heat maps in place; the score that has become 0.5.

    The threshold has the best F score (van Rijsbergen 1979, beta = 0.7) on fresh training pictures:
    photographs that are kept for judging the model are not looked at.
    """
    samples = [maker.make(np.random.default_rng((seed, 10, i))) for i in range(pictures)]
    names = tuple(str(i) for i in range(len(maker.class_names)))
    detector = Nano("calibrated", names, fold(copy.deepcopy(network)))
    best = best_threshold(detector, samples)
    assert network.answer.bias is not None
    with torch.no_grad():
        network.answer.bias[: len(names)] -= math.log(best / (1 - best))
    return best


def best_threshold(detector: Nano, samples: Sequence[Sample]) -> float:
    """The score from which detections should count, between LEAST and 0.9."""
    right: list[npt.NDArray[np.float32]] = []
    wrong: list[npt.NDArray[np.float32]] = []
    wanted = 0
    for sample in samples:
        found = detector.detect(sample.pixels, LEAST)
        wanted += len(sample.boxes)
        confidence, labels = scores(found), found.class_id
        if not len(found) or labels is None:
            continue
        hit = overlaps(found.xyxy, sample.boxes) >= IOU if len(sample.boxes) else None
        good = (
            np.zeros(len(found), bool)
            if hit is None
            else (hit & (labels[:, None] == sample.labels[None, :])).any(axis=1)
        )
        touched = (
            overlaps(found.xyxy, sample.ignored).max(axis=1) > 0
            if len(sample.ignored)
            else np.zeros(len(found), bool)
        )
        # On an object of another name it is wrong, wherever that name may also stand unlabelled.
        on_object = np.zeros(len(found), bool) if hit is None else hit.any(axis=1)
        counted = (sample.known[labels] | on_object) & ~touched
        right.append(confidence[good])
        wrong.append(confidence[~good & counted])
    return _best(np.concatenate(right or [_NONE]), np.concatenate(wrong or [_NONE]), wanted)


_NONE = np.zeros(0, np.float32)


def _best(right: npt.NDArray[np.float32], wrong: npt.NDArray[np.float32], wanted: int) -> float:
    thresholds = np.linspace(LEAST, 0.9, 86)
    hits = (right[None] >= thresholds[:, None]).sum(axis=1)
    false = (wrong[None] >= thresholds[:, None]).sum(axis=1)
    weight = BETA**2
    f_score = (1 + weight) * hits / np.maximum(hits + false + weight * wanted, 1e-9)
    return float(thresholds[int(f_score.argmax())])
