"""The README of training says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import models.training
from models.training import __main__ as command
from models.training.backgrounds import COMMON, STREET
from models.training.loop import Plan
from models.training.maker import SIDE
from models.training.photos import ROAD_SIGNS, ROBOCUP, held_out
from models.training.sign_sprites import PACKAGE

README = (Path(models.training.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_every_folder_of_the_material_is_named_and_none_that_is_not_used() -> None:
    table = README.split("## Material")[1].split("More comes from packages")[0]
    named = set(re.findall(r"`((?:signs|ball|background|faces|street_video)[\w/]*)`", table))
    assert named == {*COMMON, *STREET, ROAD_SIGNS, ROBOCUP}
    assert PACKAGE in README


def test_the_commands_are_the_commands() -> None:
    for name in command.MAKERS:
        assert f"python -m models.training {name} --data" in README


def test_the_options_and_their_defaults_are_the_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    helped = set(re.findall(r"--\w+", capsys.readouterr().out)) - {"--help"}
    rows = dict(re.findall(r"^\| `(--\w+)` \| `?([^`|]*?)`? \|", README, re.MULTILINE))
    assert set(re.findall(r"^\| `(--\w+)`", README, re.MULTILINE)) == helped
    assert int(rows["--steps"]) == Plan().steps
    assert int(rows["--workers"]) == Plan().workers


def test_its_numbers_are_the_codes() -> None:
    for name in ("signs", "ball"):
        assert re.search(rf"`splits/{name}.txt` \({len(held_out(name))}\b", README)
    assert f"every {Plan().save_every} steps" in README
    assert f"A step of {Plan().batch} pictures" in README
    assert f"{SIDE}x{SIDE}" in README
