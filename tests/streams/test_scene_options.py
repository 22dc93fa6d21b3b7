from __future__ import annotations

import pytest

from streams.scenes import OPTIONS, SCENES
from streams.scenes.options import COMMON, number, one_of, read_options, switch, whole, words

KNOWN = {
    "frames": whole(1, 100),
    "fps": number(1, 60),
    "light": one_of("day", "dusk"),
    "still": switch(),
    "boxes": words("a file"),
}


def test_given_options_when_read_then_each_has_its_type():
    found = read_options("frames=30&fps=12.5&light=dusk&still&boxes=a b.txt", KNOWN)
    assert found == {"frames": 30, "fps": 12.5, "light": "dusk", "still": True, "boxes": "a b.txt"}
    assert read_options("", KNOWN) == {}
    assert read_options("still=0", KNOWN) == {"still": False}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("frame=3", "did you mean frames"),
        ("zzz=3", "there are frames, fps, light, still, boxes"),
        ("frames=0", "frames takes a whole number from 1 to 100, got '0'"),
        ("frames=3.5", "whole number"),
        ("frames", "whole number"),
        ("fps=nan", "fps takes a number from 1 to 60"),
        ("fps=inf", "number"),
        ("light=night", "light takes day or dusk"),
        ("still=maybe", "still takes 1 or 0"),
        ("boxes=", "boxes takes a file"),
        ("fps=3&fps=4", "given twice"),
    ],
)
def test_given_what_cannot_be_when_read_then_it_says_what_can(text, says):
    with pytest.raises(ValueError, match=says):
        read_options(text, KNOWN)


def test_given_the_registry_when_asked_then_every_scene_has_the_common_options():
    assert set(OPTIONS) == set(SCENES)
    assert all(set(COMMON) <= set(options) for options in OPTIONS.values())
