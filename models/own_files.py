"""What a user may write for a model of their own, each form with an example and its loader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.detector import Detector
from models.errors import ModelLoadError
from models.options import ModelOptions


@dataclass(frozen=True, slots=True)
class Form:
    """One form of `--model` that is no name of the zoo.

    Attributes
    ----------
    form : how it is written.
    example : one that can be copied.
    access : white- or black-box, in words.
    matches : whether a text is of this form.
    load : (text, options) -> detector; raises `ModelError`.
    weights : text -> the file or folder whose hash stands for the weights; None where there is none.
    """

    form: str
    example: str
    access: str
    matches: Callable[[str], bool]
    load: Callable[[str, ModelOptions], Detector]
    weights: Callable[[str], Path | None]


def _torchvision(spec: str, options: ModelOptions) -> Detector:
    from models.torchvision_zoo import load_torchvision

    return load_torchvision(spec.partition(":")[2], options)


def _torchvision_weights(spec: str) -> Path | None:
    from models.torchvision_zoo import weights_path

    return weights_path(spec.partition(":")[2])


def _hugging_face(spec: str, options: ModelOptions) -> Detector:
    from models.hf_model import load_hugging_face

    return load_hugging_face(Path(spec.partition(":")[2]).expanduser(), options)


def _onnx(spec: str, options: ModelOptions) -> Detector:
    from models.onnx_model import load_onnx

    return load_onnx(_file(spec), options)


def _torch(spec: str, options: ModelOptions) -> Detector:
    from models.torch_file import load_torch_file

    return load_torch_file(_file(spec), options)


def _factory(spec: str, options: ModelOptions) -> Detector:
    from models.factory import load_factory

    return load_factory(spec, options)


def _is_factory(spec: str) -> bool:
    from models.factory import SPEC

    return SPEC.fullmatch(spec) is not None


def _file(spec: str) -> Path:
    path = Path(spec).expanduser()
    if not path.is_file():
        raise ModelLoadError(f"model {spec}: no such file; check the path")
    return path


FORMS = (
    Form(
        form="torchvision:NAME",
        example="--model torchvision:ssdlite320_mobilenet_v3_large",
        access="white-box",
        matches=lambda spec: spec.startswith("torchvision:"),
        load=_torchvision,
        weights=_torchvision_weights,
    ),
    Form(
        form="hf:FOLDER",
        example="--model hf:models/detr-resnet-50",
        access="white-box",
        matches=lambda spec: spec.startswith("hf:"),
        load=_hugging_face,
        weights=lambda spec: Path(spec.partition(":")[2]).expanduser() / "model.safetensors",
    ),
    Form(
        form="FILE.onnx",
        example="--model yolov8n.onnx",
        access="white-box, black-box where conversion fails",
        matches=lambda spec: spec.lower().endswith(".onnx"),
        load=_onnx,
        weights=lambda spec: Path(spec).expanduser(),
    ),
    Form(
        form="FILE.pt",
        example="--model detector.torchscript.pt",
        access="white-box",
        matches=lambda spec: spec.lower().endswith((".pt", ".pth", ".torchscript")),
        load=_torch,
        weights=lambda spec: Path(spec).expanduser(),
    ),
    Form(
        form="package.module:factory",
        example="--model mine.detector:build",
        access="what it returns",
        matches=_is_factory,
        load=_factory,
        weights=lambda _: None,
    ),
)
"""In the order in which a text is tried."""


def form_of(spec: str) -> Form | None:
    """The form that a text is of; None: it can only be a name of the zoo."""
    return next((form for form in FORMS if form.matches(spec)), None)
