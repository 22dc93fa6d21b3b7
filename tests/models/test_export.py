"""Our own network as an ONNX file in YOLOv8's layout: the same answers as at home, with gradients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
import supervision as sv
import torch
from nano_nets import NAMES, nano, textured

from models.detector import Detector, WhiteBoxDetector, to_tensor
from models.errors import ModelInputError
from models.export import export_onnx
from models.nano import NMS_IOU, Nano, NanoNet, fold
from models.options import ModelOptions
from models.zoo import load_model

WIDTH, HEIGHT = 320, 192

pytestmark = pytest.mark.timeout(240)


@dataclass
class Both:
    native: Nano
    file: Path
    exported: Detector


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    native = nano()
    file = tmp_path_factory.mktemp("onnx") / "nano.onnx"
    export_onnx(native, file, WIDTH, HEIGHT)
    options = ModelOptions(nms=NMS_IOU, agnostic=True)
    return Both(native, file, load_model(str(file), options))


def test_the_file_says_what_it_is(both: Both) -> None:
    model = onnx.load(str(both.file))
    onnx.checker.check_model(model)
    shapes = [
        [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    ]
    cells = WIDTH // 8 * HEIGHT // 8
    assert shapes == [[1, 3, HEIGHT, WIDTH], [1, 4 + len(NAMES), cells]]
    assert both.exported.class_names == NAMES


def test_it_is_run_white_box_on_logits(both: Both) -> None:
    assert isinstance(both.exported, WhiteBoxDetector)
    frames = to_tensor(textured(0, WIDTH, HEIGHT))
    with torch.inference_mode():
        expected = both.native.forward(frames).logits
        given = both.exported.forward(frames).logits
    torch.testing.assert_close(given, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("threshold", [0.5, 0.6])
def test_it_finds_the_same(both: Both, seed: int, threshold: float) -> None:
    picture = textured(seed, WIDTH, HEIGHT)
    expected = both.native.detect(picture, threshold)
    given = both.exported.detect(picture, threshold)
    assert len(expected) > 1
    same(given, expected)


def same(given: sv.Detections, expected: sv.Detections) -> None:
    assert len(given) == len(expected)
    np.testing.assert_allclose(given.xyxy, expected.xyxy, atol=0.5)
    np.testing.assert_allclose(given.confidence, expected.confidence, atol=1e-3)
    assert given.data["class_name"].tolist() == expected.data["class_name"].tolist()


def test_its_gradient_points_where_the_native_one_does(both: Both) -> None:
    assert isinstance(both.exported, WhiteBoxDetector)
    for seed in range(3):
        picture = textured(seed, WIDTH, HEIGHT)
        native, exported = (gradient(one, picture) for one in (both.native, both.exported))
        assert float(native.norm()) > 0
        cosine = torch.nn.functional.cosine_similarity(native.flatten(), exported.flatten(), 0)
        assert float(cosine) > 0.999
        assert float(exported.norm() / native.norm()) == pytest.approx(1, rel=1e-2)


def gradient(detector: WhiteBoxDetector, picture: np.ndarray) -> torch.Tensor:
    frames = to_tensor(picture).requires_grad_()
    loss = torch.logsumexp(detector.forward(frames).logits.flatten(), 0)
    return torch.autograd.grad(loss, frames)[0]


def test_a_frame_of_another_size_is_fitted(both: Both) -> None:
    # Twice as large: found at half the size, boxes in pixels of the frame.
    picture = textured(0, WIDTH, HEIGHT)
    twice = np.repeat(np.repeat(picture, 2, 0), 2, 1)
    expected = both.exported.detect(picture, 0.5)
    given = both.exported.detect(twice, 0.5)
    expected.xyxy *= 2
    assert len(expected)
    same(given, expected)


@pytest.mark.parametrize("size", [(0, 0), (-32, 32), (33, 32), (32, 48), (16, 32)])
def test_sizes_that_it_cannot_take_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    file = tmp_path / "bad.onnx"
    with pytest.raises(ModelInputError, match=r"^export of small: [^\n]*multiples of 32$"):
        export_onnx(Nano("small", ("a",), fold(NanoNet(1))), file, *size)
    assert not file.exists()


def test_a_folder_that_is_not_there_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        export_onnx(
            Nano("small", ("a",), fold(NanoNet(1))), tmp_path / "nowhere" / "a.onnx", 32, 32
        )


def test_names_with_quotes_come_back_whole(tmp_path: Path) -> None:
    names = ("driver's", 'a "quoted"', "größe")
    file = tmp_path / "quoted.onnx"
    export_onnx(nano(names=names), file, 64, 64)
    assert load_model(str(file)).class_names == names
