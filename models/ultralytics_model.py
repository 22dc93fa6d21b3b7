"""ultralytics' own .pt, where the user has installed ultralytics (AGPL-3.0: no dependency of camdrift)."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.detector import Detector
from models.errors import ModelLoadError, reason
from models.options import ModelOptions
from models.own_model import own_model

_LAYERS = ("ultralytics.nn.", "torch.nn.modules.")
"""Where a checkpoint's classes may come from; each must be a layer (nn.Module), too."""

_HARMLESS = {
    "collections.OrderedDict",
    "torch.Size",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "pathlib.PurePosixPath",
}


def is_ultralytics(path: Path) -> bool:
    """Whether the pickle in that file names ultralytics' layers; nothing of it is run to find out."""
    return any(name.startswith("ultralytics.") for name in _named(path))


def load_ultralytics(path: Path, options: ModelOptions) -> Detector:
    """The detection model in ultralytics' checkpoint, in the yolov8 layout, before its sigmoid.

    ultralytics itself would unpickle anything. Here the pickle may name layers of ultralytics and of torch
    and nothing else, so a checkpoint cannot bring code of its own.

    Raises
    ------
    ModelLoadError : ultralytics is not installed, the pickle names something else, or it is no detector.
    """
    if importlib.util.find_spec("ultralytics") is None:
        raise ModelLoadError(
            f"model {path.name}: a checkpoint of ultralytics', which is not installed; "
            "`pip install ultralytics` (AGPL-3.0), or export the model to ONNX"
        )
    allowed = [_class(path, name) for name in _named(path)]
    try:
        with torch.serialization.safe_globals(allowed):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # The unpickler's own refusals, and whatever an older checkpoint does to newer layers.
        raise ModelLoadError(
            f"model {path.name}: ultralytics' checkpoint cannot be opened ({reason(error)}); "
            "export it to ONNX"
        ) from error
    model = (content.get("ema") or content.get("model")) if isinstance(content, dict) else None
    if not isinstance(model, nn.Module):
        raise ModelLoadError(f"model {path.name}: holds no network; export it to ONNX")
    names = getattr(model, "names", {})
    network = _BeforeSigmoid(path.name, model.float().eval().requires_grad_(False))
    labels = [str(names[key]) for key in sorted(names)] if isinstance(names, dict) else list(names)
    return own_model(path.name, network, options, names=labels)


class _BeforeSigmoid(nn.Module):
    """The network with class logits in the place of class scores."""

    def __init__(self, name: str, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        layers: Any = getattr(model, "model", None)
        head: Any = layers[-1] if isinstance(layers, nn.Sequential) else None
        classes = getattr(head, "nc", None)
        if classes is None or not hasattr(head, "stride"):
            raise ModelLoadError(
                f"model {name}: not a detection model of ultralytics'; export it to ONNX"
            )
        head.end2end = False  # the dense answer, not its own selection of the best
        self.classes = int(classes)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        answer, raw = self.model(values)
        logits = _class_logits(raw, self.classes)
        return torch.cat([answer[:, :4], logits], 1)


def _class_logits(raw: Any, classes: int) -> torch.Tensor:
    """(N, C, A) from the by-product beside the answer: a dictionary since 8.4, feature maps before."""
    if isinstance(raw, dict):
        raw = raw.get("one2many", raw)
        scores: torch.Tensor = raw["scores"]
        return scores
    return torch.cat([of_one.flatten(2)[:, -classes:] for of_one in raw], 2)


def _named(path: Path) -> list[str]:
    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(str(path)))
    except (RuntimeError, ValueError, OSError, EOFError):
        return []


def _class(path: Path, name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    if name in _HARMLESS or name.startswith(_LAYERS):
        found = getattr(importlib.import_module(module), attribute, None)
        if name in _HARMLESS or (isinstance(found, type) and issubclass(found, nn.Module)):
            return found
    raise ModelLoadError(
        f"model {path.name}: its pickle wants {name}, which is no layer of ultralytics' or torch's, and "
        "is not opened; export the model to ONNX"
    )
