"""Which class a sprite of the sign package is of."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.bundled import SIGNS
from models.errors import ModelError
from models.training.sign_sprites import class_of, sign_sprites
from models.training.sprite import LARGEST, Sprite

BLUE, RED = (190, 90, 20), (30, 30, 200)  # BGR


def sprite(colour: tuple[int, int, int], shape: str) -> Sprite:
    picture = np.zeros((80, 80, 4), np.uint8)
    if shape == "disc":
        cv2.circle(picture, (40, 40), 39, (*colour, 255), -1)
    elif shape == "ellipse":
        cv2.ellipse(picture, (40, 40), (39, 28), 0, 0, 360, (*colour, 255), -1)
    else:
        picture[:] = (*colour, 255)
    made = Sprite.of(picture)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("regulatory--stop--g1.svg", "stop"),
        ("regulatory--stop--g10.svg", "stop"),
        ("regulatory--stop-ahead--g1.svg", "other sign"),
        ("regulatory--yield--g1.svg", "give way"),
        ("regulatory--no-entry--g1.svg", "no entry"),
        ("regulatory--maximum-speed-limit-50--g1.svg", "speed limit"),
        ("regulatory--maximum-speed-limit-led-60--g1.svg", "speed limit"),
        ("regulatory--speed-limit-30--g1.svg", "speed limit"),
        ("regulatory--night-speed-limit-45--g3.svg", "speed limit"),
        ("regulatory--end-of-maximum-speed-limit-50--g1.svg", "other sign"),
        ("regulatory--no-parking--g1.svg", "prohibition"),
        ("regulatory--no-left-turn--g2.svg", "prohibition"),
        ("regulatory--road-closed--g2.svg", "prohibition"),
        ("regulatory--height-limit--g1.svg", "prohibition"),
        ("regulatory--weight-limit--g1.svg", "prohibition"),
        ("warning--curve-left--g1.svg", "warning"),
        ("regulatory--priority-road--g4.svg", "priority"),
        ("regulatory--end-of-priority-road--g1.svg", "other sign"),
        ("information--parking--g1.svg", "other sign"),
        ("complementary--distance--g1.svg", "other sign"),
    ],
)
def test_a_name_says_the_class(name: str, expected: str) -> None:
    assert class_of(name, sprite(RED, "disc")) == expected


@pytest.mark.parametrize(
    ("colour", "shape", "expected"),
    [
        (BLUE, "disc", "mandatory"),
        (RED, "disc", "other sign"),
        (BLUE, "square", "other sign"),
        (BLUE, "ellipse", "other sign"),
    ],
)
@pytest.mark.parametrize(
    "name", ["regulatory--turn-left--g1.svg", "regulatory--keep-right--g2.svg"]
)
def test_mandatory_signs_are_blue_and_round(
    name: str, colour: tuple[int, int, int], shape: str, expected: str
) -> None:
    assert class_of(name, sprite(colour, shape)) == expected


def test_a_blue_disc_of_another_kind_is_not_mandatory() -> None:
    assert class_of("information--airport--g1.svg", sprite(BLUE, "disc")) == "other sign"


@pytest.mark.parametrize(("colour", "expected"), [(BLUE, "crosswalk"), (RED, "other sign")])
def test_crosswalk_signs_are_blue(colour: tuple[int, int, int], expected: str) -> None:
    name = "information--pedestrians-crossing--g1.svg"
    assert class_of(name, sprite(colour, "square")) == expected


def svg(body: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">'
        f"{body}</svg>"
    )


def test_a_folder_of_drawings_becomes_sprites_by_class(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="needs resvg-py, of the extra `train`")
    drawings = {
        "regulatory--stop--g1.svg": '<circle cx="32" cy="32" r="30" fill="#c02020"/>',
        "regulatory--go-straight--g1.svg": '<circle cx="32" cy="32" r="30" fill="#1450c8"/>',
        "warning--curve-left--g1.svg": '<path d="M32 4 L62 60 L2 60 Z" fill="#f0c020"/>',
        "warning--invisible--g1.svg": "",
    }
    (tmp_path / "more").mkdir()
    for i, (name, body) in enumerate(drawings.items()):
        (tmp_path / ("more" if i == 2 else "") / name).write_text(svg(body))
    (tmp_path / "logo.svg").write_text(svg('<rect width="9" height="9"/>'))
    bank = sign_sprites(tmp_path)
    assert tuple(bank) == SIGNS
    assert {name: len(sprites) for name, sprites in bank.items() if sprites} == {
        "stop": 1,
        "mandatory": 1,
        "warning": 1,
    }
    picture = bank["stop"][0].levels[0]
    assert max(picture.shape[:2]) in range(LARGEST - 15, LARGEST + 1)
    blue, green, red, alpha = picture[80, 70].tolist()
    assert (blue, green, red, alpha) == (0x20, 0x20, 0xC0, 255), "BGR, not RGB"


def test_an_empty_folder_says_what_is_wanted(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="needs resvg-py, of the extra `train`")
    for folder in (tmp_path, tmp_path / "not-there"):
        with pytest.raises(
            ModelError, match=r"^training signs: no sprites in [^\n]*npm pack[^\n]*$"
        ):
            sign_sprites(folder)


def test_a_damaged_drawing_is_named(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="needs resvg-py, of the extra `train`")
    (tmp_path / "regulatory--stop--g1.svg").write_text("no drawing")
    with pytest.raises(
        ModelError, match=r"^[^\n]*regulatory--stop--g1\.svg cannot be drawn[^\n]*$"
    ):
        sign_sprites(tmp_path)


def test_without_resvg_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ModelError, match=r"resvg-py, which is missing; pip install [^\n]*train"):
        sign_sprites(tmp_path)


def test_the_ten_named_classes_come_first() -> None:
    assert (
        *("stop", "give way", "no entry", "speed limit", "prohibition", "mandatory"),
        *("warning", "priority", "crosswalk", "traffic light", "other sign"),
    ) == SIGNS
