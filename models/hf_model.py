"""hf:PATH: a local object-detection model of Hugging Face's transformers, which is no dependency."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import supervision as sv
import torch

from models.decoding import Decoder
from models.detector import Candidates, Pixels, checked, to_tensor
from models.errors import ModelLoadError, reason
from models.fitting import Fit
from models.layouts.layout import corners
from models.log_odds import of_softmax
from models.options import ModelOptions

PREFIX = "hf:"
WEIGHTS = "model.safetensors"

_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and deviation where the folder names none; the family's own default."""

_SHORT, _LONG = 800, 1333
"""The family's own default of the shortest and the longest side."""


class HuggingFaceModel:
    """A white-box detector around a DETR-like model: queries, each with a box and class logits.

    Where there is a logit more than classes the last one means "no object" and all are one softmax (DETR,
    YOLOS); otherwise each has a sigmoid (Deformable DETR, RT-DETR). Queries are not tied to a place, so
    `fixed` is False, and there is no suppression, as the family has none.

    Parameters
    ----------
    name : what the user calls it.
    network : of transformers; pixel_values -> logits (N, Q, C or C + 1), pred_boxes (N, Q, 4) cx cy w h.
    class_names : class id -> name.
    options : mean, std and input_size are heeded.
    sides : shortest and longest side that the frame is scaled to, where `options` give no size.
    """

    def __init__(
        self,
        name: str,
        network: Any,
        class_names: tuple[str, ...],
        options: ModelOptions,
        sides: tuple[int, int],
    ) -> None:
        self.name = name
        self.network = network.eval().requires_grad_(False)
        self.class_names = class_names
        self._options = options
        self._sides = sides
        self._decoder = Decoder(name, class_names, nms=1.0, single=True)

    def forward(self, frames: torch.Tensor) -> Candidates:
        """See `WhiteBoxDetector.forward`."""
        height, width = checked(frames).shape[2:]
        size = self._options.input_size or self._size(width, height)
        values, _ = Fit(size, self._options)(frames)
        answer = self.network(pixel_values=values)
        logits = answer.logits
        if logits.shape[2] == len(self.class_names) + 1:
            logits = of_softmax(logits)[..., :-1]
        frame = frames.new_tensor([width, height] * 2)
        return Candidates(logits, lambda: corners(answer.pred_boxes) * frame, fixed=False)

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """See `WhiteBoxDetector.decode`."""
        return self._decoder.batch(candidates, threshold)

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """See `Detector.detect`."""
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]

    def _size(self, width: int, height: int) -> tuple[int, int]:
        short, long = self._sides
        gain = min(short / min(width, height), long / max(width, height))
        return max(1, round(width * gain)), max(1, round(height * gain))


def load_hugging_face(folder: Path, options: ModelOptions) -> HuggingFaceModel:
    """The model in a folder that `save_pretrained` has written.

    Only safetensors are read, only classes of transformers itself are used, and nothing is fetched.

    Raises
    ------
    ModelLoadError : no such folder, no safetensors in it, transformers missing, or no detection model.
    """
    spec = f"{PREFIX}{folder}"
    if not (folder / "config.json").is_file():
        raise ModelLoadError(
            f"model {spec}: no config.json there; give a folder that `save_pretrained` has written"
        )
    if not (folder / WEIGHTS).is_file():
        raise ModelLoadError(
            f"model {spec}: no {WEIGHTS} there, and pickled weights are not opened; save the model "
            "again with a transformers that writes safetensors"
        )
    if importlib.util.find_spec("transformers") is None:
        raise ModelLoadError(
            f"model {spec}: needs transformers, which is not installed; `pip install transformers`"
        )
    import transformers

    try:
        network = transformers.AutoModelForObjectDetection.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
    except Exception as error:  # of a dozen kinds
        raise ModelLoadError(
            f"model {spec}: transformers cannot load it as an object detector ({reason(error)})"
        ) from error
    labels = network.config.id2label
    names = options.names or tuple(str(labels[key]) for key in sorted(labels))
    if len(names) != len(labels):
        raise ModelLoadError(
            f"model {spec}: has {len(labels)} classes, [model] names lists {len(names)}; correct it"
        )
    prepared, sides = _prepared(folder, options)
    return HuggingFaceModel(spec, network, names, prepared, sides)


def _prepared(folder: Path, options: ModelOptions) -> tuple[ModelOptions, tuple[int, int]]:
    """What preprocessor_config.json says, where the user is silent; (options, (shortest, longest))."""
    file = folder / "preprocessor_config.json"
    try:
        said = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise ModelLoadError(
            f"model {PREFIX}{folder}: {file.name} is not JSON ({error}); write it again"
        ) from error
    plain = ModelOptions()
    if (options.mean, options.std) == (plain.mean, plain.std) and said.get("do_normalize", True):
        mean, std = said.get("image_mean", _IMAGENET[0]), said.get("image_std", _IMAGENET[1])
        options = replace(options, mean=tuple(mean), std=tuple(std))
    size = said.get("size", {})
    size = size if isinstance(size, dict) else {"shortest_edge": size}
    if options.input_size is None and {"width", "height"} <= size.keys():
        options = replace(options, input_size=(size["width"], size["height"]))
    sides = size.get("shortest_edge", _SHORT), size.get("longest_edge", _LONG)
    return replace(options, resize="stretch"), sides
