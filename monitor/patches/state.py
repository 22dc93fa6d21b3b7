"""A patch's training on disk: what is needed to go on as if it had never stopped."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from monitor.errors import PatchError


@dataclass(frozen=True, slots=True)
class State:
    """What changes from step to step.

    Attributes
    ----------
    colours : (3, h, w) BGR in [0, 1], a leaf.
    optimiser : of the colours.
    """

    colours: torch.Tensor
    optimiser: torch.optim.Optimizer


def save(path: Path, state: State, step: int, told: str) -> None:
    """Write the state after `step` steps, whole or not at all."""
    content = {
        "colours": state.colours.detach(),
        "optimiser": state.optimiser.state_dict(),
        "step": step,
        "of": told,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    torch.save(content, partial)
    partial.replace(path)


def restore(path: Path, state: State, told: str) -> int:
    """Bring the state to where the checkpoint was; the steps done, 0 without a checkpoint.

    Raises
    ------
    PatchError : the file is no checkpoint, or one of another training.
    """
    if not path.exists():
        return 0
    content = checked(path, told)
    with torch.no_grad():
        state.colours.copy_(content["colours"])
    state.optimiser.load_state_dict(content["optimiser"])
    return int(content["step"])


def checked(path: Path, told: str) -> dict[str, Any]:
    """What the checkpoint of a training holds.

    Parameters
    ----------
    told : what the training is told by (`monitor.patches.training.told_by`).

    Raises
    ------
    PatchError : the file is no checkpoint, or one of another training.
    """
    try:
        content: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        same = content["of"] == told
        whole = {"colours", "optimiser", "step"} <= set(content)
    except (pickle.UnpicklingError, EOFError, RuntimeError, KeyError, TypeError, ValueError):
        whole = same = False
        content = {}
    if not whole:
        raise PatchError(
            f"{path}: not a checkpoint of a patch; take it away, or give --anew"
        ) from None
    if not same:
        raise PatchError(
            f"{path}: a checkpoint of a training with other settings; give the same ones, or --anew"
        )
    return content
