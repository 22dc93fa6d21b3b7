"""An observation as the two pictures that people look at, in the panel and in the report."""

from __future__ import annotations

from monitor.arrays import Pixels
from monitor.pictures import attacked_picture, clean_picture
from monitor.pipeline import Observation


def clean_view(seen: Observation, class_names: tuple[str, ...], *, zoom: int) -> Pixels:
    """The clean frame with its detections, ids and trails; see `clean_picture`."""
    return clean_picture(
        seen.frame.pixels,
        seen.drift,
        class_names,
        zoom=zoom,
        tracks=seen.tracks,
        trails=seen.clean_trails,
    )


def attacked_view(seen: Observation, class_names: tuple[str, ...], *, zoom: int) -> Pixels:
    """The attacked frame with its detections, ids and trails, clean trails thin; see `attacked_picture`."""
    return attacked_picture(
        seen.attacked_pixels,
        seen.drift,
        class_names,
        zoom=zoom,
        tracks=seen.tracks,
        trails=seen.attacked_trails,
        clean_trails=seen.clean_trails,
    )
