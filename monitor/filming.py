"""A run's video beside its tables: made, finished, judged, and told in the summary."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import Final

from models.detector import Detector
from models.errors import ModelError
from monitor.config import Settings
from monitor.pipeline import Pipeline
from monitor.runs import RunWriter
from monitor.survival import codec_survival
from monitor.video import MOST_KEPT, Film, Video
from streams.errors import StreamError
from streams.writer import Codec

log = logging.getLogger(__name__)

NOTE: Final = (
    "Test material: frames of a robustness test, perturbed on purpose where they are attacked."
)
"""What goes with every video."""

_SPELLED: Final[dict[Codec, str]] = {"ffv1": "FFV1", "h264": "H.264"}


def begin_film(
    writer: RunWriter, settings: Settings, pipeline: Pipeline, *, wait: bool
) -> Film | None:
    """The film of a run, in its folder; None where the settings want none."""
    video = Video(settings.run.video)
    if video is Video.NONE:
        return None
    return Film(
        writer.folder,
        video,
        settings.run.codec,
        lambda seen: pipeline.aim_at(pipeline.aim, seen.frame),
        wait=wait,
    )


def finish_film(
    film: Film | None,
    writer: RunWriter,
    settings: Settings,
    detector: Detector,
    *,
    most: int = MOST_KEPT,
    turn: AbstractContextManager[object] | None = None,
) -> None:
    """Close a film and put into the summary what became of it; a video that failed ends no run.

    `most` and `turn` are `codec_survival`'s.
    """
    if film is None:
        return
    film.close()
    told: dict[str, object] = {
        "note": NOTE,
        "files": [reel.path.name for reel in film.reels],
        "codec": film.codec,
        "frames": film.frames,
        "frames_lost": film.lost,
        "broke_off": film.broke_off or None,
        "codec_survival": None,
        "survival_words": None,
    }
    try:
        survival = codec_survival(
            film,
            detector,
            threshold=settings.detector.threshold,
            iou=settings.drift.iou,
            most=most,
            turn=turn,
        )
    except (StreamError, ModelError) as error:
        log.warning("the codec's survival could not be measured: %s", error)
        told["survival_words"] = f"not measured: {error}"
    else:
        if survival is not None:
            told |= {
                "codec_survival": survival.share,
                "survival_words": survival.words(_SPELLED[film.codec]),
                "judged": survival.judged,
                "fallen": survival.fallen,
                "survived": survival.survived,
                "identical": survival.identical,
            }
    writer.attach("video", told)
