"""The table of key figures: what each is called, its unit, how it is written, what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.distances import Norm, format_eps
from monitor.report.video_words import video_words

NO_VALUE = "not measured"


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One row, ready to be shown.

    Attributes
    ----------
    key : its name in summary.json.
    title : its name for people.
    value : with its unit.
    interval : of 95 %, "" where there is none.
    meaning : one sentence.
    reason : why there is no value, "" where there is one.
    """

    key: str
    title: str
    value: str
    interval: str
    meaning: str
    reason: str


def percent(value: float) -> str:
    """A share in percent; 100 % and 0 % are said only where they are exact."""
    if value in (0, 1):
        return f"{value:.0%}".replace("%", " %")
    shown = f"{100 * value:.1f}"
    return {"100.0": "> 99.9 %", "0.0": "< 0.1 %"}.get(shown, f"{shown} %")


def _plain(value: float) -> str:
    return f"{value:.3f}"


def _pixels(value: float) -> str:
    return f"{value:.2f} px"


def _frames(value: float) -> str:
    return f"{value:.0f} frame" + ("" if value == 1 else "s")


def _some_frames(value: float) -> str:
    return f"{value:g} frame" + ("" if value == 1 else "s")


def _times(value: float) -> str:
    return f"{value:.0f}"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


_ROWS: tuple[tuple[str, str, Callable[[float], str], str], ...] = (
    (
        "miss_rate",
        "Miss rate",
        percent,
        "Share of the objects found in the clean frames that the attacked frames lack.",
    ),
    (
        "attack_success_rate",
        "Attack success rate",
        percent,
        "Share of the attacked frames in which the attacker's goal was met in full.",
    ),
    (
        "score_drop",
        "Score drop",
        _plain,
        "Mean loss of confidence of a clean object, on a scale of 0 to 1; a missed one loses all of it.",
    ),
    (
        "fabrications_per_frame",
        "Fabrications a frame",
        _plain,
        "Objects a frame that appear only once the frame is attacked.",
    ),
    (
        "relabel_rate",
        "Relabel rate",
        percent,
        "Share of the clean objects that were found again, under another class.",
    ),
    (
        "longest_gap_frames",
        "Longest gap",
        _frames,
        "Longest run of frames in which one track stayed lost: seen in the clean frames, missed in the "
        "attacked ones.",
    ),
    (
        "longest_gap_s",
        "Longest gap in time",
        _seconds,
        "The longest time in which one track stayed lost, by the recording's own clock.",
    ),
    (
        "time_to_loss_frames",
        "Time to loss",
        _some_frames,
        "From a track's first frame under attack to the first one in which it was lost, median over the "
        "tracks that were lost; 0: at once.",
    ),
    (
        "time_to_loss_s",
        "Time to loss in time",
        _seconds,
        "The same by the recording's own clock.",
    ),
    (
        "time_to_recovery_frames",
        "Time to recovery",
        _some_frames,
        "From a track's first loss until the attacked answer had it again, median over the tracks that "
        "were found again.",
    ),
    (
        "time_to_recovery_s",
        "Time to recovery in time",
        _seconds,
        "The same by the recording's own clock.",
    ),
    (
        "track_switches",
        "Track switches",
        _times,
        "How often a clean track was followed by another attacked track than before, as CLEAR MOT counts "
        "identity switches (Bernardin, Stiefelhagen 2008).",
    ),
    (
        "trail_distance_px",
        "Distance of the trails",
        _pixels,
        "Mean distance between where the clean and the attacked answer have a track, also where the "
        "attacked one is at another place.",
    ),
    (
        "centre_shift_px",
        "Centre shift",
        _pixels,
        "Mean distance by which an object that was found again has moved, in pixels of the working frame.",
    ),
    (
        "js_distance_scores",
        "Drift of scores",
        _plain,
        "Jensen-Shannon distance of the score histograms: 0 for equal, 1 for nothing in common.",
    ),
    (
        "js_distance_classes",
        "Drift of classes",
        _plain,
        "Jensen-Shannon distance of the class histograms: 0 for equal, 1 for nothing in common.",
    ),
)

_MARGIN = (
    "margin_eps",
    "Robustness margin",
    "The eps at which half of the frames that were searched have fallen: median of the least eps at which "
    "each was seen to fall.",
)

_SEVERITY = (
    "fails_at_severity",
    "Fails at severity",
    "{:g} of 5".format,
    "The least severity of the faults, in steps of a half, at which at least half of the frames fell.",
)

_OF_CLASSES = ("relabel_rate", "js_distance_classes")
_ONE_CLASS = " This model knows one class only."

_LATER = {
    "calibration_error_clean": "Calibration error, clean",
    "calibration_error_attacked": "Calibration error, attacked",
    "map_clean": "Mean average precision, clean",
    "map_attacked": "Mean average precision, attacked",
}


def figure_rows(summary: Mapping[str, object]) -> list[FigureRow]:
    """The rows of the table, the most telling first."""
    intervals, reasons, condition = (
        summary[key] for key in ("intervals", "not_measured", "condition")
    )
    assert isinstance(intervals, dict)
    assert isinstance(reasons, dict)
    assert isinstance(condition, dict)
    one_class = len(condition["classes"]) == 1
    norm = Norm(condition["norm"])
    margin = (*_MARGIN[:2], lambda eps: f"{norm} {format_eps(eps, norm)}", _MARGIN[2])
    # A row of it where faults ramp; others would only read that they do not.
    severity = [_SEVERITY] if condition["ramp"] else []
    rows = []
    for key, title, written, meaning in (*_ROWS[:2], margin, *severity, *_ROWS[2:]):
        value, interval = summary[key], intervals.get(key)
        rows.append(
            FigureRow(
                key=key,
                title=title,
                value=NO_VALUE if not isinstance(value, int | float) else written(value),
                interval="" if not interval else " to ".join(map(written, interval)),
                meaning=meaning + (_ONE_CLASS if one_class and key in _OF_CLASSES else ""),
                reason=str(reasons.get(key, "")),
            )
        )
    return [*rows, *_video_rows(summary.get("video"))]


def _video_rows(video: object) -> list[FigureRow]:
    """What the codec of the run's video left of the attack, where there is one that shows it."""
    if not isinstance(video, dict):
        return []
    share = video["codec_survival"]
    return [
        FigureRow(
            key="codec_survival",
            title="Codec survival",
            value=f"{share:.2f}" if isinstance(share, float) else NO_VALUE,
            interval="",
            meaning="Of the frames that had fallen, the share that still falls in the video of this run: "
            f"{video_words({'video': video})}. {video['note']}",
            reason="",
        )
    ]


def later_figures(summary: Mapping[str, object]) -> list[tuple[str, str]]:
    """(what they need, which they are) of the figures that this version does not measure."""
    reasons = summary["not_measured"]
    assert isinstance(reasons, dict)
    grouped: dict[str, list[str]] = {}
    for key, title in _LATER.items():
        if key in reasons:
            grouped.setdefault(str(reasons[key]), []).append(title)
    return [(reason, ", ".join(titles)) for reason, titles in grouped.items()]
