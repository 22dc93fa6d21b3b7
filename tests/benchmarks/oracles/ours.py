"""Our own attacks under the names of this benchmark: as the monitor runs them, one picture at a time."""

from __future__ import annotations

import numpy as np
import torch
from module import Attack as Side
from module import Bare

from monitor.attacks.apgd import APGD
from monitor.attacks.balls import Box
from monitor.attacks.carlini_wagner import CarliniWagner
from monitor.attacks.deepfool import DeepFool
from monitor.attacks.driver import Attack, drive
from monitor.attacks.fgsm import FGSM
from monitor.attacks.fmn import FMN
from monitor.attacks.one_pixel import OnePixel
from monitor.attacks.pgd import PGD
from monitor.attacks.shortest import Search
from monitor.attacks.square import Square
from monitor.distances import Budget, Norm
from monitor.goals import Criterion, Goal
from monitor.limits import Limits
from monitor.objective import Objective

NAME = "camdrift"


def attacks(model: Bare) -> dict[str, Side]:
    """Frames that a camera could deliver: whole grey levels, within the budget.

    Of the minimal attacks the place between the levels, which is what the libraries look for too; their own
    size, constant and rate of a step are not heeded, for ours set themselves.
    """

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

    def nearest(search: Search, x: torch.Tensor, norm: Norm) -> torch.Tensor:
        found = []
        for i, picture in enumerate(x):
            pixels = _pixels(picture)
            objective = Objective(model.classifier, pixels, Goal.ANY, threshold=0.5)
            offset = search.nearest(objective, pixels, norm, np.random.default_rng(i))
            if offset is None:
                found.append(picture)
                continue
            place = Box.around(pixels).place(offset)
            found.append(torch.from_numpy(place).permute(2, 0, 1) / 255)
        return torch.stack(found)

    def fmn(norm: Norm) -> Side:
        return lambda x, y, *, steps, size: nearest(FMN(steps), x, norm)

    def deepfool(norm: Norm) -> Side:
        return lambda x, y, *, steps: nearest(DeepFool(steps), x, norm)

    def carlini(
        x: torch.Tensor, y: torch.Tensor, *, steps: int, searches: int, const: float, rate: float
    ) -> torch.Tensor:
        return nearest(CarliniWagner(steps, searches), x, Norm.L2)

    def fgsm(norm: Norm) -> Side:
        return lambda x, y, *, eps: run(FGSM(), x, norm, eps)

    def pgd(norm: Norm) -> Side:
        return lambda x, y, *, eps, steps, step_size: run(PGD(steps=steps), x, norm, eps)

    def apgd(loss: Criterion) -> Side:
        return lambda x, y, *, eps, steps: run(APGD(steps=steps, loss=loss), x, Norm.LINF, eps)

    return {
        "fgsm_linf": fgsm(Norm.LINF),
        "fgsm_l2": fgsm(Norm.L2),
        "pgd_linf": pgd(Norm.LINF),
        "pgd_l2": pgd(Norm.L2),
        "apgd_ce": apgd(Criterion.CE),
        "apgd_dlr": apgd(Criterion.DLR),
        **{f"fmn_{norm}": fmn(norm) for norm in Norm},
        "deepfool_l2": deepfool(Norm.L2),
        "deepfool_linf": deepfool(Norm.LINF),
        "carlini_l2": carlini,
        "square_linf": lambda x, y, *, eps, queries: run(
            Square(queries=queries), x, Norm.LINF, eps, queries
        ),
        "pixels_l0": lambda x, y, *, pixels, queries: run(
            OnePixel(queries), x, Norm.L0, pixels, queries
        ),
    }


def _pixels(picture: torch.Tensor) -> np.ndarray:
    """A float BGR (3, H, W) picture in [0, 1] of whole levels, as uint8 (H, W, 3)."""
    levels: np.ndarray = picture.permute(1, 2, 0).mul(255).round().to(torch.uint8).numpy()
    return np.ascontiguousarray(levels)
