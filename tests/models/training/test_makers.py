"""Training pictures of signs and balls, made of the real material: twenty of each keep their word."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from conftest import SHARED

from models.errors import ModelError
from models.training.balls import BallMaker, _flipped, _mirrored
from models.training.maker import SIDE, Maker, Material, log_uniform
from models.training.sample import LEAST, Sample
from models.training.signs import _LABELLED, SignMaker
from models.training.targets import targets

COUNT = 20
SPRITES = os.environ.get("CAMDRIFT_SIGN_SPRITES")
"""The folder package_signs of the npm package of sprites; models/training/README.md says how to get it."""

pytestmark = pytest.mark.timeout(240)


def material(sprites: Path | None = None) -> Material:
    if not (SHARED / "background").is_dir():
        pytest.skip("needs the pictures of ../shared/data, which are not here")
    return Material(SHARED, sprites, seed=0)


@pytest.fixture(scope="module", params=["signs", "ball"])
def maker(request: pytest.FixtureRequest) -> Iterator[Maker]:
    if request.param == "ball":
        with pytest.MonkeyPatch.context() as patch:  # rendering all of them takes a while
            patch.setattr("models.training.balls._BALLS", 60)
            patch.setattr("models.training.balls._OTHERS", 40)
            yield BallMaker(material())
        return
    if not SPRITES:
        pytest.skip("needs the sprites of signs: set CAMDRIFT_SIGN_SPRITES to their folder")
    pytest.importorskip("resvg_py", reason="needs resvg-py, of the extra `train`")
    yield SignMaker(material(Path(SPRITES)))


def samples(maker: Maker) -> list[Sample]:
    return [maker.make(np.random.default_rng((0, 9, i))) for i in range(COUNT)]


def test_training_pictures_keep_their_word(maker: Maker) -> None:
    objects = 0
    for sample in samples(maker):
        assert (sample.pixels.shape, sample.pixels.dtype) == ((SIDE, SIDE, 3), np.uint8)
        assert sample.pixels.std() > 3
        assert (sample.boxes.dtype, sample.ignored.dtype) == (np.float32, np.float32)
        assert sample.labels.dtype == np.int64
        assert len(sample.labels) == len(sample.boxes)
        assert ((sample.labels >= 0) & (sample.labels < len(maker.class_names))).all()
        assert sample.known.shape == (len(maker.class_names),)
        for boxes in (sample.boxes, sample.ignored):
            assert boxes.shape[1:] == (4,)
            assert ((boxes >= 0) & (boxes <= SIDE)).all()
            assert (boxes[:, 2:] > boxes[:, :2]).all()
        sides = sample.boxes[:, 2:] - sample.boxes[:, :2]
        assert (sides >= LEAST).all()
        made = targets(sample, len(maker.class_names))
        assert np.count_nonzero(made.heat == 1) >= min(len(sample.boxes), 1)
        assert np.isfinite(made.weight).all()
        objects += len(sample.boxes)
    assert objects > COUNT / 2


def test_a_training_picture_is_a_function_of_its_generator(maker: Maker) -> None:
    for first, second in zip(samples(maker)[:8], samples(maker)[:8], strict=True):
        for field in fields(Sample):
            np.testing.assert_array_equal(
                getattr(first, field.name), getattr(second, field.name), err_msg=field.name
            )


def test_what_photographs_do_not_label_is_not_held_against_the_network(maker: Maker) -> None:
    if isinstance(maker, BallMaker):
        assert all(sample.known.all() for sample in samples(maker))
        return
    labelled = [name in _LABELLED for name in maker.class_names]
    kinds = {tuple(sample.known.tolist()) for sample in samples(maker)}
    assert kinds == {tuple(labelled), (True,) * len(labelled)}


def test_signs_need_their_sprites() -> None:
    with pytest.raises(ModelError, match=r"^training signs: give --sprites[^\n]*$"):
        SignMaker(Material(Path("nowhere"), None, 0))


def test_balls_need_their_backgrounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.training.balls._BALLS", 1)
    monkeypatch.setattr("models.training.balls._OTHERS", 1)
    with pytest.raises(ModelError, match=r"^[^\n]*jetson_inference: no picture there[^\n]*$"):
        BallMaker(Material(tmp_path, None, 0))


def test_a_mirrored_picture_has_mirrored_boxes() -> None:
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[40:80, 10:30] = 255
    boxes = np.array([[10, 40, 30, 80]], np.float32)
    sample = Sample(pixels, boxes, np.zeros(1, np.int64), np.ones(1, bool), boxes * 2)
    turned = {0: 0, 1: 0}
    for seed in range(10):
        out = _mirrored(sample, np.random.default_rng(seed))
        rows, columns = (np.flatnonzero(out.pixels[..., 0].any(axis=a)) for a in (1, 0))
        np.testing.assert_array_equal(
            out.boxes, [[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]]
        )
        mirrored = columns[0] != 10
        turned[mirrored] += 1
        np.testing.assert_array_equal(out.ignored, _flipped(boxes * 2) if mirrored else boxes * 2)
    assert min(turned.values()) > 0


def test_sizes_are_uniform_in_their_logarithm() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([log_uniform(rng, 6, 150) for _ in range(4000)])
    assert ((drawn >= 6) & (drawn <= 150)).all()
    assert np.median(drawn) == pytest.approx(30, rel=0.08)  # sqrt(6 * 150)
