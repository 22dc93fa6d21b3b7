"""hf:FOLDER: refusals without transformers; with it, tiny random models of both kinds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from models.detector import WhiteBoxDetector, to_tensor
from models.errors import ModelLoadError
from models.hf_model import HuggingFaceModel
from models.options import ModelOptions
from models.zoo import load_model

NAMES = ("cat", "dog")


class Queries(nn.Module):
    """Answers like DETR: three queries, whose logits are averages of the input, and fixed boxes."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.seen: tuple[int, ...] = ()

    def forward(self, pixel_values: torch.Tensor) -> Any:
        self.seen = tuple(pixel_values.shape)
        mean = pixel_values.mean((2, 3))
        steps = torch.arange(3 * self.columns, dtype=mean.dtype).reshape(1, 3, self.columns)
        boxes = mean.new_tensor([[0.5, 0.5, 1.0, 1.0], [0.25, 0.5, 0.1, 0.2], [0.5, 0.1, 0.2, 0.2]])
        return SimpleNamespace(
            logits=steps * mean[:, :1, None], pred_boxes=boxes.expand(len(mean), 3, 4)
        )


def model(columns: int, **words: Any) -> HuggingFaceModel:
    options = ModelOptions(resize="stretch", **words)
    return HuggingFaceModel("hf:q", Queries(columns), NAMES, options, (48, 96))


@pytest.mark.parametrize("columns", [2, 3], ids=["sigmoid", "softmax"])
def test_scores_and_boxes_are_detrs(columns: int, photograph: np.ndarray) -> None:
    detector = model(columns)
    assert isinstance(detector, WhiteBoxDetector)
    with torch.inference_mode():
        candidates = detector.forward(to_tensor(photograph))
        raw = Queries(columns)(to_tensor(photograph).flip(1)).logits
    expected = raw.sigmoid() if columns == 2 else raw.softmax(-1)[..., :-1]
    torch.testing.assert_close(candidates.logits.sigmoid(), expected, atol=2e-3, rtol=1e-2)
    assert not candidates.fixed
    torch.testing.assert_close(candidates.boxes[0, 1], torch.tensor([64.0, 96, 96, 144]))
    found = detector.detect(photograph, 0.25)
    assert len(found) > 0
    assert list(found.data["class_name"]) == [NAMES[c] for c in found.class_id]


def test_the_frame_is_scaled_between_the_shortest_and_the_longest_side(
    photograph: np.ndarray,
) -> None:
    detector = model(3)
    detector.detect(photograph, 0.5)
    assert detector.network.seen == (1, 3, 48, 64)
    detector.detect(np.ascontiguousarray(photograph[:80]), 0.5)
    assert detector.network.seen == (1, 3, 24, 96)


def folder(path: Path, *, weights: str = "model.safetensors") -> Path:
    path.mkdir()
    (path / "config.json").write_text("{}")
    (path / weights).touch()
    return path


@pytest.mark.parametrize("made", ["nothing", "pickled", "safe"])
def test_refusals_are_one_line(made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    place = tmp_path / "m"
    if made != "nothing":
        weights = "pytorch_model.bin" if made == "pickled" else "model.safetensors"
        folder(place, weights=weights)
    part = {
        "nothing": "no config.json there",
        "pickled": "pickled weights are not opened",
        "safe": "pip install transformers",
    }[made]
    with pytest.raises(ModelLoadError, match=rf"^[^\n]*{part}[^\n]*$"):
        load_model(f"hf:{place}")


def test_a_real_model_of_transformers(tmp_path: Path, photograph: np.ndarray) -> None:
    transformers = pytest.importorskip("transformers", reason="needs transformers, not installed")
    torch.manual_seed(0)
    config = transformers.YolosConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        image_size=[64, 96],
        patch_size=16,
        num_detection_tokens=10,
        id2label=dict(enumerate(NAMES)),
        label2id={name: i for i, name in enumerate(NAMES)},
    )
    transformers.YolosForObjectDetection(config).save_pretrained(tmp_path / "m")
    said = {"image_mean": [0.5] * 3, "image_std": [0.25] * 3, "size": {"height": 64, "width": 96}}
    (tmp_path / "m" / "preprocessor_config.json").write_text(json.dumps(said))
    detector: Any = load_model(f"hf:{tmp_path / 'm'}")
    assert detector.class_names == NAMES
    frames = to_tensor(photograph).requires_grad_()
    candidates = detector.forward(frames)
    (gradient,) = torch.autograd.grad(candidates.logits.sum(), frames)
    assert float(gradient.abs().max()) > 0
    resized = nn.functional.interpolate(frames.flip(1), (64, 96), mode="bilinear")
    with torch.inference_mode():
        answer = detector.network(pixel_values=(resized - 0.5) / 0.25)
    torch.testing.assert_close(
        candidates.logits.sigmoid(), answer.logits.softmax(-1)[..., :-1], atol=1e-5, rtol=1e-4
    )
    assert "transformers" in sys.modules
