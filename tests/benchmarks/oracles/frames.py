"""A monitored frame (clean answer, attack, attacked answer), ours beside foolbox's and ART's.

    python tests/benchmarks/oracles/frames.py --rounds 40 --json FILE

Each side is used as its user would: theirs from a float tensor of the picture, with the clean label handed
over, which spares them a forward, and without rounding the result to a picture. Ours converts, judges and
rounds at every step, for the frame that is shown has to be the frame that was judged.

Prediction, written before it was measured: a forward takes 9 ms, forward and backward 28. FGSM costs us
28 + 9 and foolbox 9 + 28 + 9 + 9, because it neither keeps the clean graph nor gives the answer it judged
success by: 1.4 x. PGD-10 costs 9 + 280 + 9 against 9 + 280 + 18: 1.03 x from the passes, the rest has to come
from what lies between them. With early stop two or three steps are enough: 4 x.

Seen on two quiet cores: FGSM 1.29 x the fastest of theirs (1.28 to 1.47 on busy ones), PGD-10 0.97 x,
with early stop 4.2 x. Beside the network's passes a frame of ours takes 0.4 ms; a forward takes 8.1 ms,
with its graph 10.4, and backward too 18.8, so FGSM's passes allow 1.3 and PGD's 1.04.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))  # harness.py, one folder up
sys.path.insert(0, str(Path(__file__).parent))  # its own siblings, where run.py imports it
from harness import LeftOut, Ratio, at_least, conclude, race, settle
from module import Bare, load_bare
from pictures import Photograph, photographs

from models.detector import to_tensor
from monitor.attacks.driver import Attack, drive
from monitor.attacks.fgsm import FGSM
from monitor.attacks.pgd import PGD
from monitor.distances import Budget, Norm
from monitor.goals import Goal
from monitor.objective import Objective

BUDGET = Budget(Norm.LINF, 2 / 255)
PICTURES = 8
STEPS, STEP_SIZE = 10, 0.25
TARGETS = {"FGSM": 1.3, "PGD-10": 1.15, "PGD-10, early stop": 3.0}
"""By how much a frame of ours is to be faster than the fastest of theirs."""

OURS_NAME = "ours"
OURS: dict[str, Attack] = {
    "FGSM": FGSM(),
    "PGD-10": PGD(steps=STEPS, early_stop=False),
    "PGD-10, early stop": PGD(steps=STEPS, early_stop=True),
}
THEIRS = {
    "FGSM": ("fgsm_linf", {"eps": BUDGET.eps}),
    "PGD-10": ("pgd_linf", {"eps": BUDGET.eps, "steps": STEPS, "step_size": STEP_SIZE}),
}
# They build their attack object anew for each frame: at most 0.006 ms, ART's PGD.
SIDES = ("foolbox_side", "art_side")


def run(rounds: int, data: Path | None = None) -> dict[str, Any]:
    """Times, ratios and success of every contestant, on the same photographs in the same order.

    Raises
    ------
    LeftOut : neither foolbox nor ART is installed, or there is no data folder.
    """
    model = load_bare()
    pictures = photographs(model.classifier, PICTURES, data)
    frames = {f"{OURS_NAME}, {name}": _ours(model, attack) for name, attack in OURS.items()}
    for side, attacks in _sides(model).items():
        for name, (key, budget) in THEIRS.items():
            frames[f"{side}, {name}"] = _theirs(model, attacks[key], budget)
    success = {
        name: sum(frame(picture) for picture in pictures) / PICTURES
        for name, frame in frames.items()
    }
    times = race({name: _in_turn(frame, pictures) for name, frame in frames.items()}, rounds=rounds)
    return {
        "times": times,
        "success": success,
        "ratios": {
            f"fastest of theirs / ours, {name}": _ratio(name, times, success) for name in OURS
        },
    }


def _ours(model: Bare, attack: Attack) -> Callable[[Photograph], bool]:
    rng = np.random.default_rng(0)

    def frame(picture: Photograph) -> bool:
        objective = Objective(model.classifier, picture.pixels, Goal.ANY, threshold=0.5)
        return objective.answer(drive(attack, objective, BUDGET, rng)).fell

    return frame


def _theirs(
    model: Bare, attack: Callable[..., torch.Tensor], budget: dict[str, Any]
) -> Callable[[Photograph], bool]:
    def frame(picture: Photograph) -> bool:
        clean = to_tensor(picture.pixels)
        with torch.inference_mode():
            answer = model(clean)
        label = answer.argmax(1).clone()  # an inference tensor takes part in no graph
        attacked = attack(clean, label, **budget)
        with torch.inference_mode():
            return bool((model(attacked).argmax(1) != label).item())

    return frame


def _in_turn(
    frame: Callable[[Photograph], bool], pictures: list[Photograph]
) -> Callable[[], object]:
    """The next photograph at every call; in a round all contestants are at the same one."""
    endless = itertools.cycle(pictures)
    return lambda: frame(next(endless))


def _ratio(name: str, times: dict[str, dict[str, float]], success: dict[str, float]) -> Ratio:
    """The fastest of theirs with as many steps, over ours; theirs know no early stop."""
    mine = f"{OURS_NAME}, {name}"
    method = name.removesuffix(", early stop")
    rivals = [rival for rival in times if rival.endswith(f", {method}")]
    rivals.remove(f"{OURS_NAME}, {method}")
    peer = min(rivals, key=lambda rival: times[rival]["median_ms"])
    return at_least(
        times[peer]["median_ms"] / times[mine]["median_ms"],
        TARGETS[name],
        f"beside {peer}; success ours {success[mine]:.2f}, theirs {success[peer]:.2f}",
    )


def _sides(model: Bare) -> dict[str, dict[str, Callable[..., torch.Tensor]]]:
    """Those of foolbox and ART that are installed."""
    found: dict[str, dict[str, Callable[..., torch.Tensor]]] = {}
    for name in SIDES:
        try:
            side = importlib.import_module(name)
        except ModuleNotFoundError:
            continue
        found[side.NAME] = side.attacks(model)
    if not found:
        raise LeftOut('neither foolbox nor ART is installed; pip install -e ".[test,peers]"')
    return found


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40, help="rounds (at least 30)")
    parser.add_argument("--data", type=Path, help="folder of real photographs")
    parser.add_argument("--json", type=Path, help="write times, ratios and success here")
    options = parser.parse_args()
    if options.rounds < 30:
        parser.error(f"--rounds {options.rounds}: a median of fewer than 30 says little")
    settle()
    try:
        result = run(options.rounds, options.data)
    except LeftOut as missing:
        sys.exit(str(missing))
    conclude("A monitored frame, 224 x 224, EfficientNet-Lite0", "frames", result, options.json)


if __name__ == "__main__":
    main()
