"""The losses: nearly nothing for a perfect answer, the right slope, nothing where nothing counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.nano import STRIDE, boxes_of
from models.training.loss import box_loss, heat_loss
from models.training.sample import Sample, no_boxes
from models.training.targets import Targets, targets

SIDE, CLASSES = 96, 3
BOXES = [(8.0, 8.0, 40.0, 64.0), (56.0, 48.0, 88.0, 90.0)]


def asked(
    known: tuple[bool, ...] = (True, True, True), boxes: list[tuple[float, ...]] = BOXES
) -> Targets:
    sample = Sample(
        np.zeros((SIDE, SIDE, 3), np.uint8),
        np.array(boxes, np.float32),
        np.array([0, 2])[: len(boxes)],
        np.array(known),
        no_boxes(),
    )
    return targets(sample, CLASSES)


def tensors(made: Targets) -> tuple[torch.Tensor, ...]:
    return tuple(
        torch.from_numpy(a)[None] for a in (made.heat, made.counted, made.boxes, made.weight)
    )


def perfect_distances(boxes: torch.Tensor) -> torch.Tensor:
    """The logarithms of distances that `boxes_of` turns into these boxes, where there are any."""
    cells = (torch.arange(SIDE // STRIDE) + 0.5) * STRIDE
    x, y = cells[None, :], cells[:, None]
    left, top, right, bottom = boxes[0]
    sides = torch.stack([x - left, y - top, right - x, bottom - y]) / STRIDE
    return sides.clamp(min=1e-3).log()[None]


def test_a_perfect_answer_has_nearly_no_loss() -> None:
    heat, counted, boxes, weight = tensors(asked())
    logits = torch.where(heat == 1, 12.0, -12.0)
    assert float(heat_loss(logits, heat, counted)) < 1e-6
    assert float(box_loss(perfect_distances(boxes), boxes, weight)) < 1e-5


def test_missing_and_making_up_cost_more_the_surer_they_are() -> None:
    heat, counted, *_ = tensors(asked())
    perfect = torch.where(heat == 1, 12.0, -12.0)
    losses = []
    for sure in (0.0, 2.0, 5.0):
        wrong = perfect.clone()
        wrong[heat == 1] = -sure
        losses.append(float(heat_loss(wrong, heat, counted)))
    assert losses == sorted(losses)
    assert losses[0] > 0.1
    made_up = perfect.clone()
    made_up[0, 1, 0, 0] = 5.0
    assert float(heat_loss(made_up, heat, counted)) > 2


def test_beside_a_centre_a_false_alarm_costs_less_than_far_away() -> None:
    made = asked(boxes=[(0.0, 0.0, 96.0, 96.0)])
    heat, counted, *_ = tensors(made)
    beside = int(np.where(made.heat == 1, 0, made.heat)[0].argmax())
    losses = []
    for cell in (beside, 0):
        logits = torch.where(heat == 1, 12.0, -12.0)
        logits[0, 0].view(-1)[cell] = 3.0
        losses.append(float(heat_loss(logits, heat, counted)))
    assert 0.3 < made.heat[0].flat[beside] < 1
    assert losses[0] < 0.5 * losses[1]


@pytest.mark.parametrize("seed", range(3))
def test_the_gradients_are_the_slopes(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    heat, counted, boxes, weight = tensors(asked(known=(True, False, True)))
    heat, boxes, weight = heat.double(), boxes.double(), weight.double()
    logits = torch.randn(heat.shape, generator=generator, dtype=torch.float64).requires_grad_()
    distances = torch.randn(boxes.shape, generator=generator, dtype=torch.float64)
    distances.requires_grad_()

    def loss(logits: torch.Tensor, distances: torch.Tensor) -> torch.Tensor:
        return heat_loss(logits, heat, counted) + box_loss(distances, boxes, weight)

    gradients = torch.autograd.grad(loss(logits, distances), (logits, distances))
    step = 1e-6
    for _ in range(3):
        directions = [
            torch.randn(g.shape, generator=generator, dtype=torch.float64) for g in gradients
        ]
        with torch.no_grad():
            ends = [
                loss(logits + s * directions[0], distances + s * directions[1])
                for s in (step, -step)
            ]
        slope = float(ends[0] - ends[1]) / (2 * step)
        expected = sum(float((g * d).sum()) for g, d in zip(gradients, directions, strict=True))
        assert slope == pytest.approx(expected, rel=1e-6)


def test_boxes_of_a_double_are_double() -> None:
    assert boxes_of(torch.zeros(1, 4, 2, 2, dtype=torch.float64)).dtype == torch.float64


def test_an_unknown_class_gives_no_gradient_where_nothing_is_known() -> None:
    made = asked(known=(True, False, True))
    heat, counted, *_ = tensors(made)
    logits = torch.zeros(heat.shape).requires_grad_()
    (gradient,) = torch.autograd.grad(heat_loss(logits, heat, counted), logits)
    np.testing.assert_array_equal(gradient[0].numpy() != 0, made.counted)
    assert not made.counted[1].all()


def test_only_cells_that_answer_for_an_object_learn_its_box() -> None:
    _, _, boxes, weight = tensors(asked())
    distances = torch.zeros(boxes.shape).requires_grad_()
    (gradient,) = torch.autograd.grad(box_loss(distances, boxes, weight), distances)
    touched = (gradient[0] != 0).any(0)
    assert torch.equal(touched, weight[0] > 0)


def test_a_picture_without_objects_has_a_loss_that_can_be_descended() -> None:
    heat, distances = torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 4, 4).requires_grad_()
    logits = torch.zeros(1, 2, 4, 4).requires_grad_()
    boxes, weight = torch.zeros(1, 4, 4, 4), torch.zeros(1, 4, 4)
    loss = heat_loss(logits, heat, heat == 0) + box_loss(distances, boxes, weight)
    loss.backward()
    assert float(loss.detach()) > 0
    assert bool((logits.grad > 0).all())
    assert not bool(distances.grad.any())
