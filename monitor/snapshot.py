"""One frame as a ZIP archive: the two frames bit for bit, the pictures that people look at, and the facts."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Final

from monitor.conditions import attack_text
from monitor.config import Settings
from monitor.distances import Norm
from monitor.drift.matching import ObjectDrift, class_name
from monitor.pictures import difference_picture, heat_picture, legible_zoom
from monitor.pipeline import Observation
from monitor.runs.manifest import build_manifest
from monitor.runs.worst import encoded
from monitor.views import attacked_view, clean_view

NOTE: Final = (
    "Test material: a frame of a robustness test, perturbed on purpose where it is attacked."
)


def snapshot(
    seen: Observation,
    settings: Settings,
    names: tuple[str, ...],
    *,
    run: str,
    now: datetime | None = None,
) -> bytes:
    """The archive.

    clean.png and attacked.png hold the frames as the model saw them; the other pictures are for people;
    snapshot.json says what was found, how far the frames are apart, and what it was made with.

    Parameters
    ----------
    seen : the frame.
    settings : under which it was worked on.
    names : class id -> name.
    run : the name of the run or session that it is of.
    now : aware; injected for tests.
    """
    zoom = legible_zoom(seen.frame.pixels)
    clean, attacked = seen.frame.pixels, seen.attacked_pixels
    pictures = {
        "clean.png": clean,
        "attacked.png": attacked,
        "clean-boxes.png": clean_view(seen, names, zoom=zoom),
        "attacked-boxes.png": attacked_view(seen, names, zoom=zoom),
        "difference.png": difference_picture(clean, attacked, settings.panel.amplify),
        "heat.png": heat_picture(clean, attacked),
    }
    facts = _facts(seen, settings, names, run, now or datetime.now(UTC))
    held = io.BytesIO()
    # PNG is compressed already.
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for name, picture in pictures.items():
            archive.writestr(name, encoded(picture))
        archive.writestr("snapshot.json", json.dumps(facts, indent=2, ensure_ascii=False))
    return held.getvalue()


def _facts(
    seen: Observation, settings: Settings, names: tuple[str, ...], run: str, now: datetime
) -> dict[str, object]:
    frame = seen.frame
    return {
        "note": NOTE,
        "run": run,
        "frame": frame.index,
        "lap": frame.lap,
        "attack": attack_text(settings),
        "goal_met": seen.success,
        "distances": {str(norm): seen.distances.under(norm) for norm in Norm},
        "forwards": seen.counts.forwards,
        "backwards": seen.counts.backwards,
        "objects": [_object(thing, names) for thing in seen.drift.objects],
        # The input's hash would mean to read a whole video for one frame of it.
        "manifest": build_manifest(
            settings, name=run, source=frame.source, input_file=None, command=(), started=now
        ),
    }


def _object(thing: ObjectDrift, names: tuple[str, ...]) -> dict[str, object]:
    def side(
        label: int | None, score: float, box: tuple[float, ...] | None
    ) -> dict[str, object] | None:
        if label is None or box is None:
            return None
        name = class_name(label, names)
        return {"class": name, "score": float(score), "box_px": [float(value) for value in box]}

    return {
        "outcome": str(thing.outcome),
        "clean": side(thing.clean_class, thing.clean_score, thing.clean_box),
        "attacked": side(thing.attacked_class, thing.attacked_score, thing.attacked_box),
    }
