"""What became of the tracks, in one sentence; for the report and for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tracks_sentence(summary: Mapping[str, Any]) -> str:
    """How many tracks there were, how many were lost, after how long, and how many were found again."""
    counts = summary["counts"]
    tracks, lost, found = (counts[key] for key in ("tracks", "tracks_lost", "tracks_recovered"))
    made_up = counts["tracks_made_up"]
    more = f"; {made_up} in the attacked answers only" if made_up else ""
    if not tracks:
        return f"no object was followed over several frames{more}"
    text = f"{tracks} followed"
    if counts["tracks_attacked"]:
        text += f", {lost} lost under attack" if lost else ", none lost under attack"
    if lost:
        text += f" (after {_span(summary, 'time_to_loss')}, median), {found} found again"
        text += f" (after {_span(summary, 'time_to_recovery')}, median)" if found else ""
    switches = summary["track_switches"]
    return f"{text}, {switches} switch{'' if switches == 1 else 'es'}{more}"


def _span(summary: Mapping[str, Any], name: str) -> str:
    frames, seconds = summary[f"{name}_frames"], summary[f"{name}_s"]
    text = f"{frames:g} frame" + ("" if frames == 1 else "s")
    return text if seconds is None else f"{text}, {seconds:.2f} s"
