"""All benchmarks in one run: `python tests/benchmarks/run.py [--rounds N] [--json FILE]`."""

from __future__ import annotations

import argparse
from pathlib import Path

import fgsm_frame
import nano_speed
import update_kernel
from harness import show, write

from models.memory import keep_freed_memory


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=40, help="rounds of each benchmark (at least 30)"
    )
    parser.add_argument("--json", type=Path, help="write times, ratios, versions and commit here")
    options = parser.parse_args()
    if options.rounds < 30:
        parser.error(
            f"--rounds {options.rounds}: a median of fewer than 30 says little; give 30 or more"
        )
    keep_freed_memory()  # as the command does; the peers gain from it too
    results = {
        "fgsm_frame": fgsm_frame.run(options.rounds),
        "update_kernel": update_kernel.run(options.rounds),
        "nano_speed": nano_speed.run(options.rounds),
    }
    show("One monitored frame with FGSM, 448 x 336, CenterFace", results["fgsm_frame"])
    show("Update kernels, 1920 x 1080", results["update_kernel"])
    show("signs and ball beside CenterFace", results["nano_speed"])
    if options.json:
        write(options.json, results)


if __name__ == "__main__":
    main()
