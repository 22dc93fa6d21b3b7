"""All benchmarks in one run, on two threads: medians, ratios with their targets, and the losses.

    python tests/benchmarks/run.py [--rounds N] [--only NAME,NAME] [--strength] [--json FILE]

What lacks something (a library, the data folder) is left out with a line that says so. `--strength` adds how
strong the attacks are to how fast they are; that takes hours.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from harness import LeftOut, losses, settle, show, show_losses, write

sys.path.insert(1, str(Path(__file__).parent / "oracles"))


@dataclass(frozen=True)
class Benchmark:
    """One row of the list.

    Attributes
    ----------
    title : for people.
    takes : options that its `run` is handed.
    strength : long, and only part of a run with --strength or by name.
    """

    title: str
    takes: tuple[str, ...] = ("rounds",)
    strength: bool = False


BENCHMARKS = {
    "fgsm_frame": Benchmark("One monitored frame with FGSM, 448 x 336, CenterFace"),
    "update_kernel": Benchmark("Update kernels, 1920 x 1080"),
    "distances": Benchmark("Four distances of two frames, 1920 x 1080"),
    "block_bootstrap": Benchmark("10,000 resamples of 100,000 frames"),
    "nano_speed": Benchmark("signs and ball beside CenterFace"),
    "evaluation": Benchmark("An evaluation: the model's share, two workers, 100 and 10,000 frames"),
    "reading": Benchmark("Report, comparison and query of an evaluation of 100,000 frames"),
    "live_rate": Benchmark("End to end: scene:road, signs, FGSM, 640 wide, a client beside it"),
    "vicinity": Benchmark("64 candidates of a one-pixel attack, signs"),
    "frames": Benchmark(
        "A monitored frame beside foolbox's and ART's, 224 x 224, EfficientNet-Lite0",
        ("rounds", "data"),
    ),
    "faults": Benchmark("Natural faults beside imagecorruptions-imaug's, 640 x 480"),
    "patches": Benchmark(
        "Patches: what they do unseen, and a patch drawn into 1920 x 1080", ("rounds", "data")
    ),
    "pixel_queries": Benchmark("Questions of a one-pixel attack, 224 x 224, EfficientNet-Lite0"),
    "detectors": Benchmark("How often the detectors fall, 4/255", ("data",), strength=True),
    "fault_misses": Benchmark("Miss rates under faults and attacks", ("data",), strength=True),
    "warm": Benchmark("warm beside PGD-10 and FGSM, VANISH", ("clips",), strength=True),
    "interval_coverage": Benchmark("95 % intervals that hold the truth", (), strength=True),
    "strength": Benchmark("Ours beside the best of the others", ("data",), strength=True),
}
"""Module -> what it is; the module's `run` gives ratios, and what else it found."""


def chosen(options: argparse.Namespace) -> list[str]:
    """Names in the order of the list; the long ones only where they are asked for."""
    if options.only:
        return [name for name in BENCHMARKS if name in options.only]
    return [name for name, row in BENCHMARKS.items() if options.strength or not row.strength]


def main() -> None:
    """Run, print, write."""
    options = _options()
    names = chosen(options)
    if options.list:
        for name, row in BENCHMARKS.items():
            print(f"{name:14s} {row.title}{' (--strength)' if row.strength else ''}")
        return
    settle()
    results: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name in names:
        row = BENCHMARKS[name]
        try:
            result = import_module(name).run(**{word: getattr(options, word) for word in row.takes})
        except LeftOut as missing:
            left_out[name] = str(missing)
            print(f"\n{name} is left out: {missing}", flush=True)
            continue
        results[name] = result
        show(row.title, result)
    show_losses(losses(results))
    if options.json:
        write(options.json, results, left_out=left_out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--rounds", type=int, default=40, help="rounds of each benchmark (at least 30)")
    add("--only", help="names from --list, by commas")
    add("--list", action="store_true", help="name all benchmarks and stop")
    add("--strength", action="store_true", help="also how strong the attacks are: hours")
    add("--data", type=Path, help="folder of real photographs and clips")
    add("--json", type=Path, help="write everything, with versions, threads and commit, here")
    options = parser.parse_args()
    if options.rounds < 30:
        parser.error(
            f"--rounds {options.rounds}: a median of fewer than 30 says little; give 30 or more"
        )
    options.only = [name for name in (options.only or "").split(",") if name]
    unknown = [name for name in options.only if name not in BENCHMARKS]
    if unknown:
        parser.error(
            f"--only {','.join(unknown)}: no such benchmark; there are {', '.join(BENCHMARKS)}"
        )
    options.clips = options.data / "faces" / "videos" if options.data else None
    return options


if __name__ == "__main__":
    main()
