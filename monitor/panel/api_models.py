"""What the API answers and takes, as models that its OpenAPI document is made from."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from monitor.config import sections
from monitor.drift.alarms import Direction, Metric
from monitor.drift.matching import Outcome
from monitor.panel.controls import WORDS
from monitor.status import SessionState

MOST: Final = 1_000_000_000
"""The largest number of an alarm that is asked for."""

_EXAMPLES: Final[dict[str, list[Any]]] = {
    "source": ["scene:portrait"],
    "attack": ["pgd"],
    "goal": ["vanish"],
    "norm": ["linf"],
    "eps": ["8/255", 0.0157],
    "steps": [10],
}


class _Answer(BaseModel):
    """Every key is always there; what is not known is null."""

    # A name of a model is a good name for a field; pydantic would keep "model_" for itself.
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Refusal(_Answer):
    """Why there is nothing else."""

    detail: str = Field(
        description="One line for people.",
        examples=["eps = -1.0: must be greater than or equal to 0"],
    )


class StatusAnswer(_Answer):
    """What the monitor is doing; with several cameras: the one in view."""

    state: SessionState = Field(
        description="`idle`: nobody watches, so the work rests. `reconnecting`: the camera was lost and is "
        "being opened again. `ended`, `failed`: POST /api/v1/start tries again."
    )
    source: str = Field(description="What is open, without credentials; empty before.")
    message: str = Field(description="The last thing that deserved a word; empty if none.")
    trouble: str = Field(description="Why pictures are not what they seem: lost, frozen, old.")
    frames: int = Field(ge=0, description="Frames that went through since the start.")
    fps: float | None = Field(description="Frames a second, over the last two seconds.")
    latency_ms: float | None = Field(description="Milliseconds from capture to picture, mean.")
    age_s: float | None = Field(
        description="Seconds since the newest frame was captured; null before."
    )
    dropped: int = Field(ge=0, description="Live frames that newer ones replaced.")
    late: int = Field(ge=0, description="Frames whose answer came after the deadline.")
    reconnects: int = Field(ge=0, description="How often the source was lost and came back.")
    model: str = Field(description="The model at work.", examples=["faces"])
    version: str = Field(description="Of camdrift.", examples=["0.1.0"])


Box = Annotated[list[float], Field(min_length=4, max_length=4)]


class ObjectAnswer(_Answer):
    """One object, in the clean answer, the attacked one, or both."""

    outcome: Outcome = Field(description="What became of it under the attack.")
    clean_class: str | None = Field(description="Null where it was made up.")
    attacked_class: str | None = Field(description="Null where it is missed.")
    clean_score: float | None = Field(description="In [0, 1].")
    attacked_score: float | None = Field(description="In [0, 1].")
    clean_box: Box | None = Field(description="Pixels: left, top, right, bottom.")
    attacked_box: Box | None = Field(description="Pixels: left, top, right, bottom.")
    iou: float | None = Field(description="Overlap of the two boxes, in [0, 1].")
    track_id: int | None = Field(description="Of the clean track; from its second frame on.")
    attacked_track_id: int | None = Field(description="That the attacked box carries.")


class DistancesAnswer(_Answer):
    """How far the attacked frame is from the clean one, in pixel units of [0, 1]."""

    linf: float = Field(description="The largest move of a value.", examples=[4 / 255])
    l2: float = Field(description="The Euclidean length of all moves.")
    l1: float = Field(description="The sum of all moves.")
    l0: int = Field(description="Pixels that differ.")


class FrameAnswer(_Answer):
    """One frame, without its pictures."""

    index: int = Field(description="Of the frame in its source, from 0; dropped ones count.")
    media_time: float | None = Field(description="Seconds since the recording began.")
    source: str = Field(description="Without credentials.")
    size: Annotated[list[int], Field(min_length=2, max_length=2)] = Field(
        description="Width and height in pixels, at the working resolution."
    )
    success: bool | None = Field(description="The goal was met; null: nothing was attacked.")
    late: bool = Field(description="The answer came after the deadline.")
    margin_eps: float | None = Field(
        description="Least eps at which the frame was seen to fall; null: it did not, or not measured."
    )
    distances: DistancesAnswer
    objects: list[ObjectAnswer] = Field(
        description="The clean answer's first, then the made-up ones."
    )


class RatesAnswer(_Answer):
    """What drifted over the window; null where there was nothing to divide by."""

    miss_rate: float | None = Field(description="Share of clean objects missed, in [0, 1].")
    relabel_rate: float | None = Field(description="Share of clean objects relabelled, in [0, 1].")
    fabrications_per_frame: float | None = Field(description="Made-up objects a frame.")
    attack_success_rate: float | None = Field(
        description="Share of attacked frames whose goal was met."
    )
    score_drop: float | None = Field(description="Clean less attacked score, mean over objects.")
    centre_shift_px: float | None = Field(description="Between the centres, mean, in pixels.")
    js_distance_classes: float | None = Field(
        description="Jensen-Shannon distance of the histograms of classes, base 2, in [0, 1]."
    )
    js_distance_scores: float | None = Field(description="The same of scores in ten bins.")


class DriftAnswer(_Answer):
    """The newest frame and the rates over the last ones."""

    frame: FrameAnswer | None = Field(description="Null before the first frame of a source.")
    rates: RatesAnswer
    window: int = Field(ge=0, description="Frames that the rates stand on.")


class EvidenceFrames(_Answer):
    """Indexes of the three frames that are an alarm's evidence."""

    before: int
    change: int
    call: int


class EvidencePictures(_Answer):
    """Where their pictures are: image/jpeg, for as long as they are kept."""

    before: str = Field(examples=["/api/v1/alarms/3/before.jpg"])
    change: str = Field(examples=["/api/v1/alarms/3/change.jpg"])
    call: str = Field(examples=["/api/v1/alarms/3/call.jpg"])


class AlarmAnswer(_Answer):
    """A figure that has changed for good."""

    number: int = Field(ge=1, description="1 for the first; it never goes back.", examples=[3])
    words: str = Field(description="The alarm on one line, for people.")
    metric: Metric = Field(description="Which figure, each in [0, 1] a frame.")
    direction: Direction = Field(description="Where it went.")
    before: float | None = Field(description="Its mean over `before_frames` frames.")
    after: float | None = Field(description="Its mean over `after_frames` frames.")
    before_frames: int
    after_frames: int
    frame: int = Field(description="Index of the frame at which it was called.")
    since: int = Field(description="Index of the frame at which the change seems to have begun.")
    lap: int = Field(ge=0, description="How often the source had begun anew before these frames.")
    detector: str = Field(description="Which saw it first.", examples=["page-hinkley", "adwin"])
    at: str = Field(description="ISO 8601, UTC.", examples=["2026-01-31T12:00:00.250Z"])
    source: str = Field(description="Without credentials.")
    attack: str = Field(description="What was at work on the stream.")
    frames: EvidenceFrames
    pictures: EvidencePictures


class AlarmsAnswer(_Answer):
    """The last alarms, newest last, at most 100."""

    alarms: list[AlarmAnswer]


def _settings_model(name: str, doc: str, *, partial: bool) -> type[BaseModel]:
    """A model of the words that may be changed, with config.toml's types, ranges and descriptions."""
    known = {
        word: field for model in sections().values() for word, field in model.model_fields.items()
    }
    fields: dict[str, Any] = {}
    for word in WORDS:
        field = known[word]
        said: dict[str, Any] = {
            "description": str(field.description),
            "examples": _EXAMPLES.get(word),
        }
        if not partial:
            fields[word] = (float if word == "eps" else field.annotation, Field(**said))
            continue
        kind, rules = field.annotation, field.metadata
        if word == "eps":  # its range depends on how it is written
            kind, rules = float | str, []
        elif kind is int:
            rules = [BeforeValidator(_whole), *rules]
        said |= {"default": None, "json_schema_extra": _without_default}
        fields[word] = (Annotated[kind, *rules] if rules else kind, Field(**said))
    config = ConfigDict(extra="forbid", strict=partial)
    made: type[BaseModel] = create_model(name, __config__=config, __doc__=doc, **fields)
    return made


def _whole(value: object) -> object:
    """JSON knows one kind of number: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_default(schema: dict[str, Any]) -> None:
    """A word that is left out stays as it is; null is no value."""
    schema.pop("default", None)


SettingsAnswer: Final = _settings_model(
    "SettingsAnswer",
    "The settings that may be changed, by their word in config.toml; eps is in pixel units of [0, 1].",
    partial=False,
)

SettingsChange: Final = _settings_model(
    "SettingsChange",
    "Some of the settings; the others stay. All of it holds from the next frame on, or nothing.",
    partial=True,
)
