"""A patch on disk: it comes back as it was, says what it is, and no other file is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from monitor.errors import PatchError
from monitor.goals import Goal
from monitor.patches.patch import (
    MADE,
    NOTE,
    Facts,
    Patch,
    controls,
    load,
    made_names,
    patch_for,
    save,
)

FACTS = Facts(
    model="signs",
    goal=Goal.MISLABEL,
    target="speed 50",
    victims=("stop", "give way"),
    place="0.1,0.2 0.3,0.2 0.3,0.5 0.1,0.5",
    share=0.0375,
    width_mm=211.5,
    trained_on=("scene:road", "clips/über den Fluß.mp4"),
    steps=1500,
    seed=7,
    looks={"scale": [0.8, 1.25], "roll": 18.0},
    held_out={"patch": 0.773, "grey": 0.1, "of": 44.0},
)


def patch_of(width: int = 12, height: int = 9, seed: int = 0) -> Patch:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = np.where(rng.random((height, width)) < 0.6, 255, 0).astype(np.uint8)
    return Patch(pixels, mask, FACTS)


@given(width=st.integers(8, 60), height=st.integers(8, 60), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_it_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, seed: int
) -> None:
    patch, file = patch_of(width, height, seed), tmp_path_factory.mktemp("patch") / "one.png"
    save(patch, file)
    back = load(str(file))
    # Under its holes too, where a picture's viewer sees nothing.
    assert np.array_equal(back.pixels, patch.pixels)
    assert np.array_equal(back.mask, patch.mask)
    assert back.facts == patch.facts
    assert back.aspect == width / height
    assert back.pixels.flags.c_contiguous
    assert back.mask.flags.c_contiguous


def test_colours_are_those_that_a_viewer_shows(tmp_path: Path) -> None:
    patch = patch_of()
    patch.pixels[:] = (10, 20, 200)
    patch.mask[:] = 255
    save(patch, tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as opened:
        assert opened.getpixel((3, 3)) == (200, 20, 10, 255)


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("named", ["one.png", "one.json", "one"])
def test_any_of_its_names_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    save(patch_of(), tmp_path / "sub" / "one.png")
    assert load(str(tmp_path / "sub" / named)).facts == FACTS
    monkeypatch.chdir(tmp_path / "sub")
    assert load(named).facts == FACTS


def test_a_name_may_have_a_dot_in_it(tmp_path: Path) -> None:
    save(patch_of(seed=1), tmp_path / "stop.png")
    save(patch_of(seed=2), tmp_path / "stop.v2.png")
    assert names_in(tmp_path) == [
        "stop.json",
        "stop.png",
        "stop.v2.json",
        "stop.v2.png",
    ]
    for name, seed in (("stop", 1), ("stop.v2", 2), ("stop.v2.json", 2)):
        assert np.array_equal(load(str(tmp_path / name)).pixels, patch_of(seed=seed).pixels)


def test_both_files_say_that_it_is_test_material(tmp_path: Path) -> None:
    save(patch_of(), tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as opened:
        assert opened.info["Description"] == NOTE
    assert json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))["note"] == NOTE
    assert "testing one's own models" in NOTE
    assert names_in(tmp_path) == ["one.json", "one.png"], "no halves are left"


def test_saving_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    save(patch_of(seed=1), tmp_path / "one.png")
    again = replace(patch_of(seed=2), facts=FACTS.model_copy(update={"steps": 3}))
    save(again, tmp_path / "one.png")
    back = load(str(tmp_path / "one"))
    assert np.array_equal(back.pixels, again.pixels)
    assert back.facts.steps == 3


def refusal(name: str | Path) -> str:
    with pytest.raises(PatchError) as caught:
        load(str(name))
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith(f"patch {name}: ")
    return said


@pytest.mark.parametrize("kept", [[], ["one.png"], ["one.json"]])
def test_a_file_that_is_missing_is_named(tmp_path: Path, kept: list[str]) -> None:
    save(patch_of(), tmp_path / "one.png")
    for name in {"one.png", "one.json"} - set(kept):
        (tmp_path / name).unlink()
    said = refusal(tmp_path / "one")
    missing = "one.json" if kept == ["one.png"] else "one.png"
    assert f"no file {tmp_path / missing}; a patch is a PNG and a JSON" in said
    assert all(name in said for name in made_names())


@pytest.mark.parametrize("name", ["", ".", "/", "..", "no/such/folder/", "~nobody-here/patch"])
def test_what_is_no_file_name_is_no_patch(name: str) -> None:
    assert refusal(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        pytest.param('{"model": "signs"}', id="too little"),
        pytest.param(b"\xff\xfe{}", id="not UTF-8"),
        pytest.param({"share": 0}, id="no share"),
        pytest.param({"share": 1.5}, id="more than a frame"),
        pytest.param({"share": float("nan")}, id="not a number"),
        pytest.param({"width_mm": -1}, id="no width"),
        pytest.param({"goal": "confuse"}, id="no goal"),
        pytest.param({"colour": "red"}, id="an unknown word"),
    ],
)
def test_a_description_that_is_none_is_refused(
    tmp_path: Path, text: str | bytes | dict[str, object]
) -> None:
    save(patch_of(), tmp_path / "one.png")
    file = tmp_path / "one.json"
    if isinstance(text, dict):
        text = json.dumps(json.loads(file.read_text(encoding="utf-8")) | text)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    said = refusal(tmp_path / "one.png")
    assert f"{file} does not describe a patch (" in said
    assert "take the file that `camdrift patch train` wrote" in said


@pytest.mark.parametrize("cut", [0, 8, 30, 60, 100])
def test_a_picture_that_is_none_is_refused(tmp_path: Path, cut: int) -> None:
    save(patch_of(), tmp_path / "one.png")
    file = tmp_path / "one.png"
    file.write_bytes(file.read_bytes()[:cut])
    assert f"{file} is no picture (" in refusal(tmp_path / "one")


@pytest.mark.parametrize("size", [(7, 8), (8, 7), (1025, 8), (8, 1025)])
def test_a_picture_of_no_patchs_size_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    save(patch_of(), tmp_path / "one.png")
    Image.new("RGB", size).save(tmp_path / "one.png")
    said = refusal(tmp_path / "one")
    assert f"is {size[0]}x{size[1]} pixels; a patch has sides of 8 to 1024" in said


def test_a_picture_without_alpha_has_no_holes(tmp_path: Path) -> None:
    save(patch_of(), tmp_path / "one.png")
    Image.new("L", (8, 1024), 77).save(tmp_path / "one.png")
    back = load(str(tmp_path / "one"))
    assert (back.mask == 255).all()
    assert (back.pixels == 77).all()
    assert back.pixels.shape == (1024, 8, 3)


def test_controls_have_its_size_and_its_holes_and_nothing_else_of_it() -> None:
    patch = patch_of()
    kept = patch.pixels.copy()
    made = dict(controls(patch))
    assert list(made) == ["grey", "random"]
    assert (made["grey"].pixels == 128).all()
    assert made["random"].pixels.std() > 50
    for one in made.values():
        assert one.pixels.shape == patch.pixels.shape
        assert np.array_equal(one.mask, patch.mask)
    assert np.array_equal(patch.pixels, kept)
    for seed, same in ((0, True), (1, False)):
        again = dict(controls(patch, seed))["random"].pixels
        assert np.array_equal(again, made["random"].pixels) is same


def test_every_patch_that_comes_with_camdrift_can_be_read_by_its_name() -> None:
    names = made_names()
    assert list(names) == sorted(file.stem for file in MADE.glob("*.png"))
    for name in names:
        patch = load(name)
        assert patch.facts.note == NOTE
        assert patch.facts.steps > 0
        assert patch_for(patch.facts.model) in names
    assert patch_for("no such model") == next(iter(names), "")
