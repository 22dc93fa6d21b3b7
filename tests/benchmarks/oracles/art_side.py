"""The adversarial-robustness-toolbox (ART, Nicolae et al. 2018) under the names of this benchmark."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from art.attacks import evasion  # type: ignore[import-untyped]
from art.estimators.classification import PyTorchClassifier  # type: ignore[import-untyped]
from module import Attack, Bare
from torch import nn

NAME = "art"

POPULATION = 400
"""Individuals that `PixelAttack` evolves, whatever the number of pixels; written into it."""


def attacks(model: Bare) -> dict[str, Attack]:
    """What the toolbox has, as its user would call it: float32 arrays in and out."""
    classifier = PyTorchClassifier(
        model=model,
        loss=nn.CrossEntropyLoss(),
        input_shape=(3, 224, 224),
        nb_classes=1000,
        clip_values=(0.0, 1.0),
        device_type="cpu",
    )

    def run(attack: Any, pictures: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(attack.generate(pictures.numpy(), labels.numpy()))

    def fgsm(norm: float) -> Attack:
        return lambda x, y, *, eps: run(
            evasion.FastGradientMethod(classifier, norm=norm, eps=eps), x, y
        )

    def pgd(norm: float) -> Attack:
        return lambda x, y, *, eps, steps, step_size: run(
            evasion.ProjectedGradientDescent(
                classifier,
                norm=norm,
                eps=eps,
                eps_step=step_size * eps,
                max_iter=steps,
                num_random_init=1,
                verbose=False,
            ),
            x,
            y,
        )

    def apgd(loss: str) -> Attack:
        @cache  # building one asks the model: a forward, 40 ms where FGSM's takes 0.002
        def built(eps: float, steps: int) -> Any:
            return evasion.AutoProjectedGradientDescent(
                classifier,
                norm=np.inf,
                eps=eps,
                eps_step=2 * eps,  # as in the paper; the toolbox leaves that to its user
                max_iter=steps,
                nb_random_init=1,
                loss_type=loss,
                verbose=False,
            )

        return lambda x, y, *, eps, steps: run(built(eps, steps), x, y)

    def square(x: torch.Tensor, y: torch.Tensor, *, eps: float, queries: int) -> torch.Tensor:
        attack = evasion.SquareAttack(
            classifier, norm=np.inf, eps=eps, max_iter=queries, nb_restarts=1, verbose=False
        )
        return run(attack, x, y)

    def pixels(x: torch.Tensor, y: torch.Tensor, *, pixels: int, queries: int) -> torch.Tensor:
        generations = max(1, queries // POPULATION - 1)  # the first population is asked too
        attack = evasion.PixelAttack(classifier, th=pixels, es=1, max_iter=generations)
        return run(attack, x, y)

    def deepfool(x: torch.Tensor, y: torch.Tensor, *, steps: int) -> torch.Tensor:
        # Its own default overshoot, 1e-6, is 20,000 times smaller than the paper's. One picture at a
        # time: given more it takes, for each, the gradients of the ten best classes of them all.
        attack = evasion.DeepFool(classifier, max_iter=steps, epsilon=0.02, verbose=False)
        return torch.cat([run(attack, x[i : i + 1], y[i : i + 1]) for i in range(len(x))])

    def carlini(
        x: torch.Tensor, y: torch.Tensor, *, steps: int, searches: int, const: float, rate: float
    ) -> torch.Tensor:
        attack = evasion.CarliniL2Method(
            classifier,
            learning_rate=rate,
            binary_search_steps=searches,
            max_iter=steps,
            initial_const=const,
            verbose=False,
        )
        return run(attack, x, y)

    return {
        "fgsm_linf": fgsm(np.inf),
        "fgsm_l2": fgsm(2),
        "pgd_linf": pgd(np.inf),
        "pgd_l2": pgd(2),
        "apgd_ce": apgd("cross_entropy"),
        "apgd_dlr": apgd("difference_logits_ratio"),
        "square_linf": square,
        "pixels_l0": pixels,
        "deepfool_l2": deepfool,
        "carlini_l2": carlini,
    }
