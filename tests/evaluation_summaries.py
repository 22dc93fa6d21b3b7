"""A full summary.json of an evaluation, made by hand, with its pictures; for tests of reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from evaluation_stories import Story, write_story

from monitor.evaluation.opened import Evaluation

CLASSES = ("stop", "give way", "no entry")
SIZES = ("small", "medium", "large")
EPS = (1, 2, 4, 8)
ATTACKS = (("pgd", "white-box", 0.11), ("square", "score", 0.05), ("noise", "none", 0.004))
FAULTS = ("", "rain:3")
NO_TRUTH = "no clip has ground truth"
NO_RECOVERY = "no track was found again"


def sample(
    *,
    truth: bool = True,
    driving: bool = True,
    models: tuple[str, ...] = ("signs",),
    clips: int = 12,
    classes: tuple[str, ...] = CLASSES,
    faults: tuple[str, ...] = FAULTS,
) -> dict[str, Any]:
    """The summary of model x fault x attack x budget, and of the faults alone."""
    rng = np.random.default_rng(0)
    cells = [
        (model, fault, attack, eps)
        for model in models
        for fault in faults
        for attack in ATTACKS
        for eps in EPS
    ] + [(model, fault, None, 0) for model in models for fault in faults if fault]
    conditions = [
        _condition(number, *cell, rng, truth, driving, clips, classes)
        for number, cell in enumerate(cells)
    ]
    return {
        "schema": 1,
        "kind": "evaluation",
        "suite": "standard",
        "about": "Whether road signs are still found when pixels are changed on purpose, and in rain.",
        "clips": clips,
        "frames": 250 * clips,
        "failed": [
            {"name": "clips/broken.mp4", "reason": "not a video: moov atom not found"},
            {"name": "clips/empty.mp4", "reason": "it holds no frame"},
        ],
        "reference": "Sections “Against the ground truth” and “Warning before an object is passed” are "
        "against the clips' ground truth; all other tables compare the attacked with the clean predictions."
        if truth
        else "All tables compare the attacked with the clean predictions; there is no ground truth.",
        "conditions": conditions,
        "curves": [
            _curve(model, fault, attack, conditions)
            for model in models
            for fault in faults
            for attack in ATTACKS
        ],
        "criteria": criteria(),
        "worst_frames": [_worst(i, conditions) for i in range(3)],
    }


def criteria() -> list[dict[str, Any]]:
    """One of each verdict."""
    return [
        {
            "text": "stop.miss_rate at linf 2/255 <= 0.05 with 95 % confidence",
            "verdict": "fail",
            "value": 0.2214,
            "bound": 0.2391,
            "condition": 1,
            "reason": "its whole interval is above 0.05",
        },
        {
            "text": "miss_rate at linf 8/255 by noise under none <= 0.05 with 95 % confidence",
            "verdict": "pass",
            "value": 0.0312,
            "bound": 0.0402,
            "condition": 11,
            "reason": "",
        },
        {
            "text": "map_attacked at linf 1/255 >= 0.6",
            "verdict": "undecided",
            "value": None,
            "bound": None,
            "condition": 0,
            "reason": "not measured: too few objects",
        },
    ]


def _condition(
    number: int,
    model: str,
    fault: str,
    attack: tuple[str, str, float] | None,
    eps: int,
    rng: np.random.Generator,
    truth: bool,
    driving: bool,
    clips: int,
    classes: tuple[str, ...],
) -> dict[str, Any]:
    rain = 0.08 if fault else 0.0
    rate = min(rain + (attack[2] * eps if attack else 0.0), 0.97)
    figures: dict[str, float | None] = {
        "miss_rate": rate,
        "relabel_rate": 0.02 + rate / 20,
        "fabrications_per_frame": 0.05,
        "attack_success_rate": rate**2 if attack else None,
        "score_drop": 0.1 + rate / 2,
        "centre_shift_px": 1.41,
        "longest_gap_frames": round(80 * rate),
        "longest_gap_s": 3.2 * rate,
        "track_switches": 3,
        "time_to_loss_frames": 4.5,
        "time_to_loss_s": 0.18,
        "time_to_recovery_frames": None,
        "time_to_recovery_s": None,
        "js_distance_classes": 0.112,
        "js_distance_scores": 0.301,
        "recall_clean": 0.9 if truth else None,
        "recall_attacked": 0.9 * (1 - rate) if truth else None,
        "map_clean": 0.712 if truth else None,
        "map_attacked": 0.712 * (1 - rate) if truth else None,
        "calibration_error_clean": 0.043 if truth else None,
        "calibration_error_attacked": 0.043 + rate / 4 if truth else None,
    }
    why = {"time_to_recovery_frames": NO_RECOVERY, "time_to_recovery_s": NO_RECOVERY}
    reasons = {
        name: why.get(name, NO_TRUTH if attack else "no attack was run")
        for name, value in figures.items()
        if value is None
    }
    name = f"{model}, {attack[0]} linf {eps}/255" if attack else model
    return {
        "condition": number,
        "name": f"{name}, {fault}" if fault else name,
        "model": model,
        "attack": attack[0] if attack else "none",
        "knowledge": attack[1] if attack else None,
        "goal": "vanish",
        "target": None,
        "norm": "linf" if attack else None,
        "eps": eps / 255 if attack else None,
        "eps_text": f"{eps}/255" if attack else "",
        "faults": fault,
        "seed": 0,
        "frames": 250 * clips,
        "clips": clips,
        "figures": figures,
        "intervals": {
            key: None if value is None or key.startswith("time") else _around(key, value)
            for key, value in figures.items()
        },
        "not_measured": reasons,
        "counts": {
            "clean_objects": 9000,
            "kept": 9000 - int(9000 * rate) - 180,
            "relabelled": 180,
            "missed": int(9000 * rate),
            "fabricated": 151,
            "frames_attacked": 2800 if attack else 0,
            "frames_fallen": int(2800 * rate**2) if attack else 0,
            "truth_objects": 9800 if truth else 0,
            "truth_found_clean": 8820 if truth else 0,
            "truth_found_attacked": int(8820 * (1 - rate)) if truth else 0,
            "tracks": 36,
            "tracks_lost": int(36 * rate),
            "forwards": 33000,
            "backwards": 30000,
            "queries": 0,
        },
        "by_class": {
            each: _group(
                min(rate * (1.2 - 0.4 * i / len(classes)), 1.0), 9000 // len(classes), truth
            )
            for i, each in enumerate(classes)
        },
        "by_size": {
            each: _group(min(rate * (1.5 - 0.5 * i), 1.0), 3000, truth)
            for i, each in enumerate(SIZES)
        },
        "by_clip": {
            f"clips/drive-{i:05d}.mp4": {
                "miss_rate": float(np.clip(rate + rng.normal(0, 0.02), 0, 1)),
                "attack_success_rate": rate**2,
                "frames": 250,
            }
            for i in range(clips)
        },
        "driving": _driving(rate, truth, clips) if driving else None,
    }


def _around(name: str, value: float) -> list[float]:
    wide = 0.02 if value <= 1 else 0.1 * value
    return [max(value - wide, 0.0), value + wide if value + wide <= 1 or value > 1 else 1.0]


def _group(rate: float, objects: int, truth: bool) -> dict[str, Any]:
    figures = {"miss_rate": rate, "relabel_rate": 0.02, "score_drop": 0.1 + rate / 2}
    if truth:
        figures |= {"recall_clean": 0.9, "recall_attacked": 0.9 * (1 - rate)}
    return {
        "figures": figures,
        "intervals": {key: _around(key, value) for key, value in figures.items()},
        "objects": objects,
    }


def _driving(rate: float, truth: bool, clips: int) -> dict[str, Any]:
    return {
        "hold_frames": 5,
        "objects": 3 * clips,
        "held_clean": 3 * clips - 1,
        "held_attacked": int((3 * clips - 1) * (1 - rate)),
        "size_px_clean": 17.4,
        "size_px_attacked": 17.4 + 40 * rate,
        "seconds_clean": 6.32,
        "seconds_attacked": 6.32 * (1 - rate),
        "warning_lost_s": 6.1 * rate,
        "warning_lost_interval": [max(6.1 * rate - 0.4, 0), 6.1 * rate + 0.4],
        "never_held": int(3 * clips * rate / 2),
        "reference": "ground truth" if truth else "clean tracks",
        "rows": [
            {
                "clip": f"clips/drive-{i % clips:05d}.mp4",
                "identity": i,
                "class": CLASSES[i % 3],
                "frames": 180 - i,
                "size_px_clean": 16.2,
                "size_px_attacked": None if i == 0 else 41.5,
                "seconds_clean": 6.5,
                "seconds_attacked": None if i == 0 else 3.1,
                "warning_lost_s": 6.5 * rate if i == 0 else 3.4 * rate,
            }
            for i in range(min(3 * clips, 50))
        ],
    }


def _curve(
    model: str, fault: str, attack: tuple[str, str, float], conditions: list[dict[str, Any]]
) -> dict[str, Any]:
    members = [
        row
        for row in conditions
        if (row["model"], row["faults"], row["attack"]) == (model, fault, attack[0])
    ]
    zero = {"condition": None, "eps": 0.0, "eps_text": "0", "miss_rate": 0.0}
    zero |= {"miss_rate_interval": None, "attack_success_rate": 0.0}
    points = [{**zero, "attack_success_rate_interval": None}]
    if fault:  # What the fault does alone; nothing was attacked there.
        alone = next(
            row for row in conditions if row["attack"] == "none" and row["faults"] == fault
        )
        points[0] |= {
            "condition": alone["condition"],
            "miss_rate": alone["figures"]["miss_rate"],
            "miss_rate_interval": alone["intervals"]["miss_rate"],
            "attack_success_rate": None,
        }
    for row in members:
        point = {key: row[key] for key in ("condition", "eps", "eps_text")}
        for name in ("miss_rate", "attack_success_rate"):
            point |= {name: row["figures"][name], f"{name}_interval": row["intervals"][name]}
        points.append(point)
    never = attack[0] == "noise"
    least = {"objects": 9000, "never": 8500 if never else 700, "median": None if never else 4 / 255}
    return {
        "model": model,
        "attack": attack[0],
        "norm": "linf",
        "goal": "vanish",
        "target": None,
        "faults": fault,
        "seed": 0,
        "conditions": [row["condition"] for row in members],
        "points": points,
        "area": {
            "miss_rate": 0.43 * attack[2] / 0.11,
            "attack_success_rate": None if fault else 0.28 * attack[2] / 0.11,
        },
        "minimal_eps": {
            **least,
            "p05": 1 / 255,
            "by_class": {
                each: {**least, "objects": 3000, "never": 230, "p05": 1 / 255} for each in CLASSES
            },
        },
    }


def _worst(i: int, conditions: list[dict[str, Any]]) -> dict[str, Any]:
    row = conditions[min(3, len(conditions) - 1)]
    return {
        "clip": i,
        "clip_name": f"clips/drive-{i:05d}.mp4",
        "condition": row["condition"],
        "condition_name": row["name"],
        "frame": 60 + i,
        "caption": "3 found in the clean frame, 3 missed",
        "amplified": 8,
        **{kind: f"worst/{i}-{kind}.png" for kind in ("clean", "attacked", "difference")},
    }


def write_pictures(folder: Path, summary: dict[str, Any], width: int = 640) -> None:
    """A road with signs for every worst frame."""
    place = folder / "worst"
    place.mkdir(parents=True, exist_ok=True)
    height = width * 9 // 16
    for number, frame in enumerate(summary["worst_frames"]):
        rng = np.random.default_rng(number)
        clean = _road(width, height, 1 + number)
        moved = rng.integers(-8, 9, clean.shape)
        attacked = np.clip(clean.astype(int) + moved, 0, 255).astype(np.uint8)
        difference = (127 + 8 * moved).clip(0, 255).astype(np.uint8)
        for picture, colour in ((clean, (115, 158, 0)), (attacked, (0, 94, 213))):
            cv2.rectangle(
                picture, (width // 2, height // 4), (width // 2 + 90, height // 4 + 90), colour, 2
            )
        for kind, picture in (("clean", clean), ("attacked", attacked), ("difference", difference)):
            cv2.imwrite(str(folder / frame[kind]), picture)


def _road(width: int, height: int, seed: int) -> np.ndarray[Any, Any]:
    picture = np.full((height, width, 3), (200, 170, 140), np.uint8)
    picture[height // 2 :] = (90, 110, 90)
    road = np.array(
        [
            [width // 2 - 10, height // 2],
            [width // 2 + 10, height // 2],
            [width, height],
            [0, height],
        ]
    )
    cv2.fillPoly(picture, [road], (80, 80, 80))
    centre = (width // 2 + 45, height // 4 + 45)
    cv2.circle(picture, centre, 30 + 3 * seed, (40, 40, 200), -1)
    cv2.rectangle(
        picture,
        (centre[0] - 18, centre[1] - 5),
        (centre[0] + 18, centre[1] + 5),
        (255, 255, 255),
        -1,
    )
    return picture


def write_evaluation(
    folder: Path, summary: dict[str, Any] | None = None, width: int = 640, **changes: Any
) -> Evaluation:
    """An evaluation's folder with manifest, summary and pictures; `changes` are of the manifest."""
    if not (folder / "manifest.json").exists():
        write_story(folder, Story(clips=2, frames=4, changes=changes))
    run = Evaluation.open(str(folder))
    tree = sample() if summary is None else summary
    write_pictures(folder, tree, width)
    run.storage.write_json("summary.json", tree)
    return run
