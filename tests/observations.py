"""Made-up observations, for the tests of all that comes after the pipeline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import supervision as sv

from monitor.answers import Counts
from monitor.distances import Distances
from monitor.drift.matching import match
from monitor.pipeline import Observation
from streams.frame import Frame


def observed(
    index: int, clean: sv.Detections, attacked: sv.Detections, **changes: object
) -> Observation:
    """Frame `index` of a 25-a-second clip with these two answers; `changes` are fields of Observation."""
    pixels = np.full((24, 32, 3), 100, dtype=np.uint8)
    time = index / 25
    seen = Observation(
        frame=Frame(pixels, index, time, 0.0, "clip.avi"),
        clean=clean,
        attacked_pixels=pixels,
        attacked=attacked,
        drift=match(clean, attacked, index=index, media_time=time),
        success=len(attacked) == 0 if len(clean) else None,
        counts=Counts(2, 1),
        distances=Distances(linf=4 / 255, l2=0.5, l1=2.5, l0=40, values=90),
        stages_ms={},
    )
    return replace(seen, **changes)  # type: ignore[arg-type]
