"""`python -m models.training signs|ball`: make the bundled weights again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import torch

from models.errors import ModelError
from models.interrupts import interrupts
from models.memory import keep_freed_memory
from models.training.balls import BallMaker
from models.training.calibration import calibrate
from models.training.loop import Plan, train
from models.training.maker import MakerFactory, Material
from models.training.signs import SignMaker
from models.weights import save

MAKERS: dict[str, MakerFactory] = {"signs": SignMaker, "ball": BallMaker}


def main(arguments: list[str] | None = None) -> int:
    """Train one model and write its weights; 2 where something is not as it should be."""
    parser = _Parser(
        prog="python -m models.training",
        description="Make the bundled weights again, from data whose licence allows it.",
    )
    parser.add_argument("model", choices=sorted(MAKERS))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="real pictures")
    parser.add_argument("--sprites", type=Path, help="the sprites' package_signs, for signs")
    parser.add_argument(
        "--work", type=Path, default=Path("training"), help="checkpoints, resumed from"
    )
    parser.add_argument("--out", type=Path, help="the weights; default: in --work")
    parser.add_argument("--steps", type=_from(1), default=Plan().steps, help="in all (%(default)s)")
    parser.add_argument(
        "--workers",
        type=_from(0),
        default=Plan().workers,
        help="processes making pictures (%(default)s); 0: the training makes them itself",
    )
    parser.add_argument("--seed", type=_from(0), default=0)
    given = parser.parse_args(arguments)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    keep_freed_memory()
    try:
        return _trained(given, device)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"the system refused: {error}; check the folders, the disk and the permissions",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130


def _trained(given: argparse.Namespace, device: torch.device) -> int:
    """Do what the words ask for."""
    with interrupts() as check:
        maker = MAKERS[given.model](Material(given.data, given.sprites, given.seed))
        plan = Plan(steps=given.steps, workers=given.workers)
        checkpoint = given.work / f"{given.model}.pt"
        network = train(maker, plan, given.seed, checkpoint, _say, device, check)
        was = calibrate(network.cpu(), maker, given.seed)
        _say(f"score {was:.2f} is the threshold that serves best: shifted to 0.5")
        out = given.out or given.work / f"{given.model}.safetensors"
        digest = save(network, out, maker.class_names)
    _say(f"{out}: sha256 {digest}")
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the words in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}; see `{self.prog} --help`\n")


def _from(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
        return int(text)

    return whole_number


if __name__ == "__main__":
    sys.exit(main())
