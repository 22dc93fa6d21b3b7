"""Answers a second that a one-pixel attack gets of EfficientNet-Lite0 at 224 x 224: ours beside ART's.

    python tests/benchmarks/oracles/pixel_queries.py --rounds 7 --json FILE

Both are handed one photograph that neither makes fall, so that none stops early, and what the network
answered is counted at the network. Beside them the bare network: batches of random frames that lie ready,
float and channels last, and ask for nothing but the forward. Without ART ours stands beside that alone.

How many frames go at once matters. The bare network on a machine that others kept busy, frames a
second in batches of 1, 4, 8, 16, 32, 64, 128: 75, 120, 103, 89, 70, 57, 52. ART asks 128 at a time.

Seen on two quiet cores, with ours asking four at a time: 158 answers a second, ART 57, the bare network
180 by 4 and 88 by 64.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))  # harness.py, one folder up
sys.path.insert(0, str(Path(__file__).parent))  # its own siblings, where run.py imports it
from harness import Ratio, at_least, conclude, free, race, settle
from module import Bare, Passes, load_bare
from pictures import Photograph, bundled

from models.detector import to_tensor
from monitor.attacks.driver import drive
from monitor.attacks.one_pixel import OnePixel
from monitor.distances import Budget, Norm
from monitor.goals import Goal
from monitor.limits import Limits
from monitor.objective import Objective

TARGET = 1.7
"""By how much ours is to be faster than ART's."""

PICTURE = "coffee.png"
"""Of scikit-image: an espresso, with a probability of 0.91."""

QUERIES, BATCHES = 800, (64, 4)
"""Two populations of ART's, its least; frames of a bare batch, the second the fastest."""

ROUNDS = 7
"""At most: a call takes seconds, and a median over the thousands of answers in it is steady sooner."""

OURS, ART = "one-pixel, ours", "one-pixel, ART"


def run(rounds: int) -> dict[str, Any]:
    """Times of a call, its questions, answers a second and their ratios."""
    model = load_bare()
    picture = bundled(model.classifier, PICTURE)
    calls: dict[str, Callable[[], object]] = {OURS: _ours(model, picture)}
    calls |= {f"bare, batches of {size}": _bare(model, size) for size in BATCHES}
    try:
        side = importlib.import_module("art_side")
    except ModuleNotFoundError:
        print('no ART, ours runs beside the bare network only; pip install -e ".[test,peers]"')
    else:
        calls[ART] = _art(side.attacks(model)["pixels_l0"], picture)
    # The same seed at every call: as many questions each time. Counting them warms up.
    queries = {name: _counted(model, call) for name, call in calls.items()}
    times = race(calls, rounds=min(rounds, ROUNDS), warm_up=0)
    rates = {name: queries[name] / times[name]["median_ms"] * 1e3 for name in calls}
    ratios: dict[str, Ratio] = {
        f"ours / {name}": free(rates[OURS] / rates[name], "more is better")
        for name in calls
        if name.startswith("bare")
    }
    if ART in rates:
        ratios["ours / ART"] = at_least(rates[OURS] / rates[ART], TARGET)
    return {"times": times, "queries": queries, "per_second": rates, "ratios": ratios}


def _counted(model: Bare, call: Callable[[], object]) -> int:
    model.passes = Passes()
    call()
    return model.passes.forwards


def _ours(model: Bare, picture: Photograph) -> Callable[[], object]:
    def call() -> object:
        objective = Objective(
            model.classifier,
            picture.pixels,
            Goal.ANY,
            threshold=0.5,
            with_gradient=False,
            limits=Limits(QUERIES),
        )
        attack = OnePixel(queries=QUERIES)
        return drive(attack, objective, Budget(Norm.L0, 1), np.random.default_rng(0))

    return call


def _art(attack: Callable[..., torch.Tensor], picture: Photograph) -> Callable[[], object]:
    clean, label = to_tensor(picture.pixels), torch.tensor([picture.label])

    def call() -> object:
        np.random.seed(0)  # noqa: NPY002 - the one that the toolbox draws from
        return attack(clean, label, pixels=1, queries=QUERIES)

    return call


def _bare(model: Bare, size: int) -> Callable[[], object]:
    frames = torch.rand(max(BATCHES), 3, 224, 224).contiguous(memory_format=torch.channels_last)
    parts = torch.split(frames, size)

    def call() -> object:
        with torch.inference_mode():
            return [model.network(part) for part in parts]

    return call


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"2 to {ROUNDS}")
    parser.add_argument("--json", type=Path, help="write times, answers a second and ratios here")
    options = parser.parse_args()
    if not 2 <= options.rounds <= ROUNDS:
        parser.error(f"--rounds {options.rounds}: give 2 to {ROUNDS}")
    settle()
    title = "Questions of a one-pixel attack, 224 x 224, EfficientNet-Lite0"
    conclude(title, "pixel_queries", run(options.rounds), options.json)


if __name__ == "__main__":
    main()
