"""A stream may change its size: every attack and every fault goes on with the next frame."""

from __future__ import annotations

import pytest

from models.centerface import CenterFace
from monitor.assembly import build_pipeline
from monitor.catalog import CATALOG
from monitor.config import Settings
from monitor.faults import FAULTS
from streams.frame import Frame
from streams.opening import open_source

SIZES = ((96, 72), (72, 96), (97, 65))
BASE = {"width": 96, "queries": 10, "steps": 2, "surrogate": "faces", "patch": "face"}


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    """Two of each size, and the first size again."""
    found = []
    for width, height in (*SIZES, SIZES[0]):
        with open_source(f"scene:portrait?width={width}&height={height}") as source:
            found += [source.read(10), source.read(10)]
    return found


def settings_of(attack: str) -> Settings:
    for norm, eps in (("linf", "4/255"), ("l2", 1.0), ("l1", 20.0), ("l0", 5.0)):
        words = Settings().changed({**BASE, "attack": attack, "norm": norm, "eps": eps}).attack
        kept = CATALOG[attack].build(words).norms
        if not kept or norm in kept:
            return Settings().changed({**BASE, "attack": attack, "norm": norm, "eps": eps})
    raise AssertionError(attack)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", list(CATALOG))
def test_every_attack_goes_on_after_a_change_of_size(
    name: str, frames: list[Frame], faces: CenterFace
) -> None:
    pipeline = build_pipeline(settings_of(name), faces, surrogate=faces)
    for frame in frames:
        seen = pipeline.observe(frame)
        assert seen.attacked_pixels.shape == seen.frame.pixels.shape


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", list(FAULTS))
def test_every_fault_goes_on_after_a_change_of_size(
    name: str, frames: list[Frame], faces: CenterFace
) -> None:
    settings = Settings().changed({"width": 96, "attack": "none", "faults": f"{name}:3"})
    pipeline = build_pipeline(settings, faces)
    for frame in frames:
        seen = pipeline.observe(frame)
        assert seen.attacked_pixels.shape == seen.frame.pixels.shape
