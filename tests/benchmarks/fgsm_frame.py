"""One monitored frame with FGSM against the bare module's forward + backward + forward.

Prediction, written before it was measured: besides the three passes a frame needs one conversion to
float, two decodings, a loss on some thousand logits and one update kernel, about 3 ms in all beside
some 40, so 1.05 to 1.08 x.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from harness import at_most, race

from models.centerface import load_centerface
from models.detector import to_tensor
from monitor.attacks.driver import drive
from monitor.attacks.fgsm import FGSM
from monitor.distances import Budget, Norm
from monitor.goals import Goal
from monitor.objective import Objective
from streams.frame import Frame
from streams.scaling import scaled
from streams.scenes import SCENES

LIMIT = 1.10


def run(rounds: int) -> dict[str, Any]:
    """Times and the ratio, on a 448 x 336 frame of scene:portrait."""
    detector = load_centerface()
    picture, _ = SCENES["portrait"](0).render(0)
    pixels = scaled(Frame(picture, 0, 0.0, 0.0, "scene:portrait"), 448).pixels
    budget = Budget(Norm.LINF, 4 / 255)
    rng = np.random.default_rng(0)
    network = detector._network  # the bare module is the peer

    height, width = (-(-side // 32) * 32 for side in pixels.shape[:2])
    bare_input = torch.rand(1, 3, height, width).contiguous(memory_format=torch.channels_last)
    bare_input[..., : pixels.shape[0], : pixels.shape[1]] = to_tensor(pixels)

    def bare() -> None:
        x = bare_input.clone().requires_grad_()
        torch.autograd.grad(network(x)[0].sum(), x)
        with torch.inference_mode():
            network(bare_input)

    def monitored() -> None:
        objective = Objective(detector, pixels, Goal.VANISH, threshold=0.5)
        objective.answer(drive(FGSM(), objective, budget, rng))

    times = race(
        {"bare forward+backward+forward": bare, "monitored frame, FGSM": monitored}, rounds=rounds
    )
    ratio = (
        times["monitored frame, FGSM"]["median_ms"]
        / times["bare forward+backward+forward"]["median_ms"]
    )
    return {
        "times": times,
        "ratios": {"monitored / bare": at_most(ratio, LIMIT)},
    }
