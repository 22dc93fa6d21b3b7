"""Faults on a stream: order, ramp, chance, and an attack among them."""

from __future__ import annotations

import numpy as np
import pytest

from models.detector import Detector
from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.corruptions.fault import Shape, Stage
from monitor.errors import ConfigError
from monitor.faults import FAULTS, USUAL, parse_faults
from monitor.faulty import Faulty, Worn
from monitor.objective import Objective
from monitor.perturbers import Untouched
from monitor.severity import fails_at, severity_curve
from streams.frame import Frame

Pixels = np.ndarray


class Adding:
    """Adds its severity to every value: what was done, and in which order, can be read off."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape, seed
        self.seen: list[int] = []

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        self.seen.append(at)
        return (pixels * (2 if severity == 1 else 1) + round(severity)).astype(np.uint8)


def frame(pixels: Pixels, index: int) -> Frame:
    return Frame(pixels, index, index / 30, 0.0, "test")


def worn(stage: Stage, severity: float = 1.0) -> Worn:
    return Worn(str(stage), Adding, stage, severity, 0)


def view(faces: Detector, pixels: Pixels) -> Objective:
    from monitor.goals import Goal

    return Objective(faces, pixels, Goal.VANISH, threshold=0.5)


GREY = np.full((32, 32, 3), 10, np.uint8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("fog", [("fog", USUAL)]),
        (" Fog : 2 , low-light:0.5 ", [("fog", 2.0), ("low_light", 0.5)]),
        ("jpeg:0", [("jpeg", 0.0)]),
    ],
)
def test_faults_are_read_as_people_write_them(text: str, expected: list[object]) -> None:
    assert parse_faults(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("frog:2", "the nearest is fog"),
        ("fog:6", "from 0 to 5"),
        ("fog:nan", "from 0 to 5"),
        ("fog:", "from 0 to 5"),
        ("fog:1,fog:2", "twice"),
    ],
)
def test_what_is_no_fault_is_refused_with_what_to_do(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_faults(text)


def test_the_order_is_that_of_the_way_of_a_picture(faces: Detector) -> None:
    stages = [Stage.LINK, Stage.SENSOR, Stage.SCENE, Stage.CODEC, Stage.LENS, Stage.LIGHT]
    perturber = Faulty(tuple(worn(stage) for stage in stages), Untouched())
    assert [one.stage for one in perturber.faults] == list(Stage)
    twice_and_more = perturber.perturb(frame(GREY, 0), view(faces, GREY))
    expected = 10
    for _ in stages:
        expected = (expected * 2 + 1) % 256
    assert (twice_and_more.pixels == expected).all()
    assert twice_and_more.severity == 1.0


def test_severities_ramp_up_and_down_together() -> None:
    perturber = Faulty((worn(Stage.SCENE, 4.0),), Untouched(), ramp=10)
    shares = [perturber.share(at) for at in range(11)]
    assert shares == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2, 0])


def test_at_no_severity_a_frame_is_its_own_array(faces: Detector) -> None:
    perturber = Faulty((worn(Stage.SCENE, 4.0),), Untouched(), ramp=10)
    found = perturber.perturb(shown := frame(GREY, 0), view(faces, GREY))
    assert found.pixels is shown.pixels
    assert found.severity == 0


def test_a_jump_back_and_another_size_begin_anew(faces: Detector) -> None:
    one = worn(Stage.SCENE, 2.0)
    perturber = Faulty((one,), Untouched())
    for index in (3, 4):
        perturber.perturb(frame(GREY, index), view(faces, GREY))
    first = one._fault
    assert isinstance(first, Adding)
    assert first.seen == [3, 4]
    perturber.perturb(frame(GREY, 0), view(faces, GREY))
    assert one._fault is not first
    second, small = one._fault, np.full((20, 32, 3), 10, np.uint8)
    perturber.perturb(frame(small, 1), view(faces, small))
    assert one._fault is not second


def observed(portrait: Pixels, **words: object) -> list[object]:
    pipeline = build_pipeline(Settings().changed(words))
    return [pipeline.observe(frame(portrait, index)) for index in range(3)]


def test_a_fault_alone_is_judged_like_an_attack(portrait: Pixels) -> None:
    seen = observed(portrait, attack="none", faults="contrast:5", goal="vanish")
    for one in seen:
        assert one.severity == 5  # type: ignore[attr-defined]
        assert one.success is not None  # type: ignore[attr-defined]
        assert one.counts.backwards == 0  # type: ignore[attr-defined]
    light = observed(portrait, attack="none", faults="jpeg:0.2", goal="vanish")
    assert not any(one.success for one in light)  # type: ignore[attr-defined]


def test_the_attack_works_on_what_the_sensor_delivers(portrait: Pixels) -> None:
    """The budget is kept to the faulted frame, not to the clean one."""
    words = {"attack": "pgd", "eps": "4/255", "goal": "vanish"}
    both = observed(portrait, faults="brightness:1", **words)
    alone = observed(portrait, attack="none", faults="brightness:1")
    for one, faulted in zip(both, alone, strict=True):
        moved = one.attacked_pixels.astype(int) - faulted.attacked_pixels  # type: ignore[attr-defined]
        assert 0 < np.abs(moved).max() <= 4
        assert one.success  # type: ignore[attr-defined]
        # The clean answer, that of the faulted frame, and those of the attack.
        assert one.counts.forwards > faulted.counts.forwards  # type: ignore[attr-defined]


def test_two_faults_and_two_streams_have_chances_of_their_own(portrait: Pixels) -> None:
    def noisy(stream: int, seed: int = 0) -> Pixels:
        words = {"attack": "none", "faults": "gaussian_noise:2", "seed": seed}
        pipeline = build_pipeline(Settings().changed(words), stream=stream)
        return pipeline.observe(frame(portrait, 0)).attacked_pixels

    assert np.array_equal(noisy(0), noisy(0))
    assert not np.array_equal(noisy(0), noisy(1))
    assert not np.array_equal(noisy(0), noisy(0, seed=1))


def test_the_severity_at_which_a_detector_fails_is_found() -> None:
    ramp = [(s, s > 2.2) for s in np.arange(0, 5, 0.05)]
    curve = severity_curve(ramp)
    assert [point[0] for point in curve] == pytest.approx(np.arange(0.5, 5.1, 0.5))
    assert fails_at(curve) == 2.5
    assert curve[-1][1] == 1.0
    assert curve[0][1] == 0.0
    assert fails_at(severity_curve([(1.0, True)] * 2)) is None, "two frames say nothing"
    assert fails_at(severity_curve([(1.0, False)] * 9)) is None


def test_every_entry_says_five_severities_and_a_source() -> None:
    for name, entry in FAULTS.items():
        assert entry.constants.count(",") >= 4, name
        assert entry.summary
        assert entry.source
