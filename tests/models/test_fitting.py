"""The way into a model's input and the way back are exact inverses, and the gradient comes along."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.fitting import GREY, SIDE, Fit
from models.options import ModelOptions

sides = st.integers(1, 90)
sizes = st.one_of(st.none(), st.tuples(st.integers(8, 90), st.integers(8, 90)))


@given(sides, sides, sizes, st.sampled_from(["letterbox", "stretch"]))
@settings(max_examples=60, deadline=None)
def test_a_box_comes_back_to_where_it_was(
    width: int, height: int, size: tuple[int, int] | None, resize: str
) -> None:
    fit = Fit(size, ModelOptions(resize=resize))
    values, placement = fit(torch.rand(1, 3, height, width))
    assert (values.shape[3], values.shape[2]) == placement.size == (size or placement.size)
    # The frame's own corners lie where the placement says, so they come back as the frame.
    left, top = placement.offset
    inner = [
        left,
        top,
        left + round(width * placement.scale[0]),
        top + round(height * placement.scale[1]),
    ]
    back = placement.back(torch.tensor([inner], dtype=torch.float64))
    torch.testing.assert_close(back[0], torch.tensor([0.0, 0.0, width, height]).double())
    assert min(left, top) >= 0
    assert inner[2] <= placement.size[0]
    assert inner[3] <= placement.size[1]


def test_a_bright_square_is_found_where_it_was() -> None:
    frame = torch.zeros(1, 3, 120, 200)
    frame[..., 30:60, 50:110] = 1
    values, placement = Fit((160, 160), ModelOptions())(frame)
    rows, columns = np.nonzero(values[0, 0].numpy() > 0.75)
    box = torch.tensor([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]).float()
    torch.testing.assert_close(
        placement.back(box)[0], torch.tensor([50.0, 30.0, 110.0, 60.0]), atol=1.3, rtol=0
    )


def test_a_letterbox_is_grey_and_its_middle_is_the_frame() -> None:
    values, placement = Fit((64, 64), ModelOptions(channels="bgr"))(torch.ones(1, 3, 32, 64))
    assert placement.offset == (0, 16)
    assert float(values[0, 0, 0, 0]) == pytest.approx(GREY)
    assert float(values[0, 0, 32, 0]) == 1.0


def test_any_size_is_padded_to_the_right_and_below_only() -> None:
    values, placement = Fit(None, ModelOptions(channels="bgr"))(torch.ones(1, 3, 33, 64))
    assert values.shape == (1, 3, 2 * SIDE, 64)
    assert (placement.scale, placement.offset) == ((1.0, 1.0), (0, 0))


def test_channels_range_mean_and_deviation_in_that_order() -> None:
    options = ModelOptions(value_range=255, mean=(1, 2, 3), std=(10, 20, 40))
    blue = torch.zeros(1, 3, 32, 32)
    blue[:, 0] = 1.0
    values, _ = Fit(None, options)(blue)
    expected = torch.tensor([-1 / 10, -2 / 20, (255 - 3) / 40])
    torch.testing.assert_close(values[0, :, 5, 5], expected)


def test_the_gradient_is_that_of_the_frame() -> None:
    fit = Fit((24, 16), ModelOptions(mean=(0.4, 0.4, 0.4), std=(0.2, 0.3, 0.4), value_range=2))
    frames = torch.rand(2, 3, 11, 19, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: fit(x)[0], (frames,))
