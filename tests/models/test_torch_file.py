"""TorchScript runs; weights alone and pickles are refused, and a pickle is refused unopened."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from own_nets import NAMES, YoloV8Like, net, scripted

from models.errors import ModelLoadError
from models.options import ModelOptions
from models.own_model import own_model
from models.zoo import load_model, weights_sha256

OPTIONS = ModelOptions(names=NAMES)


def refusal(path: Path) -> str:
    with pytest.raises(ModelLoadError) as caught:
        load_model(str(path), OPTIONS)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["net.pt", "net.torchscript", "net.PTH"])
def test_torchscript_gives_the_boxes_of_the_network(
    name: str, tmp_path: Path, photograph: np.ndarray
) -> None:
    path = scripted(net("centernet"), tmp_path / name)
    ours = load_model(str(path), OPTIONS).detect(photograph, 0.5)
    expected = own_model("native", net("centernet"), OPTIONS).detect(photograph, 0.5)
    assert len(expected) > 50
    np.testing.assert_allclose(ours.xyxy, expected.xyxy, atol=1e-3)
    assert len(weights_sha256(str(path)) or "") == 64


def test_gradients_flow_through_torchscript(tmp_path: Path) -> None:
    model: Any = load_model(str(scripted(net("centernet"), tmp_path / "net.pt")), OPTIONS)
    frames = torch.rand(1, 3, 64, 64, requires_grad=True)
    (gradient,) = torch.autograd.grad(model.forward(frames).logits.max(), frames)
    assert float(gradient.abs().max()) > 0


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_a_pickled_module_is_refused_with_what_to_do(new: bool, tmp_path: Path) -> None:
    path = tmp_path / "whole.pt"
    torch.save(YoloV8Like(), path, _use_new_zipfile_serialization=new)
    message = refusal(path)
    assert "can run any code" in message
    assert "ONNX or TorchScript" in message
    assert "package.module:factory" in message


@pytest.mark.parametrize("kind", ["bare", "zip"])
def test_the_code_in_a_pickle_is_not_run(kind: str, tmp_path: Path) -> None:
    trace = tmp_path / "was-run"

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (trace,)

    path = tmp_path / "bomb.pt"
    if kind == "bare":
        path.write_bytes(pickle.dumps(Bomb()))
    else:
        torch.save({"model": Bomb()}, path)
    assert "can run any code" in refusal(path)
    assert not trace.exists()


def test_a_pickle_that_says_it_is_ultralytics_gets_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if ultralytics were installed: its name in the pickle opens no door for anything else.
    trace = tmp_path / "was-run"
    package = tmp_path / "site" / "ultralytics" / "nn"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").write_text("class Layer:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    import importlib

    layer = importlib.import_module("ultralytics.nn").Layer

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (trace,)

    path = tmp_path / "bomb.pt"
    torch.save({"model": layer(), "more": Bomb()}, path)
    try:
        assert "no layer of ultralytics' or torch's" in refusal(path)
    finally:
        for name in [n for n in sys.modules if n.split(".")[0] == "ultralytics"]:
            del sys.modules[name]
    assert not trace.exists()


def test_ultralytics_checkpoint_without_ultralytics_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.torch_file.is_ultralytics", lambda _: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    path = tmp_path / "yolo.pt"
    torch.save(YoloV8Like(), path)
    message = refusal(path)
    assert "pip install ultralytics" in message
    assert "AGPL" in message


def test_weights_alone_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(YoloV8Like().state_dict(), path)
    message = refusal(path)
    assert "a dictionary of 6 entries, weights without an architecture" in message
    assert "factory" in message


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04broken"])
def test_a_file_that_is_nothing_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.pt"
    path.write_bytes(content)
    assert "odd.pt" in refusal(path)


def test_a_cut_torchscript_is_told(tmp_path: Path) -> None:
    path = scripted(net("centernet"), tmp_path / "cut.pt")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "cut.pt" in refusal(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "none.pt")
