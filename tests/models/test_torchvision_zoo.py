"""torchvision's detectors: its own forward's boxes, weights from its cache, refusals in one line."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from model_families import TORCHVISION, categories, lively, telling_threshold, torchvision_model

from models.detector import to_tensor
from models.errors import ModelLoadError, UnknownModel, WeightsError
from models.options import ModelOptions
from models.torchvision_model import NOTHING, TorchvisionModel
from models.torchvision_zoo import load_torchvision, torchvision_names, weights_path
from models.zoo import load_model, weights_sha256
from monitor.attack_settings import AttackSettings
from monitor.attacks.driver import drive
from monitor.catalog import CATALOG
from monitor.distances import Budget, Norm
from monitor.goals import Aim, Goal
from monitor.objective import Objective

pytestmark = pytest.mark.timeout(240)

LIGHT = "ssdlite320_mobilenet_v3_large"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of torchvision's, and no network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(*_: object, **__: object) -> None:
        raise URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    return tmp_path


@pytest.fixture
def cached(cache: Path, photograph: np.ndarray) -> Path:
    """A cache with seeded weights under the name of the lightest detector's."""
    path = weights_path(LIGHT)
    path.parent.mkdir(parents=True)
    torch.save(lively(LIGHT, to_tensor(photograph)).state_dict(), path)
    return path


def own_answer(model: Any, frames: torch.Tensor, threshold: float) -> dict[str, np.ndarray]:
    """What torchvision itself says at that threshold, without labels that are none."""
    (model.roi_heads if hasattr(model, "roi_heads") else model).score_thresh = threshold
    with torch.inference_mode():
        return {key: value.numpy() for key, value in model(list(frames.flip(1)))[0].items()}


@pytest.fixture(scope="module", params=TORCHVISION)
def detector(request: pytest.FixtureRequest, photograph: np.ndarray) -> TorchvisionModel:
    """One of each family."""
    return torchvision_model(request.param, to_tensor(photograph))


@pytest.mark.parametrize("low", [False, True], ids=["few", "many"])
def test_boxes_scores_and_labels_are_torchvisions_own(
    detector: TorchvisionModel, low: bool, photograph: np.ndarray
) -> None:
    frames = to_tensor(photograph)
    name = detector.name.partition(":")[2]
    with torch.inference_mode():
        candidates = detector.forward(frames)
    # Low enough that the limits on crowds and on detections a frame are reached.
    threshold = telling_threshold(candidates, most=20_000 if low else 40)
    ours = detector.detect(photograph, threshold)
    theirs = own_answer(detector.network, frames, threshold)
    names = np.array(categories(name))[theirs["labels"]]
    real = ~np.isin(names, NOTHING)
    head = int(real.sum())
    assert len(ours) >= head > 3
    # Labels that are none take places among torchvision's best, and in its crowds, that ours give to others.
    assert len(ours) == head or not real.all()
    if low:
        head = min(40, head)
    np.testing.assert_allclose(ours.xyxy[:head], theirs["boxes"][real][:head], atol=5e-3)
    np.testing.assert_allclose(ours.confidence[:head], theirs["scores"][real][:head], atol=1e-5)
    assert list(ours.data["class_name"][:head]) == list(names[real][:head])


def test_an_attack_beats_noise_though_candidates_may_move(
    detector: TorchvisionModel, photograph: np.ndarray
) -> None:
    with torch.inference_mode():
        logits = detector.forward(to_tensor(photograph)).logits
    threshold = float(logits.flatten().sigmoid().unique()[-16:-14].mean())
    words = AttackSettings(steps=5, random_start=False, early_stop=False)
    losses = {}
    for name in ("pgd", "noise"):
        objective = Objective(detector, photograph, Aim(Goal.VANISH), threshold=threshold)
        assert 3 < len(objective.clean) <= 15
        attack, budget = CATALOG[name].build(words), Budget(Norm.LINF, 2 / 255)
        frame = drive(attack, objective, budget, np.random.default_rng(0))
        losses[name] = objective.answer(frame.copy()).loss
    # Boxes of random networks are lost to anything; the loss tells whether the gradient leads uphill.
    assert losses["pgd"] > losses["noise"] + 0.1


def test_weights_come_from_the_cache_and_give_the_model_that_wrote_them(
    cached: Path, photograph: np.ndarray
) -> None:
    loaded = load_torchvision(LIGHT, ModelOptions())
    written = torchvision_model(LIGHT, to_tensor(photograph))
    mine, theirs = loaded.detect(photograph, 0.3), written.detect(photograph, 0.3)
    assert len(mine) > 0
    np.testing.assert_allclose(mine.xyxy, theirs.xyxy, atol=1e-3)
    assert not any(p.requires_grad for p in loaded.network.parameters())
    assert len(weights_sha256(f"torchvision:{LIGHT}") or "") == 64


def test_the_class_filter_maps_cocos_names(cached: Path, photograph: np.ndarray) -> None:
    wanted = ("stop sign", "traffic light", "sports ball", "person")
    some = load_model(f"torchvision:{LIGHT}", ModelOptions(classes=wanted))
    assert some.class_names == ("person", "traffic light", "stop sign", "sports ball")
    whole = load_model(f"torchvision:{LIGHT}")
    threshold = 0.1
    everything = whole.detect(photograph, threshold)
    kept = np.isin(everything.data["class_name"], wanted)
    few = some.detect(photograph, threshold)
    np.testing.assert_array_equal(few.xyxy, everything.xyxy[kept])
    assert list(few.data["class_name"]) == list(everything.data["class_name"][kept])
    assert [some.class_names[c] for c in few.class_id] == list(few.data["class_name"])


def test_offline_says_which_file_is_missing_where_and_what_else_there_is(cache: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        load_model(f"torchvision:{LIGHT}")
    message = str(caught.value)
    assert "\n" not in message
    for part in (weights_path(LIGHT).name, str(cache / "hub" / "checkpoints"), "no route"):
        assert part in message
    assert "signs, ball or faces" in message


def test_a_pickle_in_the_cache_is_not_run(cache: Path, tmp_path: Path) -> None:
    trace = tmp_path / "was-run"

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (trace,)

    path = weights_path(LIGHT)
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(WeightsError, match=r"^[^\n]*is no file of weights[^\n]*$"):
        load_model(f"torchvision:{LIGHT}")
    assert not trace.exists()


def test_weights_of_another_model_are_told(cache: Path) -> None:
    path = weights_path(LIGHT)
    path.parent.mkdir(parents=True)
    torch.save({"a": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match=r"^[^\n]*other weights than this model's[^\n]*$"):
        load_model(f"torchvision:{LIGHT}")


def test_an_unknown_name_tells_the_nearest() -> None:
    with pytest.raises(UnknownModel, match="nearest is torchvision:retinanet_resnet50_fpn"):
        load_model("torchvision:retinanet_resnet50")


def test_the_named_ones_are_all_there() -> None:
    assert {*TORCHVISION, "retinanet_resnet50_fpn_v2", "fasterrcnn_resnet50_fpn"} <= {
        *torchvision_names()
    }
    assert not [name for name in torchvision_names() if name.startswith(("mask", "keypoint"))]


def test_the_input_size_is_heeded_or_refused(cached: Path, photograph: np.ndarray) -> None:
    with pytest.raises(ModelLoadError, match="fixed at 320x320, not 640x480"):
        load_torchvision(LIGHT, ModelOptions(input_size=(640, 480)))
    name = "fcos_resnet50_fpn"
    model = lively(name, to_tensor(photograph))
    small = TorchvisionModel(name, model, categories(name), input_size=(64, 64))
    with torch.inference_mode():
        frames = to_tensor(photograph)
        images, _ = small.network.transform(list(frames))
    assert images.image_sizes == [(48, 64)]
