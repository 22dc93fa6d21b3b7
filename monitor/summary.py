"""A whole run in one page of numbers: summary.json.

The summary holds no wall-clock time, so it is equal byte for byte for the same input, settings, versions
and machine.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from monitor.attack_settings import PATCH
from monitor.catalog import CATALOG, NONE, budget_of, build_attack
from monitor.config import Settings
from monitor.distances import Norm
from monitor.drift.intervals import ratio_interval
from monitor.drift.ledger import TrackFigures, TrackLedger
from monitor.drift.windows import RATIOS, FrameTally, RollingWindow, inexact
from monitor.faults import FAULTS, parse_faults
from monitor.margin import median_margin, success_curve
from monitor.pipeline import Observation
from monitor.severity import fails_at, severity_curve

NAMES = (
    *RATIOS,
    "longest_gap_frames",
    "longest_gap_s",
    "track_switches",
    "time_to_loss_frames",
    "time_to_loss_s",
    "time_to_recovery_frames",
    "time_to_recovery_s",
    "trail_distance_px",
    "js_distance_classes",
    "js_distance_scores",
    "calibration_error_clean",
    "calibration_error_attacked",
    "map_clean",
    "map_attacked",
    "margin_eps",
    "fails_at_severity",
)
"""The figures of a summary; every one is there, null where it was not measured."""

REFERENCE = "clean predictions"

_PROPORTIONS = frozenset({"miss_rate", "relabel_rate", "attack_success_rate"})
"""Shares of things counted: where all or none happened, the interval is not a single point."""
_OF_TRACKS = frozenset(field.name for field in fields(TrackFigures))
_NO_OBJECT = "the detector found no object in the clean frames"
_LATER = {
    "calibration_error_clean": "needs ground truth; this version compares with the clean predictions",
    "calibration_error_attacked": "needs ground truth; this version compares with the clean predictions",
    "map_clean": "needs ground truth; this version compares with the clean predictions",
    "map_attacked": "needs ground truth; this version compares with the clean predictions",
}


class Summariser:
    """Takes observations in, one by one, and gives the summary at the end.

    Memory grows by 96 bytes a frame, which the intervals need: 10 MB for an hour at 30 frames a second; and
    by the record of each track.

    Parameters
    ----------
    settings : of the run.
    source : what frames come from, fit to be shown.
    class_names : class id -> name.
    """

    def __init__(self, settings: Settings, source: str, class_names: Sequence[str]) -> None:
        self._settings = settings
        self._source = source
        self._class_names = tuple(class_names)
        self._window = RollingWindow(None)
        self.tracks = TrackLedger()
        """What became of each track."""
        self._counts: Counter[str] = Counter()
        self._over = [array("d") for _ in RATIOS]
        self._under = [array("d") for _ in RATIOS]
        self._margins = array("d")
        self._severities: list[tuple[float, bool]] = []
        self._furthest = dict.fromkeys(Norm, 0.0)

    @property
    def frames(self) -> int:
        """Frames taken in."""
        return len(self._window)

    def update(self, seen: Observation) -> None:
        """Take one frame in.

        Raises
        ------
        ModelOutputError : a score outside [0, 1]; nothing was taken in then.
        """
        tally = FrameTally.of(seen.drift, seen.success)
        self._window.update(tally)
        self.tracks.update(seen.drift, seen.tracked(), under_attack=seen.success is not None)
        for i, (over, under) in enumerate(tally.ratios()):
            self._over[i].append(inexact(over))
            self._under[i].append(under)
        for norm, most in self._furthest.items():
            self._furthest[norm] = max(most, seen.distances.under(norm))
        self._counts.update(
            frames=1,
            frames_with_objects=int(tally.clean > 0),
            frames_attacked=int(tally.success is not None),
            frames_fallen=int(tally.success is True),
            clean_objects=tally.clean,
            attacked_objects=len(tally.attacked_classes),
            kept=tally.kept,
            relabelled=tally.relabelled,
            missed=tally.missed,
            fabricated=tally.fabricated,
            forwards=seen.counts.forwards,
            backwards=seen.counts.backwards,
            queries=seen.counts.queries,
            frames_stopped=int(seen.counts.stopped),
            frames_late=int(seen.late),
            frames_with_margin=int(seen.margin is not None),
        )
        if seen.margin is not None:
            self._margins.append(seen.margin)
        if self._settings.faults.ramp and seen.severity and seen.success is not None:
            self._severities.append((seen.severity, seen.success))

    def summary(self) -> dict[str, object]:
        """The summary, ready for JSON; its keys are `NAMES` and what they stand on."""
        values: dict[str, float | None] = {
            **self._window.rates().as_dict(),
            **self.tracks.figures().as_dict(),
            "margin_eps": median_margin(self._margins),
            "fails_at_severity": fails_at(curve := severity_curve(self._severities)),
        }
        figures = {name: values.get(name) for name in NAMES}
        missing = [name for name, value in figures.items() if value is None]
        return {
            **figures,
            "not_measured": {name: self._why_not(name) for name in missing},
            "reference": REFERENCE,
            "counts": {**self._counts, **self.tracks.counts().as_dict()},
            "intervals": self._intervals(),
            # [eps, share of the frames that fall at it], where margins were measured.
            "margin_curve": [list(point) for point in success_curve(self._margins)],
            # [severity up to which, share of the frames that fall there, frames], where faults ramp.
            "severity_curve": [list(point) for point in curve],
            **{f"{norm}_max": most for norm, most in self._furthest.items()},
            "condition": condition(self._settings, self._source, self._class_names),
        }

    def _intervals(self) -> dict[str, list[float] | None]:
        """Name -> [low, high] of the 95 % interval; null where it is not defined."""
        found: dict[str, list[float] | None] = {}
        for name, over, under in zip(RATIOS, self._over, self._under, strict=True):
            both = ratio_interval(
                np.frombuffer(over),
                np.frombuffer(under),
                seed=self._settings.run.seed,
                proportion=name in _PROPORTIONS,
            )
            found[name] = None if both is None else list(both)
        return found

    def _why_not(self, name: str) -> str:
        if name in _LATER:
            return _LATER[name]
        own = {
            "attack_success_rate": self._why_no_success,
            "margin_eps": self._why_no_margin,
            "fails_at_severity": self._why_no_severity,
        }
        if name in own:
            return own[name]()
        if name in _OF_TRACKS and self._counts["clean_objects"]:
            return self._why_no_track(name)
        if name == "centre_shift_px" and self._counts["clean_objects"]:
            return "no object was found in both answers"
        if name.startswith("js_distance") and self._counts["clean_objects"]:
            return "the attacked answers hold no object, so there is no histogram to compare"
        return _NO_OBJECT

    def _why_no_track(self, name: str) -> str:
        counts = self.tracks.counts()
        if not counts.tracks:
            return "no object was found in two frames in a row, so that it could be followed"
        if name == "trail_distance_px":
            return "the attacked answer holds nothing that the clean tracks could be compared with"
        if name.startswith("time_to") and not counts.tracks_attacked:
            return self._why_no_success()
        if name.startswith("time_to") and not counts.tracks_lost:
            return "no track was lost"
        if name.startswith("time_to_recovery") and not counts.tracks_recovered:
            return "no track that was lost was found again"
        return "the source states no time for its frames"

    def _why_no_margin(self) -> str:
        words = self._settings.attack
        if self._margins:
            fallen = sum(math.isfinite(margin) for margin in self._margins)
            return (
                f"of {len(self._margins)} frames that were searched {fallen} fell, fewer than half"
            )
        if words.attack == NONE:
            return "no attack was run"
        if budget_of(words)[1] == 0 or self._counts["frames_attacked"] == 0:
            return self._why_no_success()
        return "no search for it was asked for (margin_every), and the attack does not look for it"

    def _why_no_severity(self) -> str:
        faults = self._settings.faults
        if not parse_faults(faults.faults):
            return "no fault was set"
        if not faults.ramp:
            return "no ramp was asked for: the severities stayed as they were"
        return "at no severity at least half of the frames fell, of three or more"

    def _why_no_success(self) -> str:
        faulty = bool(parse_faults(self._settings.faults.faults))
        if self._settings.attack.attack == NONE and not faulty:
            return "no attack was run"
        if budget_of(self._settings.attack)[1] == 0 and not faulty:
            return "a budget of 0 leaves every frame as it is"
        if self._settings.attack.at and "at" in self._settings.attack.goal.heeds:
            return f"no frame held the place {self._settings.attack.at}, free of what was to appear there"
        if self._settings.attack.attack == PATCH and self._counts["clean_objects"]:
            return "no frame held anything to hang the patch at"
        return _NO_OBJECT


def fault_rows(text: str) -> list[dict[str, object]]:
    """The faults of a run in the order in which a picture met them, with the attack after the sensor."""
    named = sorted(parse_faults(text), key=lambda one: FAULTS[one[0]].stage.place)
    return [
        {
            "name": name,
            "severity": severity,
            "stage": str(FAULTS[name].stage),
            "summary": FAULTS[name].summary,
            "source": FAULTS[name].source,
        }
        for name, severity in named
    ]


def condition(settings: Settings, source: str, class_names: Sequence[str]) -> dict[str, object]:
    """What the numbers hold for: the source, the model, the attacker's goal, knowledge and budget."""
    words = settings.attack
    attack = build_attack(words)
    entry = None if attack is None else CATALOG[words.attack]
    norm, eps, eps_text = budget_of(words)
    return {
        "source": source,
        "model": settings.detector.model,
        "classes": list(class_names),
        "threshold": settings.detector.threshold,
        "width": settings.stream.width,
        "iou": settings.drift.iou,
        "attack": words.attack,
        "attack_summary": None if entry is None else entry.summary,
        "attack_source": None if entry is None else entry.source,
        "knowledge": None if attack is None else str(attack.knowledge),
        "goal": str(words.goal),
        # Null where the goal does not heed the word, or takes any class and any place.
        "target": (words.target or None) if "target" in words.goal.heeds else None,
        "at": (words.at or None) if "at" in words.goal.heeds else None,
        "norm": str(norm),
        "eps": eps,
        "eps_text": eps_text,
        "faults": fault_rows(settings.faults.faults),
        "ramp": settings.faults.ramp,
        "parameters": {}
        if entry is None
        else {word: settings.word(word) for word in entry.controls},
        "seed": settings.run.seed,
    }
