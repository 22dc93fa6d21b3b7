"""What the attack changed in the newest frame, object by object, in words."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from monitor.drift.matching import ObjectDrift, Outcome, class_name
from monitor.drift.tracks import ObjectTrack
from monitor.panel.readouts import NOTHING, css_colour
from monitor.panel.watch import Reading

MOST: Final = 8
"""Objects that are told; the rest is counted."""

_ORDER: Final = (Outcome.MISSED, Outcome.RELABELLED, Outcome.FABRICATED, Outcome.KEPT)
_ARROW: Final = "\N{RIGHTWARDS ARROW}"


def changes(reading: Reading, names: tuple[str, ...]) -> str:
    """The objects of the newest frame, worst first: "#3 stop -> speed limit, 0.91 -> 0.77"."""
    seen = reading.observation
    if seen is None:
        return '<p class="cd-hint">no frame yet</p>'
    told = sorted(
        seen.tracked(), key=lambda each: (_ORDER.index(each[0].outcome), -_moved(each[0]))
    )
    if not told:
        return '<p class="cd-hint">nothing found, clean or attacked</p>'
    items = "".join(_item(thing, track, names) for thing, track in told[:MOST])
    more = len(told) - MOST
    rest = f'<li class="cd-aside">and {more} more</li>' if more > 0 else ""
    return f'<ul class="cd-changes" aria-label="what changed, object by object">{items}{rest}</ul>'


def in_words(thing: ObjectDrift, names: tuple[str, ...], track_id: int | None = None) -> str:
    """One object on one line, without markup."""
    number = "" if track_id is None else f"#{track_id} "
    return number + ", ".join(filter(None, _parts(thing, names)))


def _parts(thing: ObjectDrift, names: tuple[str, ...]) -> Iterator[str]:
    match thing.outcome:
        case Outcome.FABRICATED:
            yield f"{NOTHING} {_ARROW} {_name(thing.attacked_class, names)}"
            yield f"{NOTHING} {_ARROW} {thing.attacked_score:.2f}"
        case Outcome.MISSED:
            yield f"{_name(thing.clean_class, names)} {_ARROW} {NOTHING}"
            yield f"{thing.clean_score:.2f} {_ARROW} {NOTHING}"
        case Outcome.RELABELLED:
            clean, attacked = (
                _name(which, names) for which in (thing.clean_class, thing.attacked_class)
            )
            yield f"{clean} {_ARROW} {attacked}"
            yield f"{thing.clean_score:.2f} {_ARROW} {thing.attacked_score:.2f}"
        case Outcome.KEPT:
            yield _name(thing.clean_class, names)
            yield f"{thing.clean_score:.2f} {_ARROW} {thing.attacked_score:.2f}"
    if thing.clean_box is not None and thing.attacked_box is not None:
        yield f"moved {thing.centre_shift_px:.1f} px" if thing.centre_shift_px >= 1 else ""


def _item(thing: ObjectDrift, track: ObjectTrack, names: tuple[str, ...]) -> str:
    outcome = thing.outcome
    number = track.track_id if track.track_id is not None else track.attacked_track_id
    dashed = "cd-dashed" if outcome is Outcome.MISSED else ""
    return (
        f'<li><i class="{dashed}" style="--c:{css_colour(outcome)}"></i><b>{outcome}</b>'
        f"<span>{escape(in_words(thing, names, number))}</span></li>"
    )


def _moved(thing: ObjectDrift) -> float:
    """For the order within an outcome: the larger change first."""
    drop = thing.attacked_score if thing.outcome is Outcome.FABRICATED else thing.score_drop
    return abs(drop)


def _name(label: int | None, names: tuple[str, ...]) -> str:
    return NOTHING if label is None else class_name(label, names)
