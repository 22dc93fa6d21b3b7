"""The attacks of adv-lib (Rony, Ben Ayed: the adversarial library) under the names of this benchmark."""

from __future__ import annotations

import math
import warnings

import torch
from module import Attack, Bare

with warnings.catch_warnings():
    # adv_lib.utils.attack_utils asks distutils for torch's version at import.
    warnings.simplefilter("ignore", DeprecationWarning)
    from adv_lib import attacks as library  # type: ignore[import-untyped]

NAME = "adv-lib"


def attacks(model: Bare) -> dict[str, Attack]:
    """What the library has and 1000 classes allow; it has no one-step method, no PGD under L2, no Square.

    Its DeepFool and SuperDeepFool take a gradient for each of the 999 other classes at every step and
    cannot be told to look at the likely ones only: at 19 ms a backward that is 19 s a picture and step.
    """

    def pgd(
        x: torch.Tensor, y: torch.Tensor, *, eps: float, steps: int, step_size: float
    ) -> torch.Tensor:
        found: torch.Tensor = library.pgd_linf(
            model, x, y, ε=eps, steps=steps, relative_step_size=step_size
        )
        return found

    def apgd(loss: str) -> Attack:
        return lambda x, y, *, eps, steps: library.apgd(
            model, x, y, eps=eps, norm=math.inf, n_iter=steps, loss_function=loss
        )

    def fmn(norm: float) -> Attack:
        return lambda x, y, *, steps, size: library.fmn(
            model, x, y, norm=norm, steps=steps, α_init=size
        )

    def ddn(x: torch.Tensor, y: torch.Tensor, *, steps: int) -> torch.Tensor:
        # Its own default rounds to 256 levels inside the loop, which the other side's cannot.
        found: torch.Tensor = library.ddn(model, x, y, steps=steps, levels=None)
        return found

    def sigma_zero(x: torch.Tensor, y: torch.Tensor, *, steps: int) -> torch.Tensor:
        found: torch.Tensor = library.sigma_zero(model, x, y, num_steps=steps)
        return found

    def carlini(
        x: torch.Tensor, y: torch.Tensor, *, steps: int, searches: int, const: float, rate: float
    ) -> torch.Tensor:
        found: torch.Tensor = library.carlini_wagner_l2(
            model,
            x,
            y,
            binary_search_steps=searches,
            max_iterations=steps,
            learning_rate=rate,
            initial_const=const,
            abort_early=False,  # as in foolbox's: it gives up in the first steps
        )
        return found

    return {
        "pgd_linf": pgd,
        "apgd_ce": apgd("ce"),
        "apgd_dlr": apgd("dlr"),
        "fmn_l0": fmn(0),
        "fmn_l1": fmn(1),
        "fmn_l2": fmn(2),
        "fmn_linf": fmn(math.inf),
        "ddn_l2": ddn,
        "sigma_zero_l0": sigma_zero,
        "carlini_l2": carlini,
    }
