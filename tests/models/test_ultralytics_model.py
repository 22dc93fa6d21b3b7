"""ultralytics' own checkpoints, where it is installed; it is no dependency."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.detector import to_tensor
from models.layouts.layout import Form
from models.options import ModelOptions
from models.zoo import load_model


@pytest.mark.filterwarnings("ignore")  # its own, on being imported
@pytest.mark.parametrize("kind", ["yolov8n.yaml", "yolo11n.yaml"])
def test_a_checkpoint_gives_ultralytics_own_scores_before_their_sigmoid(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photograph: np.ndarray
) -> None:
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("YOLO_OFFLINE", "1")
    tasks = pytest.importorskip(
        "ultralytics.nn.tasks", reason="needs ultralytics, which is not installed"
    )
    torch.manual_seed(0)
    network = tasks.DetectionModel(kind, nc=2, verbose=False)
    network.names = {0: "cat", 1: "dog"}
    torch.save({"model": network, "ema": None}, tmp_path / "best.pt")
    model: Any = load_model(str(tmp_path / "best.pt"), ModelOptions())
    assert model.class_names == ("cat", "dog")
    assert model.reader.form is Form.LOGIT
    picture = np.ascontiguousarray(photograph[:224])
    frames = to_tensor(picture).requires_grad_()
    candidates = model.forward(frames)
    (gradient,) = torch.autograd.grad(candidates.logits.sum(), frames)
    assert float(gradient.abs().max()) > 0
    with torch.no_grad():
        answer = network.float().eval()(frames.flip(1))[0]
    torch.testing.assert_close(
        candidates.logits.detach().sigmoid(), answer[:, 4:].transpose(1, 2), atol=1e-6, rtol=1e-3
    )
    low, high = candidates.boxes.detach().chunk(2, -1)
    centres = ((low + high) / 2).transpose(1, 2)
    torch.testing.assert_close(centres, answer[:, :2], atol=1e-3, rtol=1e-4)
