"""What is said of a run's video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def video_words(summary: Mapping[str, Any]) -> str:
    """The files, and what the codec left of the attack; "" where the run has no video."""
    video = summary.get("video")
    if not video:
        return ""
    said = [", ".join(video["files"]) or "no file"]
    if video["survival_words"]:
        said.append(str(video["survival_words"]))
    if video["frames_lost"]:
        said.append(f"{video['frames_lost']} frames came too fast for the encoder and are missing")
    if video["broke_off"]:
        said.append(f"broke off {video['broke_off']}")
    return "; ".join(said)
