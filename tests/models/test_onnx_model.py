"""ONNX files: the boxes of the network that was exported, gradients, and a reason where there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from own_nets import CLASSES, NAMES, NETS, exported, net
from torch import nn

from models.detector import WhiteBoxDetector, note_of, to_tensor
from models.errors import ModelLoadError
from models.layouts.layout import Form
from models.onnx_model import load_onnx
from models.onnx_operators import Slice
from models.options import ModelOptions
from models.own_model import OwnModel, own_model
from models.zoo import load_model, weights_sha256

SIZE = (320, 256)
OPTIONS = ModelOptions(names=NAMES)


@pytest.mark.parametrize("dynamic", [False, True], ids=["fixed", "any-size"])
@pytest.mark.parametrize("layout", NETS)
def test_the_boxes_are_those_of_the_network_itself(
    layout: str, dynamic: bool, tmp_path: Path, photograph: np.ndarray
) -> None:
    path = exported(net(layout), tmp_path / "net.onnx", SIZE, dynamic=dynamic)
    model = load_onnx(path, OPTIONS)
    assert isinstance(model, OwnModel), note_of(model)
    assert model.reader.form is Form.LOGIT, "taken before its last activation"
    size = None if dynamic else SIZE
    native = own_model("native", net(layout), ModelOptions(names=NAMES, input_size=size))
    ours, expected = model.detect(photograph, 0.5), native.detect(photograph, 0.5)
    assert len(expected) > 50
    np.testing.assert_allclose(ours.xyxy, expected.xyxy, atol=1e-2)
    np.testing.assert_allclose(ours.confidence, expected.confidence, atol=1e-5)
    assert list(ours.class_id) == list(expected.class_id)


def test_a_batch_fixed_at_one_takes_several_frames(tmp_path: Path, photograph: np.ndarray) -> None:
    model = load_onnx(exported(net("yolov8"), tmp_path / "net.onnx", SIZE), OPTIONS)
    assert isinstance(model, WhiteBoxDetector)
    mirrored = np.ascontiguousarray(photograph[:, ::-1])
    with torch.inference_mode():
        frames = torch.cat([to_tensor(photograph), to_tensor(mirrored)])
        both = model.decode(model.forward(frames), 0.5)
    for together, picture in zip(both, (photograph, mirrored), strict=True):
        np.testing.assert_allclose(together.xyxy, model.detect(picture, 0.5).xyxy, atol=1e-3)


def test_layers_that_share_weights_are_converted(tmp_path: Path) -> None:
    class Twins(nn.Module):
        """Two convolutions of one bias, which exporters write once and copy by an Identity."""

        def __init__(self) -> None:
            super().__init__()
            self.body = net("yolov8")
            self.one, self.two = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
            self.two.bias = nn.Parameter(self.one.bias.detach().clone())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            answer: torch.Tensor = self.body(self.two(self.one(x)))
            return answer

    path = exported(Twins().eval(), tmp_path / "twins.onnx", SIZE)
    assert "Identity" in {node.op_type for node in onnx.load(path).graph.node}
    loaded = load_onnx(path, OPTIONS)
    assert isinstance(loaded, OwnModel), note_of(loaded)


def test_losses_do_not_saturate_where_the_exported_sigmoid_does(tmp_path: Path) -> None:
    class Sure(nn.Module):
        """One candidate for each of 40 cells; the score of the frame's mean is next to 1."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            mean = x.mean((1, 2, 3))[:, None, None]
            boxes = torch.arange(160.0).reshape(1, 4, 40) + mean
            return torch.cat([boxes, (mean * 100 * torch.ones(1, 2, 40)).sigmoid()], 1)

    path = exported(Sure(), tmp_path / "sure.onnx", (32, 32))
    model = load_onnx(path, ModelOptions(names=("a", "b")))
    assert isinstance(model, OwnModel), note_of(model)
    frames = torch.full((1, 3, 32, 32), 0.9, requires_grad=True)
    logits = model.forward(frames).logits
    assert float(logits[0, 0, 0].detach()) == pytest.approx(90, rel=1e-4)
    (gradient,) = torch.autograd.grad(logits[0, 0, 0], frames)
    assert float(gradient.sum()) == pytest.approx(100, rel=1e-4)


def test_a_sigmoid_that_boxes_need_stays(tmp_path: Path, photograph: np.ndarray) -> None:
    class Squeezed(nn.Module):
        """Boxes and scores leave one sigmoid together: leading past it would spoil the boxes."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = net("yolov8")

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            answer = self.inner(x)
            return torch.cat([answer[:, :4] / 100, torch.logit(answer[:, 4:], 1e-6)], 1).sigmoid()

    model = load_onnx(exported(Squeezed(), tmp_path / "net.onnx", SIZE), OPTIONS)
    assert isinstance(model, OwnModel)
    assert model.reader.form is Form.PROBABILITY


def test_the_files_own_names_are_read_and_the_users_come_first(tmp_path: Path) -> None:
    path = exported(net("yolov8"), tmp_path / "net.onnx", SIZE)
    model = onnx.load(path)
    entry = model.metadata_props.add()
    entry.key, entry.value = "names", "{0: 'car', 2: 'dog', 1: 'cat'}"
    onnx.save(model, path)
    assert load_onnx(path, ModelOptions()).class_names == ("car", "cat", "dog")
    assert load_onnx(path, OPTIONS).class_names == NAMES


def graph(path: Path, nodes: list[Any], shape: list[Any], answer: list[Any]) -> Path:
    """An ONNX file of these nodes, x of one shape -> y of the other."""
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    given_back = helper.make_tensor_value_info("y", TensorProto.FLOAT, answer)
    made = helper.make_graph(nodes, "made", [given], [given_back])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(made, opset_imports=opset, ir_version=9), path)
    return path


def yolo_by_hand(path: Path, activation: str) -> Path:
    """(1, 6, 64) from 32x32 pixels: averages of 4x4 pixels as boxes and scores, through an operator."""
    nodes = [
        helper.make_node("AveragePool", ["x"], ["small"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Concat", ["small", "small"], ["six"], axis=1),
        helper.make_node("Constant", [], ["shape"], value_ints=[1, 6, 64]),
        helper.make_node("Reshape", ["six", "shape"], ["flat"]),
        helper.make_node(activation, ["flat"], ["y"]),
    ]
    return graph(path, nodes, [1, 3, 32, 32], [1, 6, 64])


def test_what_cannot_be_converted_runs_black_box_and_says_why(
    tmp_path: Path, photograph: np.ndarray
) -> None:
    # Mish has no converter in onnx2torch.
    path = yolo_by_hand(tmp_path / "odd.onnx", "Mish")
    model = onnx.load(path)
    model.opset_import[0].version = 18
    onnx.save(model, path)
    loaded = load_onnx(path, ModelOptions(names=("a", "b")))
    assert not isinstance(loaded, WhiteBoxDetector)
    note = note_of(loaded)
    assert "black-box through onnxruntime" in note
    assert "onnx2torch cannot convert it" in note
    assert "Mish" in note
    assert "\n" not in note
    assert len(loaded.detect(photograph, 0.3)) > 0


def test_a_graph_without_a_gradient_runs_black_box_and_says_why(tmp_path: Path) -> None:
    loaded = load_onnx(
        yolo_by_hand(tmp_path / "round.onnx", "Round"), ModelOptions(names=("a", "b"))
    )
    assert not isinstance(loaded, WhiteBoxDetector)
    assert "gradient" in note_of(loaded)


def test_a_conversion_that_answers_otherwise_runs_black_box_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exported(net("yolov8"), tmp_path / "net.onnx", SIZE)

    class Other(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            answer: torch.Tensor = net("yolov8")(x) * 1.01
            return answer

    monkeypatch.setattr("models.onnx_model._first_converted", lambda _: Other())
    loaded = load_onnx(path, OPTIONS)
    assert not isinstance(loaded, WhiteBoxDetector)
    assert "output 0 is 0.01 of its largest value away from onnxruntime's" in note_of(loaded)


def test_black_box_answers_are_the_white_boxes(
    tmp_path: Path, photograph: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exported(net("yolov8"), tmp_path / "net.onnx", SIZE)
    white = load_onnx(path, OPTIONS)

    def refuse(_: object) -> nn.Module:
        raise NotImplementedError("no such operator")

    monkeypatch.setattr("onnx2torch.convert", refuse)
    black = load_onnx(path, OPTIONS)
    assert not isinstance(black, WhiteBoxDetector)
    ours, theirs = black.detect(photograph, 0.5), white.detect(photograph, 0.5)
    np.testing.assert_allclose(ours.xyxy, theirs.xyxy, atol=1e-2)
    np.testing.assert_allclose(ours.confidence, theirs.confidence, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "part"),
    [([1, 32, 32, 3], "expected one picture"), ([1, 3], "expected one picture")],
)
def test_an_input_that_is_no_picture_is_refused(
    shape: list[int], part: str, tmp_path: Path
) -> None:
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    with pytest.raises(ModelLoadError, match=rf"^[^\n]*{part}[^\n]*$"):
        load_onnx(graph(tmp_path / "odd.onnx", nodes, shape, shape), ModelOptions())


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    path = exported(net("yolov8"), tmp_path / "net.onnx", SIZE)
    whole = path.read_bytes()
    for content in (b"", b"no onnx at all", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ModelLoadError, match=r"^[^\n]*net\.onnx[^\n]*$"):
            load_onnx(path, OPTIONS)


def test_a_size_that_the_file_does_not_take_is_refused(tmp_path: Path) -> None:
    path = exported(net("yolov8"), tmp_path / "net.onnx", SIZE)
    with pytest.raises(ModelLoadError, match="fixed at 320x256, not 640x640"):
        load_onnx(path, ModelOptions(names=NAMES, input_size=(640, 640)))


def test_it_is_found_by_its_path_and_its_hash_is_known(tmp_path: Path) -> None:
    import hashlib

    path = exported(net("yolov8"), tmp_path / "Mine.ONNX", SIZE)
    assert load_model(str(path), OPTIONS).name == "Mine.ONNX"
    assert weights_sha256(str(path)) == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelLoadError, match="no such file"):
        load_model(str(tmp_path / "none.onnx"))


@pytest.mark.parametrize("steps", [None, [1, 2], [2, -1]])
def test_slices_are_onnxruntimes(steps: list[int] | None, tmp_path: Path) -> None:
    import onnxruntime

    given = {
        "starts": [1, -1 if steps and steps[1] < 0 else 0],
        "ends": [7, -9999],
        "axes": [1, -1],
    }
    if not steps or steps[1] > 0:
        given["ends"] = [7, 9999]
    if steps:
        given["steps"] = steps
    nodes = [helper.make_node("Constant", [], [k], value_ints=v) for k, v in given.items()]
    nodes.append(helper.make_node("Slice", ["x", *given], ["y"]))
    path = graph(tmp_path / "slice.onnx", nodes, [2, 8, 5], [2, "rows", "columns"])
    values = torch.rand(2, 8, 5)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"x": values.numpy()})
    ours = Slice()(values, *(torch.tensor(v) for v in given.values()))
    np.testing.assert_array_equal(ours.numpy(), expected)


def test_there_are_as_many_names_as_classes() -> None:
    assert len(NAMES) == CLASSES
