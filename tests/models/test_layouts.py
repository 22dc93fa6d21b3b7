"""Output layouts: recognised from shapes, the same detections whichever way they are laid out."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from own_nets import NAMES, NETS, Body, net
from torch import nn

from models.errors import ModelLoadError
from models.layouts.registry import AUTO, LAYOUTS, reader_for
from models.options import ModelOptions
from models.own_model import OwnModel, own_model
from monitor.config import ModelSettings

ROOT = Path(__file__).parent.parent.parent


def found(layout: str, photograph: np.ndarray, **words: object) -> OwnModel:
    return own_model(layout, net(layout), ModelOptions(**{"names": NAMES, **words}))  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", set(NETS) - {"ssd"})
def test_every_layout_says_the_same_of_the_same_network(
    layout: str, photograph: np.ndarray
) -> None:
    expected = found("centernet", photograph).detect(photograph, 0.5)
    assert len(expected) > 50
    ours = found(layout, photograph).detect(photograph, 0.5)
    np.testing.assert_allclose(ours.xyxy, expected.xyxy, atol=1e-2)
    np.testing.assert_allclose(ours.confidence, expected.confidence, atol=1e-5)
    assert list(ours.class_id) == list(expected.class_id)


def test_an_ssds_scores_are_its_softmax(photograph: np.ndarray) -> None:
    model = found("ssd", photograph)
    with torch.inference_mode():
        frames = torch.rand(1, 3, 64, 96)
        boxes, scores = net("ssd")(frames)
        candidates = model.forward(frames.flip(1))
    torch.testing.assert_close(candidates.logits.sigmoid(), scores[..., 1:], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(candidates.boxes, boxes * torch.tensor([96.0, 64, 96, 64]))


@pytest.mark.parametrize("layout", NETS)
def test_boxes_follow_the_frame_through_a_letterbox(layout: str, photograph: np.ndarray) -> None:
    # The same picture at its own size and at half of it on a grey ground: boxes must be those of the frame.
    model = found(layout, photograph, input_size=(320, 320))
    ours = model.detect(photograph, 0.5)
    assert len(ours) > 20
    low, high = ours.xyxy[:, :2], ours.xyxy[:, 2:]
    centres = (low + high) / 2
    assert (centres[:, 1] > -45).all()
    assert (centres[:, 1] < 285).all()
    framed = np.full((320, 320, 3), 114, np.uint8)
    framed[40:280] = photograph
    whole = model.detect(framed, 0.5)
    np.testing.assert_allclose(ours.xyxy + np.array([0, 40, 0, 40]), whole.xyxy, atol=1e-2)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_auto_finds_the_layout_with_names_and_without(layout: str) -> None:
    frames = torch.rand(1, 3, 256, 320)
    with torch.inference_mode():
        answer = net(layout)(frames)
    outputs = answer if isinstance(answer, tuple) else (answer,)
    named = reader_for("m", AUTO, outputs, 3)
    assert type(named) is type(reader_for("m", layout, outputs, 3))
    assert reader_for("m", AUTO, outputs, None) == named
    assert named.classes == 3


def test_yolov8_may_lie_on_its_side(photograph: np.ndarray) -> None:
    class Turned(Body):
        def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
            answer: torch.Tensor = net("yolov8")(x)
            return answer.transpose(1, 2)

    turned = own_model("turned", Turned(), ModelOptions(names=NAMES))
    ours, expected = (
        turned.detect(photograph, 0.5),
        found("yolov8", photograph).detect(photograph, 0.5),
    )
    np.testing.assert_array_equal(ours.xyxy, expected.xyxy)


class Says(nn.Module):
    """A network that always gives these outputs."""

    def __init__(self, *shapes: tuple[int, ...]) -> None:
        super().__init__()
        self.outputs = tuple(torch.rand(shape) for shape in shapes)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.outputs


@pytest.mark.parametrize(
    ("shapes", "words", "part"),
    [
        ([(1, 1000)], {}, "fits no layout"),
        ([(1, 7, 100)], {"names": ("a", "b")}, "with 2 class names fits no layout"),
        ([(1, 7, 100)], {"layout": "ssd"}, "is not ssd: expected two outputs"),
        ([(1, 8, 9)], {"names": tuple("abcd")}, "could be yolov8 or yolov5"),
        ([(1, 2, 8, 8), (1, 2, 8, 8), (1, 2, 4, 4)], {}, "fits no layout"),
    ],
)
def test_outputs_that_fit_nothing_are_told_with_their_shapes(
    shapes: list[tuple[int, ...]], words: dict[str, object], part: str
) -> None:
    with pytest.raises(ModelLoadError) as caught:
        own_model("m", Says(*shapes), ModelOptions(**words))  # type: ignore[arg-type]
    assert part in str(caught.value)
    assert str(shapes[0]) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_logits_are_told_from_probabilities(photograph: np.ndarray) -> None:
    class Raw(Body):
        def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
            answer: torch.Tensor = net("yolov8")(x)
            return torch.cat([answer[:, :4], torch.logit(answer[:, 4:].double()).float()], 1)

    raw = own_model("raw", Raw(), ModelOptions(names=NAMES))
    expected = found("yolov8", photograph).detect(photograph, 0.5)
    np.testing.assert_allclose(
        raw.detect(photograph, 0.5).confidence, expected.confidence, atol=1e-5
    )


def test_a_class_nobody_named_has_a_number() -> None:
    assert own_model("m", net("yolov8"), ModelOptions()).class_names == (
        "class 0",
        "class 1",
        "class 2",
    )


def test_the_setting_knows_every_layout() -> None:
    assert set(get_args(ModelSettings.model_fields["layout"].annotation)) == {AUTO, *LAYOUTS}


def test_the_page_lists_every_layout() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| `")]
    assert [f"`{name}`" for name in LAYOUTS] == [row for row in rows if row.strip("`") in LAYOUTS]
