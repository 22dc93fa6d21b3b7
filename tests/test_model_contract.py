"""What every model must keep; enrolled from the zoo, and from the families of models of one's own."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
import torch
from model_families import (
    FAMILIES,
    builders,
    in_double,
    telling_threshold,
    with_standing_proposals,
)

from models.detector import Classifier, Detector, WhiteBoxDetector, to_tensor
from models.errors import ModelInputError, ModelOutputError
from models.zoo import ZOO
from monitor.assembly import build_pipeline
from monitor.config import Settings
from streams.frame import Frame

SLIVERS_REFUSED = {"torchvision:retinanet_resnet50_fpn", "torchvision:fcos_resnet50_fpn"}
"""Those that keep a frame's shape, down to sides that are shorter than the sliver's."""

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest, photograph: np.ndarray) -> WhiteBoxDetector:
    """Each of them, loaded once."""
    return builders(photograph)[request.param]()


def boxes_near(found: sv.Detections, width: int, height: int) -> bool:
    """All boxes have sides and lie no farther outside than the frame is large."""
    low, high = found.xyxy[:, :2], found.xyxy[:, 2:]
    size = np.array([width, height])
    return bool((low <= high).all() and (low >= -size).all() and (high <= 2 * size).all())


def test_it_keeps_the_protocols_and_its_row(model: WhiteBoxDetector) -> None:
    assert isinstance(model, Detector)
    assert isinstance(model, WhiteBoxDetector)
    assert len(set(model.class_names)) == len(model.class_names) > 0
    if model.name in ZOO:
        assert model.class_names == ZOO[model.name].classes
    else:
        assert model.name.startswith(("torchvision:", "layout:"))


def test_a_grey_frame_holds_nothing(model: WhiteBoxDetector) -> None:
    if model.name not in ZOO or isinstance(model, Classifier):
        pytest.skip("random weights, or a model that always answers")
    assert len(model.detect(np.full((96, 128, 3), 128, np.uint8), 0.5)) == 0


def test_candidates_and_detections_have_their_shapes(
    model: WhiteBoxDetector, photograph: np.ndarray
) -> None:
    with torch.inference_mode():
        candidates = model.forward(to_tensor(photograph))
    count, many, classes = candidates.logits.shape
    assert (count, classes) == (1, len(model.class_names))
    assert candidates.boxes.shape == (1, many, 4)
    threshold = telling_threshold(candidates)
    found = model.detect(photograph, threshold)
    if not isinstance(model, Classifier):
        assert (found.confidence >= threshold - 1e-6).all()
        assert (np.diff(found.confidence) <= 0).all(), "best first"
    assert list(found.data["class_name"]) == [model.class_names[c] for c in found.class_id]
    assert boxes_near(found, photograph.shape[1], photograph.shape[0])


def test_a_batch_gives_what_each_frame_alone_gives(
    model: WhiteBoxDetector, photograph: np.ndarray
) -> None:
    mirrored = np.ascontiguousarray(photograph[:, ::-1])
    with torch.inference_mode():
        candidates = model.forward(torch.cat([to_tensor(photograph), to_tensor(mirrored)]))
        threshold = telling_threshold(candidates)
        both = model.decode(candidates, threshold)
    assert any(len(found) for found in both) or model.name in ZOO
    for together, picture in zip(both, (photograph, mirrored), strict=True):
        alone = model.detect(picture, threshold)
        np.testing.assert_allclose(together.xyxy, alone.xyxy, atol=2e-2)
        np.testing.assert_allclose(together.confidence, alone.confidence, atol=1e-4)
        assert list(together.class_id) == list(alone.class_id)


def test_gradients_reach_every_channel_of_the_frame(
    model: WhiteBoxDetector, photograph: np.ndarray
) -> None:
    frames = to_tensor(photograph).requires_grad_()
    candidates = model.forward(frames)
    (gradient,) = torch.autograd.grad(torch.logsumexp(candidates.logits.flatten(), 0), frames)
    assert gradient.shape == frames.shape
    assert bool(gradient.isfinite().all())
    assert all(float(gradient[0, c].abs().max()) > 0 for c in range(3))


def test_the_gradient_is_the_slope(model: WhiteBoxDetector, photograph: np.ndarray) -> None:
    # In float64, on a small crop, along random directions, with a step that crosses no ReLU's knee.
    crop = np.ascontiguousarray(photograph[20:116, 80:176])
    frames = to_tensor(crop).double().requires_grad_()
    detector = with_standing_proposals(in_double(model), frames.detach())
    loss = torch.logsumexp(detector.forward(frames).logits.flatten(), 0)
    (gradient,) = torch.autograd.grad(loss, frames)
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(frames.shape, generator=generator, dtype=torch.float64)
    step = 3e-9
    with torch.no_grad():
        ends = [
            torch.logsumexp(detector.forward(frames + s * direction).logits.flatten(), 0)
            for s in (step, -step)
        ]
    slope = float(ends[0] - ends[1]) / (2 * step)
    assert slope == pytest.approx(float((gradient * direction).sum()), rel=2e-3)


def test_eps_0_changes_nothing(model: WhiteBoxDetector, photograph: np.ndarray) -> None:
    with torch.inference_mode():
        threshold = telling_threshold(model.forward(to_tensor(photograph)))
    words = {"attack": "fgsm", "goal": "any", "eps": 0, "threshold": threshold, "width": 320}
    pipeline = build_pipeline(Settings().changed(words), model)
    frame = Frame(photograph, index=0, media_time=0.0, captured_at=0.0, source="still")
    seen = pipeline.observe(frame)
    np.testing.assert_array_equal(seen.attacked_pixels, seen.frame.pixels)
    np.testing.assert_array_equal(seen.attacked.xyxy, seen.clean.xyxy)
    assert not seen.success


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_nan_is_a_clear_error_and_no_empty_answer(model: WhiteBoxDetector, poison: float) -> None:
    frames = torch.full((1, 3, 96, 128), 0.5)
    frames[0, 1, 40:50, 60:70] = poison
    with torch.inference_mode(), pytest.raises(ModelOutputError, match="NaN or infinity") as caught:
        model.decode(model.forward(frames), 0.5)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [(0, 32), (32, 0), (0, 0)])
def test_a_frame_without_pixels_is_refused(model: WhiteBoxDetector, size: tuple[int, int]) -> None:
    with pytest.raises(ModelInputError, match=r"^[^\n]+$"):
        model.detect(np.zeros((*size, 3), np.uint8), 0.5)
    with pytest.raises(ModelInputError, match=r"^[^\n]+$"):
        model.forward(torch.zeros(1, 3, *size))


def test_a_sliver_is_looked_at_or_refused_in_one_line(
    model: WhiteBoxDetector, photograph: np.ndarray
) -> None:
    sliver = np.ascontiguousarray(photograph[:1, :200])
    if model.name in SLIVERS_REFUSED:
        with pytest.raises(ModelInputError, match=r"^[^\n]*200x1[^\n]*$"):
            model.detect(sliver, 0.3)
    else:
        assert np.isfinite(model.detect(sliver, 0.3).xyxy).all()


@pytest.mark.parametrize("size", [(61, 97), (97, 61), (33, 32)])
def test_odd_sizes_work(
    model: WhiteBoxDetector, photograph: np.ndarray, size: tuple[int, int]
) -> None:
    height, width = size
    picture = np.ascontiguousarray(photograph[:height, :width])
    found = model.detect(picture, 0.3)
    assert np.isfinite(found.xyxy).all()
