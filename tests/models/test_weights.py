"""The bundled weights: written and read without loss, refused where they are not the expected ones."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from nano_nets import NAMES, network, textured
from safetensors import safe_open

from models import weights
from models.errors import WeightsError
from models.nano import Nano, NanoNet
from models.weights import classes_in, from_bytes, load_nano, save
from models.zoo import ZOO

OURS = ("signs", "ball")
MIB = 1 << 20

FIXED = {
    "signs": (
        *("stop", "give way", "no entry", "speed limit", "prohibition", "mandatory"),
        *("warning", "priority", "crosswalk", "traffic light"),
    ),
    "ball": ("ball",),
}

bundled = pytest.mark.parametrize("name", OURS)


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, str, NanoNet]:
    net = network()
    path = tmp_path / "new" / "made.safetensors"
    return path, save(net, path, NAMES), net


def test_what_is_read_is_what_was_written(written: tuple[Path, str, NanoNet]) -> None:
    path, digest, net = written
    loaded = load_nano("made", NAMES, digest, path)
    assert (loaded.name, loaded.class_names) == ("made", NAMES)
    with safe_open(path, "pt") as file:
        state = net.state_dict()
        assert set(file.keys()) == set(state)
        for name, value in state.items():
            assert torch.equal(file.get_tensor(name), value), name


def test_a_loaded_detector_finds_what_the_written_one_does(
    written: tuple[Path, str, NanoNet],
) -> None:
    path, digest, net = written
    picture = textured(0, 320, 192)
    unfolded = Nano("unfolded", NAMES, net).detect(picture, 0.5)
    found = load_nano("made", NAMES, digest, path).detect(picture, 0.5)
    assert len(found) > 3
    np.testing.assert_allclose(found.xyxy, unfolded.xyxy, atol=1e-2)
    np.testing.assert_allclose(found.confidence, unfolded.confidence, atol=1e-4)


def test_the_digest_is_the_files_and_the_same_every_time(
    written: tuple[Path, str, NanoNet], tmp_path: Path
) -> None:
    path, digest, net = written
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert save(net, tmp_path / "again.safetensors", NAMES) == digest


def test_class_names_are_in_the_file(written: tuple[Path, str, NanoNet]) -> None:
    assert classes_in(written[0].read_bytes()) == NAMES


def test_weights_of_other_classes_are_refused(written: tuple[Path, str, NanoNet]) -> None:
    path, digest, _ = written
    with pytest.raises(
        WeightsError, match=r"^model made: [^\n]*round, square, long, expected ball"
    ):
        load_nano("made", ("ball",), digest, path)


def test_weights_that_name_no_classes_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "bare.safetensors"
    save_file(network().state_dict(), path)
    with pytest.raises(WeightsError, match=r"\(none named\)"):
        from_bytes("made", NAMES, path.read_bytes())


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"^[^\n]*made\.safetensors[^\n]*reinstall camdrift$"):
        load_nano("made", NAMES, "0" * 64, tmp_path / "made.safetensors")


def test_a_changed_file_is_refused_before_it_is_read(written: tuple[Path, str, NanoNet]) -> None:
    path, digest, _ = written
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"^[^\n]*sha256[^\n]*expected[^\n]*reinstall camdrift$"):
        load_nano("made", NAMES, digest, path)
    path.write_bytes(b"not safetensors")
    with pytest.raises(WeightsError, match="sha256"):
        load_nano("made", NAMES, digest, path)


def test_a_network_of_all_classes_fits_into_4_mib(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    save(NanoNet(20), path, tuple(f"class {i}" for i in range(20)))
    assert path.stat().st_size <= 4 * MIB


@bundled
def test_bundled_weights_are_small_and_the_reviewed_ones(name: str) -> None:
    content = (weights.HERE / f"{name}.safetensors").read_bytes()
    assert len(content) <= 4 * MIB
    assert hashlib.sha256(content).hexdigest() == ZOO[name].sha256
    assert ZOO[name].classes[: len(FIXED[name])] == FIXED[name], "ids that users count on"
    assert load_nano(name, ZOO[name].classes, ZOO[name].sha256).name == name


@bundled
def test_a_card_says_what_the_weights_are(name: str) -> None:
    from models.quality.figures import _MEASURES

    card = (weights.HERE / f"{name}.md").read_text(encoding="utf-8")
    assert ZOO[name].sha256 in card
    assert ZOO[name].licence in card
    for class_name in FIXED[name]:
        assert class_name in card
    for folder in DATA[name]:
        assert folder in card, "the data that it was fitted to"
    assert f"python -m models.training {name}" in card
    lines = card.splitlines()
    for measure in _MEASURES[name]:
        figures = [line for line in lines if measure.name in line and re.search(r"\d\.\d", line)]
        assert figures, f"no figure for {measure.name}"


DATA = {
    "signs": ("road_sign_scenes", "mapillary_sprite_source", "jetson_inference", "street_video"),
    "ball": ("robocup_ml", "jetson_inference", "robocup_no_ball"),
}
