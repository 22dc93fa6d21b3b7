"""foolbox's attacks (Rauber, Brendel, Bethge 2017; foolbox 3) under the names of this benchmark."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from module import Attack, Bare

NAME = "foolbox"

# Named as at a command line: the package is typed, but does not mark what it re-exports.
fb: Any = importlib.import_module("foolbox")


def attacks(model: Bare) -> dict[str, Attack]:
    """What foolbox has, as its user would call it: one attack object, one call."""
    # Without a device it would take a GPU where there is one, which no other side does.
    target = fb.PyTorchModel(model, bounds=(0, 1), device="cpu")

    def run(
        attack: Any, pictures: torch.Tensor, labels: torch.Tensor, eps: float | None
    ) -> torch.Tensor:
        _, clipped, _ = attack(target, pictures, labels, epsilons=eps)
        found: torch.Tensor = clipped
        return found

    def fgsm(kind: type[Any]) -> Attack:
        return lambda x, y, *, eps: run(kind(), x, y, eps)

    def pgd(kind: type[Any]) -> Attack:
        return lambda x, y, *, eps, steps, step_size: run(
            kind(rel_stepsize=step_size, steps=steps, random_start=True), x, y, eps
        )

    def minimal(kind: type[Any]) -> Attack:
        return lambda x, y, *, steps: run(kind(steps=steps), x, y, None)

    def fmn(kind: type[Any]) -> Attack:
        return lambda x, y, *, steps, size: run(kind(steps=steps, max_stepsize=size), x, y, None)

    def carlini(
        x: torch.Tensor, y: torch.Tensor, *, steps: int, searches: int, const: float, rate: float
    ) -> torch.Tensor:
        # Without abort_early: it looks every steps / 10, and in the first ten steps of Adam the loss
        # always rises, so that it gave up after 3 of 20 with five times the length.
        attack = fb.attacks.L2CarliniWagnerAttack(
            binary_search_steps=searches,
            steps=steps,
            stepsize=rate,
            initial_const=const,
            abort_early=False,
        )
        return run(attack, x, y, None)

    return {
        "fgsm_linf": fgsm(fb.attacks.LinfFastGradientAttack),
        "fgsm_l2": fgsm(fb.attacks.L2FastGradientAttack),
        "pgd_linf": pgd(fb.attacks.LinfPGD),
        "pgd_l2": pgd(fb.attacks.L2PGD),
        "fmn_l0": fmn(fb.attacks.L0FMNAttack),
        "fmn_l1": fmn(fb.attacks.L1FMNAttack),
        # In 3.3.4 its projection divides a norm by itself and so does nothing: the result is as long
        # as the first step, 1.0 where adv-lib's is 0.11.
        "fmn_l2": fmn(fb.attacks.L2FMNAttack),
        "fmn_linf": fmn(fb.attacks.LInfFMNAttack),
        "ddn_l2": minimal(fb.attacks.DDNAttack),
        "deepfool_l2": minimal(fb.attacks.L2DeepFoolAttack),
        "deepfool_linf": minimal(fb.attacks.LinfDeepFoolAttack),
        "carlini_l2": carlini,
    }
