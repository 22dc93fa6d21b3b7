"""package.module:factory: every kind of thing it may lead to, and every way in which it may fail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from model_families import TORCHVISION, categories

from models.detector import WhiteBoxDetector
from models.errors import ModelInputError, ModelLoadError, ModelOutputError, UnknownModel
from models.options import ModelOptions
from models.zoo import load_model, weights_sha256

CODE = """
import numpy as np
import supervision as sv
import torch
from own_nets import YoloV8Like, NAMES
from models.centerface import load_centerface

def detector():
    return load_centerface()

ready = load_centerface()

def module():
    return YoloV8Like()

def with_options(options):
    return YoloV8Like() if options.names else None

def boxes(frame):
    frame[:] = 0  # it may draw on what it is given
    height, width = frame.shape[:2]
    return sv.Detections(
        xyxy=np.array([[1.0, 2.0, 30.0, 40.0], [0.0, 0.0, width, height]]),
        confidence=np.array([0.9, 0.2]),
        class_id=np.array([1, 0]),
    )

boxes.class_names = ("cat", "dog")

def nameless(frame):
    return boxes(frame)

def make_boxes():
    return boxes

def plain(frame):
    return sv.Detections(xyxy=np.array([[0.0, 0.0, 5.0, 5.0]]))

def nothing(frame):
    return sv.Detections.empty()

def wrong(frame):
    return [1, 2, 3, 4]

def not_a_number(frame):
    return sv.Detections(xyxy=np.array([[0.0, np.nan, 5.0, 5.0]]))

def unknown_class(frame):
    return sv.Detections(xyxy=np.array([[0.0, 0.0, 5.0, 5.0]]), class_id=np.array([7]))

def fails():
    raise ValueError("no weights here")

class Nested:
    @staticmethod
    def build():
        return YoloV8Like()

number = 3

def ssd():
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large
    return ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=3)
"""

NAMED = ModelOptions(names=("round", "square", "long"))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with a module in it; what it leaves in the interpreter is taken away."""
    (tmp_path / "my_models.py").write_text(CODE)
    (tmp_path / "broken_models.py").write_text("import no_such_package_at_all\n")
    (tmp_path / "unready.py").write_text("def f(:\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    yield tmp_path
    sys.path[:] = before
    for name in ("my_models", "broken_models", "unready"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("attribute", ["detector", "ready"])
def test_a_detector_or_what_returns_one(attribute: str, photograph: np.ndarray) -> None:
    model = load_model(f"my_models:{attribute}")
    assert isinstance(model, WhiteBoxDetector)
    assert len(model.detect(photograph, 0.5)) == 1
    assert weights_sha256(f"my_models:{attribute}") is None


@pytest.mark.parametrize("attribute", ["module", "with_options", "Nested.build"])
def test_a_module_is_read_as_the_settings_say(attribute: str, photograph: np.ndarray) -> None:
    model = load_model(f"my_models:{attribute}", NAMED)
    assert isinstance(model, WhiteBoxDetector)
    assert model.class_names == NAMED.names
    assert len(model.detect(photograph, 0.5)) > 50


@pytest.mark.parametrize("attribute", ["boxes", "make_boxes"])
def test_a_function_of_frames_is_a_black_box(attribute: str, photograph: np.ndarray) -> None:
    model = load_model(f"my_models:{attribute}")
    assert not isinstance(model, WhiteBoxDetector)
    found = model.detect(photograph, 0.5)
    assert list(found.data["class_name"]) == ["dog"]
    assert len(model.detect(photograph, 0.1)) == 2
    assert photograph.any(), "the frame was handed over as a copy"


def test_a_function_may_leave_out_scores_and_classes(photograph: np.ndarray) -> None:
    found = load_model("my_models:plain", ModelOptions(names=("thing",))).detect(photograph, 0.99)
    assert list(found.confidence) == [1.0]
    assert list(found.data["class_name"]) == ["thing"]
    none = load_model("my_models:nothing", ModelOptions(names=("thing",))).detect(photograph, 0.5)
    assert len(none) == 0
    assert none.class_id is not None


def test_some_classes_of_a_black_box(photograph: np.ndarray) -> None:
    cats = load_model("my_models:boxes", ModelOptions(classes=("cat",)))
    assert cats.class_names == ("cat",)
    found = cats.detect(photograph, 0.1)
    assert list(found.class_id) == [0]
    assert list(found.data["class_name"]) == ["cat"]
    with pytest.raises(ModelLoadError, match=r"no class 'cow'; the nearest is '\w+'"):
        load_model("my_models:boxes", ModelOptions(classes=("cow",)))


@pytest.mark.parametrize(
    ("attribute", "part"),
    [
        ("wrong", "answered with a list, expected supervision.Detections"),
        ("not_a_number", "failed on a frame .*finite"),
        ("unknown_class", "class 7, but has 1 class names"),
    ],
)
def test_answers_that_are_none_are_told(attribute: str, part: str, photograph: np.ndarray) -> None:
    model = load_model(f"my_models:{attribute}", ModelOptions(names=("thing",)))
    with pytest.raises(ModelOutputError, match=part):
        model.detect(photograph, 0.5)


def test_a_function_is_not_asked_about_an_empty_frame() -> None:
    with pytest.raises(ModelInputError):
        load_model("my_models:boxes").detect(np.zeros((0, 8, 3), np.uint8), 0.5)


def test_torchvisions_own_modules_are_known(photograph: np.ndarray) -> None:
    model = load_model("my_models:ssd", ModelOptions(names=("cat", "dog")))
    assert isinstance(model, WhiteBoxDetector)
    assert model.class_names == ("cat", "dog")
    assert model.detect(photograph, 0.01).class_id is not None
    with pytest.raises(ModelLoadError, match=r"set \[model\] names"):
        load_model("my_models:ssd")
    assert len(categories(next(iter(TORCHVISION)))) == 91


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("no_such_module:f", ["no_such_module", "cannot be imported", "run from the folder"]),
        ("broken_models:f", ["cannot be imported", "no_such_package_at_all"]),
        ("unready:f", ["cannot be imported", "SyntaxError"]),
        ("my_models:absent", ["has no absent"]),
        ("my_models:Nested.absent", ["has no Nested.absent"]),
        ("my_models:fails", ["the factory failed", "no weights here"]),
        ("my_models:number", ["is a int"]),
        ("my_models:with_options", ["is a NoneType"]),
        ("my_models:nameless", ["classes have no names", "class_names"]),
    ],
)
def test_what_goes_wrong_is_one_line_with_the_cause(spec: str, parts: list[str]) -> None:
    with pytest.raises(ModelLoadError) as caught:
        load_model(spec)
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spec", ["face", "a b:c", ":x", "x:", "sign"])
def test_what_is_of_no_form_is_an_unknown_model(spec: str) -> None:
    with pytest.raises(UnknownModel, match=r"package\.module:factory"):
        load_model(spec)
