"""Two runs beside each other: which settings differ, which figures, which frames fell in one only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from monitor.runs import Run
from monitor.summary import NAMES
from streams.opening import SCENE_PREFIX

HIGHER_IS_WORSE: Final = frozenset(
    {
        "miss_rate",
        "relabel_rate",
        "fabrications_per_frame",
        "attack_success_rate",
        "score_drop",
        "centre_shift_px",
        "longest_gap_frames",
        "longest_gap_s",
        "track_switches",
        "time_to_recovery_frames",
        "time_to_recovery_s",
        "trail_distance_px",
        "js_distance_classes",
        "js_distance_scores",
    }
)
LOWER_IS_WORSE: Final = frozenset(
    {"time_to_loss_frames", "time_to_loss_s", "map_attacked", "margin_eps", "fails_at_severity"}
)
_SPOKEN: Final = ("attack_summary", "attack_source", "eps")  # others say the same


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both; None where it was not measured.

    Attributes
    ----------
    name : as in summary.json.
    a, b : in A and in B.
    better : "A", "B", or "" where they are equal or neither is the better one.
    """

    name: str
    a: float | None
    b: float | None
    better: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs.

    Attributes
    ----------
    settings : (word, in A, in B) of the conditions.
    figures : those that either run has.
    only_a, only_b : indexes of frames that fell in one only; empty where the runs have not the same input.
    paired : frames of both; None where the inputs are not the same, so that no frame can be paired.
    """

    settings: tuple[tuple[str, str, str], ...]
    figures: tuple[Figure, ...]
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]
    paired: int | None


def compared(a: Run, b: Run) -> Comparison:
    """Compare two runs."""
    only_a: list[int] = []
    only_b: list[int] = []
    paired = None
    if _input(a) is not None and _input(a) == _input(b):
        fell_a, fell_b = _fell(a), _fell(b)
        both = sorted(fell_a.keys() & fell_b.keys())
        paired = len(both)
        only_a = [i for i in both if fell_a[i] and not fell_b[i]]
        only_b = [i for i in both if fell_b[i] and not fell_a[i]]
    return Comparison(
        settings=tuple(_differing(_condition(a), _condition(b))),
        figures=tuple(_figures(a, b)),
        only_a=tuple(only_a),
        only_b=tuple(only_b),
        paired=paired,
    )


def _figures(a: Run, b: Run) -> Iterator[Figure]:
    for name in NAMES:
        left, right = (_number(run.summary.get(name)) for run in (a, b))
        if left is None and right is None:
            continue
        better = ""
        if left is not None and right is not None and left != right:
            if name in HIGHER_IS_WORSE:
                better = "A" if left < right else "B"
            elif name in LOWER_IS_WORSE:
                better = "A" if left > right else "B"
        yield Figure(name, left, right, better)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _condition(run: Run) -> dict[str, str]:
    flat: dict[str, str] = {}
    condition = run.summary["condition"]
    if not isinstance(condition, Mapping):
        raise TypeError("a summary without its condition")
    for word, value in condition.items():
        if isinstance(value, Mapping):
            flat |= {str(inner): _spelled(held) for inner, held in value.items()}
        elif word not in _SPOKEN:
            flat[str(word).removesuffix("_text")] = _spelled(value)
    weights = run.manifest.get("weights")
    if isinstance(weights, Mapping):
        flat["weights"] = str(weights.get("sha256"))[:12]
    return flat


def _spelled(value: Any) -> str:
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(fault_word(each) for each in value)
    return str(value)


def fault_word(value: Any) -> str:
    """A fault as config.toml spells it; anything else as it is."""
    if isinstance(value, Mapping) and "name" in value:
        return f"{value['name']}:{value.get('severity', 0):g}"
    return str(value)


def _differing(a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for word in dict.fromkeys((*a, *b)):
        left, right = a.get(word, "none"), b.get(word, "none")
        if left != right:
            yield word, left, right


def _input(run: Run) -> object:
    """What tells whether frame i is the same picture; None where nothing does, as with a camera."""
    manifest, condition = run.manifest, run.summary["condition"]
    if not isinstance(condition, Mapping):
        raise TypeError("a summary without its condition")
    if not manifest.get("input") and not str(manifest.get("source")).startswith(SCENE_PREFIX):
        return None
    return manifest.get("source"), manifest.get("seed"), manifest.get("input"), condition["width"]


def _fell(run: Run) -> dict[int, bool]:
    rows = run.frames().select(["index", "success"]).to_pydict()
    return {
        int(i): bool(fell)
        for i, fell in zip(rows["index"], rows["success"], strict=True)
        if fell is not None
    }
