"""config.toml -> frozen settings; the one place where a setting's name, default, unit and range stand.

The same words are used in config.toml, on the command line, in the panel and in a run's manifest.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    field_validator,
)

from monitor.access_settings import AccessSettings
from monitor.alarm_settings import AlarmSettings
from monitor.attack_settings import AttackSettings
from monitor.distances import Norm, format_eps
from monitor.errors import ConfigError
from monitor.setting_kinds import Names, Section, Size, Triple


class StreamSettings(Section):
    """Where frames come from."""

    source: str = Field(
        default="auto",
        min_length=1,
        description='a camera\'s index ("0"), a URL (rtsp://, http://), a video file, a folder of pictures, '
        '"scene:road", "photo:PATH", "visitor" (the camera of whoever opens the panel), or "auto": the first '
        "camera that delivers a frame, else scene:portrait",
    )
    also: Names = Field(
        default=(),
        max_length=15,
        description="live only: more sources beside the first, each watched by the same model",
    )
    width: int = Field(
        default=320,
        ge=32,
        le=3840,
        description="pixels; working width: frames are scaled to it before all else",
    )
    loop: bool = Field(default=True, description="live only: start a video file again when it ends")
    open_timeout: float = Field(
        default=10, ge=0.5, le=300, description="seconds for a network camera to answer"
    )
    read_timeout: float = Field(
        default=5,
        ge=0.5,
        le=300,
        description="seconds between two pictures of a network camera before it counts as lost",
    )
    reconnect: int = Field(
        default=-1,
        ge=-1,
        le=1_000_000,
        description="attempts to get a lost live source back; -1: for ever, 0: none",
    )
    reconnect_wait: float = Field(
        default=10,
        ge=0.1,
        le=3600,
        description="seconds between two attempts at most; they begin at half a second and double",
    )
    max_age: float = Field(
        default=2,
        ge=0,
        le=3600,
        description="seconds; a live frame that is older when its turn comes is dropped and counted; 0: none",
    )
    frozen_after: float = Field(
        default=5,
        ge=0,
        le=3600,
        description="seconds of the same picture, bit for bit, after which a live source counts as frozen; "
        "0: never",
    )


class DetectorSettings(Section):
    """What looks at the frames."""

    model: str = Field(
        default="faces",
        min_length=1,
        description="a name that `camdrift models` lists, or your own: torchvision:NAME, hf:FOLDER, "
        "FILE.onnx, FILE.pt, package.module:factory",
    )
    threshold: float = Field(
        default=0.5, gt=0, lt=1, description="score from which a detection counts, between 0 and 1"
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="threads of a model's forward and backward, taken when it is loaded; 0: one a core; a "
        "small model beside a camera and the panel is faster with 1; gradients differ in their last digits",
    )


class ModelSettings(Section):
    """What has to be said of a model of one's own; the built-in ones heed `classes` only."""

    input_size: Size = Field(
        default="auto",
        description='pixels, "640x480" or 640; "auto": what the file says, else the frame\'s own size',
    )
    mean: Triple = Field(
        default=(0.0, 0.0, 0.0),
        description="taken off each channel, in the model's order, in units of value_range",
    )
    std: Triple = Field(
        default=(1.0, 1.0, 1.0), description="each channel is divided by it after the mean"
    )
    channels: Literal["rgb", "bgr"] = Field(
        default="rgb", description='"rgb" or "bgr", as the model was trained'
    )
    value_range: float = Field(
        default=1, gt=0, le=65535, description="what white is to the model: 1 or 255"
    )
    resize: Literal["letterbox", "stretch"] = Field(
        default="letterbox", description='"letterbox" keeps the shape and pads; "stretch" does not'
    )
    names: Names = Field(
        default=(), description="class names in order, or one text file of them; empty: the file's"
    )
    classes: Names = Field(
        default=(), description='names of the classes that count, like "stop sign"; empty: all'
    )
    layout: Literal["auto", "yolov8", "yolov5", "ssd", "centernet"] = Field(
        default="auto", description="how the raw outputs are laid out; see docs/models.md"
    )
    nms: float = Field(
        default=0.45,
        gt=0,
        le=1,
        description="overlap from which the weaker of two boxes of a class goes; 1: none",
    )
    agnostic: bool = Field(default=False, description="the weaker box goes whatever its class")

    @field_validator("std")
    @classmethod
    def _can_divide(cls, std: tuple[float, ...]) -> tuple[float, ...]:
        if min(std) <= 0:
            raise ValueError("must be above 0")
        return std


class FaultSettings(Section):
    """What the camera suffers by itself, with or without an attack."""

    faults: str = Field(
        default="",
        max_length=500,
        description='names that `camdrift faults` lists, each with a severity from 0 to 5: "fog:2, jpeg"; '
        "without one it is 3; empty: none",
    )
    ramp: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="frames over which all severities rise from 0 and fall back again; 0: they stay",
    )


class DriftSettings(Section):
    """How the two answers are compared."""

    iou: float = Field(
        default=0.5, gt=0, le=1, description="overlap from which two boxes are one object"
    )
    window: int = Field(default=120, ge=1, le=100_000, description="frames in the rolling window")


class PanelSettings(Section):
    """The live panel."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="address to listen on; others need a password",
    )
    port: int = Field(
        default=7860, ge=0, le=65535, description="port to listen on; 0 takes a free one"
    )
    password: str = Field(
        default="",
        description="asked for at the door when set: itself, or better its hash (`camdrift password`); the "
        "environment's CAMDRIFT_PASSWORD comes first",
    )
    amplify: float = Field(
        default=8, ge=1, le=64, description="how much the shown perturbation is amplified"
    )
    trails: float = Field(
        default=2, ge=0, le=10, description="seconds of trail drawn behind each track; 0: none"
    )
    idle_after: float = Field(
        default=10,
        ge=0,
        le=86_400,
        description="seconds without a viewer after which the work pauses; 0: never",
    )


class RunSettings(Section):
    """What is written to disk."""

    runs: str = Field(
        default="runs", min_length=1, description="folder that run folders are made in"
    )
    record: bool = Field(default=False, description="live only: write a run folder too")
    video: Literal["none", "clean", "attacked", "side"] = Field(
        default="none",
        description='"clean", "attacked" or "side" (by side): frames of the run as video too, without boxes; '
        "live it takes record",
    )
    codec: Literal["ffv1", "h264"] = Field(
        default="ffv1",
        description='"ffv1" keeps every pixel; "h264" destroys some of an attack: the report says how much',
    )
    seed: int = Field(
        default=0, ge=0, lt=2**63, description="of every random draw; same seed, same numbers"
    )
    frames: int = Field(
        default=0, ge=0, description="stop after this many frames; 0: at the end of the source"
    )
    part_frames: int = Field(default=256, ge=1, le=100_000, description="frames a Parquet part")


class Settings(Section):
    """All settings; immutable. `changed` makes another one."""

    stream: StreamSettings = StreamSettings()
    detector: DetectorSettings = DetectorSettings()
    model: ModelSettings = ModelSettings()
    attack: AttackSettings = AttackSettings()
    faults: FaultSettings = FaultSettings()
    drift: DriftSettings = DriftSettings()
    alarms: AlarmSettings = AlarmSettings()
    panel: PanelSettings = PanelSettings()
    access: AccessSettings = AccessSettings()
    run: RunSettings = RunSettings()

    def changed(self, changes: Mapping[str, object]) -> Settings:
        """These settings with some words changed: `changed({"eps": "8/255", "goal": "any"})`.

        Raises
        ------
        ConfigError : a word that does not exist or a value out of range; nothing is changed then.
        """
        tree: dict[str, dict[str, object]] = self.model_dump()
        homes = {word: section for section, word in words()}
        for word, value in changes.items():
            if word not in homes:
                raise ConfigError(_unknown(word, list(homes), "setting"))
            tree[homes[word]][word] = value
        return _validated(tree, "")

    def word(self, word: str) -> Any:
        """The value of one word, whichever section it stands in."""
        return next(
            getattr(getattr(self, section), word) for section, name in words() if name == word
        )


def sections() -> dict[str, type[BaseModel]]:
    """Name -> model of every section, in the order of config.toml."""
    models = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        name: model
        for name, model in models.items()
        if isinstance(model, type) and issubclass(model, BaseModel)
    }


def words() -> Iterator[tuple[str, str]]:
    """(section, word) of every setting, in the order of config.toml; words are unique over sections."""
    for section, model in sections().items():
        for word in model.model_fields:
            yield section, word


def load(path: Path | None) -> Settings:
    """Settings from a TOML file; None: the defaults.

    Raises
    ------
    ConfigError : no such file, not TOML, an unknown key, a value out of range; one line with the key,
        the value, what is allowed and the nearest valid key.
    """
    if path is None:
        return Settings()
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `camdrift config > {path}` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    return _validated(tree, str(path))


def default_toml() -> str:
    """config.toml with every setting, its default and its comment; the file at the root is this text."""
    lines = [
        "# camdrift: every setting with its default. Words mean the same here, on the command line",
        "# and in the panel. eps is in pixel units of [0, 1]; sizes are in pixels, times in seconds.",
    ]
    for section, model in sections().items():
        lines += ["", f"[{section}]"]
        for word, setting in model.model_fields.items():
            lines.append(f"# {setting.description}{_range(setting.metadata)}")
            lines.append(f"{word} = {_toml(word, setting.default)}")
    return "\n".join(lines) + "\n"


def _validated(tree: Mapping[str, object], origin: str) -> Settings:
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{origin}: {_first_line(error)}".removeprefix(": ")) from None


def _first_line(error: ValidationError) -> str:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    key = ".".join(place)
    if len(place) == 1 and not isinstance(first["input"], dict):
        homes = {word: section for section, word in words()}
        if key in homes:
            return f"{key} = {first['input']!r}: belongs in section [{homes[key]}]"
    if first["type"] == "extra_forbidden":
        if len(place) == 1:
            return _unknown(key, list(Settings.model_fields), "section")
        known = [f"{section}.{word}" for section, word in words()]
        return _unknown(key, known, "setting") + f" (value: {first['input']!r})"
    reason = str(first["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{key} = {first['input']!r}: {reason}" if place[1:] else f"{key}: {reason}"


def _unknown(key: str, known: list[str], what: str) -> str:
    # A key under the wrong section is nearest to the same word elsewhere.
    same = [other for other in known if other.rpartition(".")[2] == key.rpartition(".")[2]]
    nearest = same or difflib.get_close_matches(key, known, n=1, cutoff=0)
    return f"{key}: no such {what}; the nearest is {nearest[0]}"


def _range(metadata: list[object]) -> str:
    low = next((f"{m.ge:g}" for m in metadata if hasattr(m, "ge")), None) or next(
        (f"above {m.gt:g}" for m in metadata if hasattr(m, "gt")), None
    )
    high = next((f"{m.le:g}" for m in metadata if hasattr(m, "le")), None) or next(
        (f"below {m.lt:g}" for m in metadata if hasattr(m, "lt")), None
    )
    if low is None:
        return ""
    return f" ({low} to {high})" if high else f" (at least {low})"


def _toml(word: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if word == "eps":
        assert isinstance(value, float)
        return f'"{format_eps(value, Norm.LINF)}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(word, part) for part in value)}]"
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:g}" if isinstance(value, float) else str(value)
