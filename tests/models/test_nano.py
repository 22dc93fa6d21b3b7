"""Our own network: folding, cells and boxes, what is found, what is refused."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import supervision as sv
import torch
from nano_nets import NAMES, nano, network, textured
from torch import nn
from torchvision.ops import box_iou

from models.detector import Detector, WhiteBoxDetector, to_tensor
from models.errors import ModelInputError, ModelOutputError
from models.nano import NMS_IOU, PADDING, SIDE, STRIDE, CellMap, Nano, NanoNet, boxes_of, fold


@pytest.fixture(scope="module")
def detector() -> Nano:
    return nano()


def frames_in_double(seed: int) -> torch.Tensor:
    return to_tensor(textured(seed, 160, 96)).double()


def test_it_keeps_both_protocols(detector: Nano) -> None:
    assert isinstance(detector, Detector)
    assert isinstance(detector, WhiteBoxDetector)


@pytest.mark.parametrize("seed", range(3))
def test_a_folded_network_answers_as_the_unfolded_one(seed: int) -> None:
    whole = network(seed).double()
    folded = fold(copy.deepcopy(whole))
    assert any(isinstance(m, nn.BatchNorm2d) for m in whole.modules())
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    with torch.no_grad():
        expected = whole(frames_in_double(seed))
        given = folded(frames_in_double(seed))
    assert float(expected.abs().max()) > 1, "a dead network proves nothing"
    torch.testing.assert_close(given, expected, rtol=0, atol=1e-9)


def test_folding_leaves_nothing_to_train_and_does_not_train() -> None:
    folded = fold(NanoNet(2).train())
    assert not folded.training
    assert not any(p.requires_grad for p in folded.parameters())


def test_the_order_of_memory_changes_no_answer(detector: Nano) -> None:
    frames = to_tensor(textured(1, 320, 192))
    assert frames.is_contiguous(memory_format=torch.channels_last)
    weights = detector.network.coarse[0].convolution.weight
    assert weights.is_contiguous(memory_format=torch.channels_last)
    rows_first = copy.deepcopy(detector.network).to(memory_format=torch.contiguous_format)
    with torch.no_grad():
        expected = rows_first(frames.contiguous())
        given = detector.network(frames)
    assert given.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("width", "height"), [(32, 32), (320, 192), (96, 640)])
def test_an_answer_has_a_cell_for_every_eight_pixels(width: int, height: int) -> None:
    answer = network(classes=5)(torch.zeros(2, 3, height, width))
    assert answer.shape == (2, 5 + 4, height // STRIDE, width // STRIDE)


def test_an_untrained_network_expects_nothing() -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        scores = NanoNet(4).eval()(to_tensor(textured(0, 96, 96)))[:, :4].sigmoid()
    assert 0.003 < float(scores.mean()) < 0.03


def test_a_box_is_four_distances_from_the_middle_of_its_cell() -> None:
    distances = torch.log(torch.tensor([1.0, 2.0, 3.0, 4.0]))[None, :, None, None]
    boxes = boxes_of(distances.expand(1, 4, 2, 3))
    assert boxes.shape == (1, 6, 4)
    x, y = (2 + 0.5) * STRIDE, (1 + 0.5) * STRIDE  # the last cell, row 1, column 2
    torch.testing.assert_close(boxes[0, 5], torch.tensor([x - 8, y - 16, x + 24, y + 32]))


def test_boxes_of_some_cells_are_the_boxes_of_all(detector: Nano) -> None:
    frames = torch.cat([to_tensor(textured(seed, 160, 96)) for seed in range(2)])
    candidates = detector.forward(frames)
    assert candidates.boxes.shape == (2, 20 * 12, 4)
    for i in range(2):
        cells = np.array([0, 19, 20, 100, 239])
        np.testing.assert_allclose(
            candidates.boxes_at(i, cells), candidates.boxes[i][cells], rtol=1e-5, atol=1e-4
        )


def test_a_candidates_logits_belong_to_its_box() -> None:
    answer = torch.full((1, 2 + 4, 3, 5), -9.0)
    answer[0, 1, 2, 4] = 7.0  # class 1 in row 2, column 4
    answer[0, 2:] = 0.0  # all distances one cell
    candidates = CellMap(answer)
    cell = int(candidates.logits[0, :, 1].argmax())
    centre = ((4 + 0.5) * STRIDE, (2 + 0.5) * STRIDE)
    box = candidates.boxes[0, cell].tolist()
    assert box == [centre[0] - 8, centre[1] - 8, centre[0] + 8, centre[1] + 8]


def test_what_is_found_is_named_sure_enough_and_best_first(detector: Nano) -> None:
    found = detector.detect(textured(0, 640, 384), 0.5)
    assert 10 < len(found) < 200
    assert (found.confidence >= 0.5).all()
    assert (np.diff(found.confidence) <= 0).all()
    assert len(set(found.class_id.tolist())) > 1, "the next test needs several classes"
    assert list(found.data["class_name"]) == [NAMES[i] for i in found.class_id]
    assert found.xyxy.dtype == np.float32


def test_a_higher_threshold_finds_the_best_of_a_lower_one(detector: Nano) -> None:
    picture = textured(1, 640, 384)
    low, high = (detector.detect(picture, threshold) for threshold in (0.5, 0.65))
    assert 0 < len(high) < len(low)
    np.testing.assert_array_equal(high.xyxy, low.xyxy[: len(high)])


@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_one_thing_has_one_name(detector: Nano, threshold: float) -> None:
    found = detector.detect(textured(2, 640, 384), threshold)
    boxes = torch.from_numpy(found.xyxy)
    overlap = box_iou(boxes, boxes).fill_diagonal_(0)
    assert float(overlap.max()) <= NMS_IOU


def test_the_weaker_of_two_classes_at_one_place_goes() -> None:
    detector = Nano("nano", ("a", "b"), fold(NanoNet(2)))
    answer = torch.full((1, 2 + 4, 4, 4), -9.0)
    answer[0, 2:] = np.log(3.0)
    answer[0, :2, 1, 1] = torch.tensor([1.0, 2.0])  # one cell, two classes
    answer[0, 0, 1, 2] = 3.0  # and its neighbour, whose box overlaps by 5/7
    (found,) = detector.decode(CellMap(answer), 0.5)
    assert list(found.data["class_name"]) == ["a"]
    assert found.confidence[0] == pytest.approx(1 / (1 + np.exp(-3.0)))


def test_a_batch_gives_what_each_frame_alone_gives(detector: Nano) -> None:
    pictures = [textured(seed, 320, 192) for seed in (3, 4)]
    with torch.inference_mode():
        frames = torch.cat([to_tensor(p) for p in pictures])
        both = detector.decode(detector.forward(frames), 0.5)
    for together, picture in zip(both, pictures, strict=True):
        alone = detector.detect(picture, 0.5)
        assert len(alone) > 3
        same(together, alone)


@pytest.mark.parametrize(("width", "height"), [(333, 251), (321, 192), (320, 191), (97, 65)])
def test_an_odd_size_is_padded_to_the_right_and_below(
    detector: Nano, width: int, height: int
) -> None:
    picture = textured(5, width, height)
    right, below = -width % SIDE, -height % SIDE
    padded = np.pad(picture, ((0, below), (0, right), (0, 0)), constant_values=round(PADDING * 255))
    found = detector.detect(picture, 0.3)
    assert len(found)
    same(found, detector.detect(padded, 0.3))


def test_boxes_far_from_the_padding_do_not_know_of_it(detector: Nano) -> None:
    # The left half of a wide frame, as it is and cut to an odd width far to the right of it.
    whole = textured(6, 1024, 96)
    cut = np.ascontiguousarray(whole[:, :997])
    both = [detector.detect(picture, 0.4) for picture in (whole, cut)]
    mine, theirs = (found[found.xyxy[:, 2] < 400] for found in both)
    assert len(mine) > 5
    same(mine, theirs)


def same(given: sv.Detections, expected: sv.Detections) -> None:
    np.testing.assert_allclose(given.xyxy, expected.xyxy, atol=1e-2)
    np.testing.assert_allclose(given.confidence, expected.confidence, atol=1e-4)
    assert given.class_id.tolist() == expected.class_id.tolist()


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_nan_is_a_clear_error_and_no_empty_answer(detector: Nano, poison: float) -> None:
    frames = torch.full((1, 3, 96, 128), 0.5)
    frames[0, 1, 40:50, 60:70] = poison
    with torch.inference_mode(), pytest.raises(ModelOutputError, match="NaN or infinity"):
        detector.decode(detector.forward(frames), 0.5)


@pytest.mark.parametrize("shape", [(0, 32), (32, 0), (0, 0)])
def test_an_empty_frame_is_refused(detector: Nano, shape: tuple[int, int]) -> None:
    with pytest.raises(ModelInputError, match=r"^[^\n]+$"):
        detector.detect(np.zeros((*shape, 3), np.uint8), 0.5)


@pytest.mark.parametrize("shape", [(0, 3, 32, 32), (3, 32, 32), (1, 4, 32, 32)])
def test_a_batch_of_another_shape_is_refused(detector: Nano, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelInputError, match=r"^[^\n]+expected \(N, 3, H, W\)[^\n]+$"):
        detector.forward(torch.zeros(shape))


def test_gradients_reach_every_channel_of_the_frame(detector: Nano) -> None:
    frames = to_tensor(textured(7, 97, 61)).requires_grad_()
    candidates = detector.forward(frames)
    loss = torch.logsumexp(candidates.logits.flatten(), 0) + 1e-3 * candidates.boxes.sum()
    (gradient,) = torch.autograd.grad(loss, frames)
    assert gradient.shape == frames.shape
    assert all(float(gradient[0, c].abs().max()) > 0 for c in range(3))
