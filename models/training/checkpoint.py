"""A training's state on disk: what is needed to go on as if it had never stopped."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from models.errors import ModelError
from models.nano import NanoNet


@dataclass(frozen=True, slots=True)
class State:
    """What changes from step to step.

    Attributes
    ----------
    network, average : as trained, and its running mean.
    optimiser : of the network.
    """

    network: NanoNet
    average: NanoNet
    optimiser: torch.optim.Optimizer


def save(path: Path, state: State, step: int, seed: int, plan: Mapping[str, object]) -> None:
    """Write the state after `step` steps, whole or not at all."""
    content = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "step": step,
        "seed": seed,
        "plan": dict(plan),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(content, partial)
    partial.replace(path)


def restore(path: Path, state: State, seed: int, plan: Mapping[str, object]) -> int:
    """Bring the state to where the checkpoint was; the steps done, 0 without a checkpoint.

    Raises
    ------
    ModelError : the file is no checkpoint, or one of another training.
    """
    if not path.exists():
        return 0
    try:
        # Of a GPU's run it is read all the same where there is none.
        content = torch.load(path, weights_only=True, map_location="cpu")
        theirs = (
            int(content["seed"]),
            len(content["network"]["answer.bias"]) - 4,
            int(content["plan"]["batch"]),
        )
        step = int(content["step"])
    except (pickle.UnpicklingError, EOFError, RuntimeError, KeyError, TypeError, ValueError):
        raise ModelError(
            f"{path}: not a checkpoint of this program; take it away, or give another --work folder"
        ) from None
    ours = (seed, state.network.answer.out_channels - 4, plan["batch"])
    if theirs != ours:
        raise ModelError(
            f"{path}: a checkpoint of another training ({_words(*theirs)}; this one: {_words(*ours)}); "
            "take it away, or give another --work folder"
        )
    try:
        state.network.load_state_dict(content["network"])
        state.average.load_state_dict(content["average"])
    except RuntimeError:
        raise ModelError(
            f"{path}: a checkpoint of another network; take it away, or give another --work folder"
        ) from None
    state.optimiser.load_state_dict(content["optimiser"])
    return step


def _words(seed: object, classes: object, batch: object) -> str:
    return f"seed {seed}, {classes} classes, batches of {batch}"
