"""Is it worse than rain? Miss rates under every fault at every severity, beside attacks at stated budgets.

    python tests/benchmarks/fault_misses.py --data FOLDER --table FILE --json FILE

The three detectors on pictures that they were not trained on: faces on video clips, signs and balls on
photographs. An object of the clean answer is missed where no box of the attacked answer overlaps it by half.
A photograph stands for a stream of one frame: what the link does to later frames cannot be seen on it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from detectors import Place, places
from harness import LeftOut, frames_of, free, settle, write

from models.detector import Detector
from models.zoo import load_model
from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.corruptions.fault import WORST, Stage
from monitor.drift.matching import Outcome
from monitor.faults import FAULTS
from streams.frame import Frame

COUNT = 30
"""Photographs, or frames of all clips together."""

WHERE = {"faces": "clips", "signs": "road_sign_scenes", "ball": "robocup_ml"}
"""Model -> the place of `detectors.py` that has its real pictures."""

ATTACKS = {
    f"{title} {eps}": {"attack": attack, "eps": eps}
    for title, attack in (("noise", "noise"), ("FGSM", "fgsm"), ("PGD-10", "pgd"))
    for eps in ("1/255", "2/255", "4/255")
}

PATCHES = {"faces": "face", "signs": "signs", "ball": "ball"}
"""Model -> the patch of camdrift's that hangs at all of its objects."""

PATCH = "patch, at most 5 % of the frame"

Table = dict[str, dict[str, float | None]]
"""Row -> column -> miss rate; None where there is nothing to see."""


def run(data: Path | None = None, count: int = COUNT) -> dict[str, Any]:
    """Miss rates of each detector under faults and attacks.

    Raises
    ------
    LeftOut : no folder of data.
    """
    if data is None:
        raise LeftOut("real pictures are needed; --data names their folder")
    found = {(place.model, place.name): place for place in places(data)}
    rates: dict[str, Table] = {}
    ratios = {}
    for model, name in WHERE.items():
        detector, place = load_model(model), found[model, name]
        clips = _streams(place, data, count)
        still = all(len(clip) == 1 for clip in clips)
        rates[model] = {
            title: {"": _missed(detector, clips, width=place.width, **words)}
            for title, words in ATTACKS.items()
        }
        worn = f"patch:{PATCHES[model]}"
        rates[model][PATCH] = {"": _missed(detector, clips, width=place.width, attack=worn)}
        for fault, entry in FAULTS.items():
            hidden = still and entry.stage is Stage.LINK
            rates[model][fault] = {
                str(severity): None
                if hidden
                else _missed(
                    detector,
                    clips,
                    width=place.width,
                    attack="none",
                    faults=f"{fault}:{severity}",
                )
                for severity in range(1, WORST + 1)
            }
        for title, row in rates[model].items():
            for column, value in row.items():
                ratios[f"{model}, {title} {column}".strip()] = free(value, "missed", "share")
    return {"rates": rates, "ratios": ratios}


def _streams(place: Place, data: Path, count: int) -> list[list[Frame]]:
    """Runs of frames that follow each other; each photograph is one of its own."""
    if place.name != "clips":
        return [[replace(frame, index=0)] for frame in place.frames(count)]
    files = sorted((data / "faces" / "videos").glob("*"))
    return [frames_of(str(file), -(-count // len(files))) for file in files]


def _missed(detector: Detector, clips: Iterable[Sequence[Frame]], **words: object) -> float | None:
    """Share of the objects of the clean answers."""
    missed = objects = 0
    settings = Settings().changed({"model": detector.name, "threshold": 0.5, **words})
    for clip in clips:
        pipeline = build_pipeline(settings, detector)
        for frame in clip:
            drift = pipeline.observe(frame).drift
            missed += drift.count(Outcome.MISSED)
            objects += drift.clean_count
    return missed / objects if objects else None


def as_markdown(rates: dict[str, Table]) -> str:
    """Two tables: attacks by budget, and faults by severity, a column a detector and severity."""
    models = list(rates)
    lines = [f"| | {' | '.join(models)} |", "| --- |" + " --- |" * len(models)]
    for title in (*ATTACKS, PATCH):
        cells = [_cell(rates[model][title][""]) for model in models]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    heads = [f"{model} {severity}" for model in models for severity in range(1, WORST + 1)]
    lines += ["", f"| | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    for fault in FAULTS:
        cells = [_cell(value) for model in models for value in rates[model][fault].values()]
        lines.append(f"| {fault} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def main() -> None:
    """Run, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=COUNT, help="photographs or frames a model")
    parser.add_argument("--data", type=Path, help="folder of real photographs and clips")
    parser.add_argument("--table", type=Path, help="write the tables here, as Markdown")
    parser.add_argument("--json", type=Path, help="write the miss rates here")
    options = parser.parse_args()
    settle()
    try:
        result = run(options.data, options.count)
    except LeftOut as missing:
        raise SystemExit(str(missing)) from None
    table = as_markdown(result["rates"])
    print(table)
    if options.table:
        options.table.write_text(table, encoding="utf-8")
    if options.json:
        write(options.json, {"fault_misses": result})


if __name__ == "__main__":
    main()
