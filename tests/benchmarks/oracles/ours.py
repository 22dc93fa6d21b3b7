"""Our own attacks under the names of this benchmark: as the monitor runs them, one picture at a time."""

from __future__ import annotations

import numpy as np
import torch
from module import Attack as Side
from module import Bare

from monitor.attacks.apgd import APGD
from monitor.attacks.driver import Attack, drive
from monitor.attacks.fgsm import FGSM
from monitor.attacks.one_pixel import OnePixel
from monitor.attacks.pgd import PGD
from monitor.attacks.square import Square
from monitor.distances import Budget, Norm
from monitor.goals import Criterion, Goal
from monitor.limits import Limits
from monitor.objective import Objective

NAME = "camdrift"


def attacks(model: Bare) -> dict[str, Side]:
    """Frames that a camera could deliver: whole grey levels, within the budget."""

    def run(
        attack: Attack, x: torch.Tensor, norm: Norm, eps: float, queries: int | None = None
    ) -> torch.Tensor:
        found = []
        for i, picture in enumerate(x):
            pixels = _pixels(picture)
            objective = Objective(
                model.classifier, pixels, Goal.ANY, threshold=0.5, limits=Limits(queries)
            )
            frame = drive(attack, objective, Budget(norm, eps), np.random.default_rng(i))
            found.append(torch.from_numpy(frame).permute(2, 0, 1).float() / 255)
        return torch.stack(found)

    def fgsm(norm: Norm) -> Side:
        return lambda x, y, *, eps: run(FGSM(), x, norm, eps)

    def pgd(norm: Norm) -> Side:
        return lambda x, y, *, eps, steps, step_size: run(
            PGD(steps=steps, step_size=step_size), x, norm, eps
        )

    def apgd(loss: Criterion) -> Side:
        return lambda x, y, *, eps, steps: run(APGD(steps=steps, loss=loss), x, Norm.LINF, eps)

    return {
        "fgsm_linf": fgsm(Norm.LINF),
        "fgsm_l2": fgsm(Norm.L2),
        "pgd_linf": pgd(Norm.LINF),
        "pgd_l2": pgd(Norm.L2),
        "apgd_ce": apgd(Criterion.CE),
        "apgd_dlr": apgd(Criterion.DLR),
        "square_linf": lambda x, y, *, eps, queries: run(
            Square(queries=queries), x, Norm.LINF, eps, queries
        ),
        "pixels_l0": lambda x, y, *, pixels, queries: run(OnePixel(), x, Norm.L0, pixels, queries),
    }


def _pixels(picture: torch.Tensor) -> np.ndarray:
    """A float BGR (3, H, W) picture in [0, 1] of whole levels, as uint8 (H, W, 3)."""
    levels: np.ndarray = picture.permute(1, 2, 0).mul(255).round().to(torch.uint8).numpy()
    return np.ascontiguousarray(levels)
