"""The controls: what the widgets hold, and what a change of one of them means."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor.config import Settings, words
from monitor.panel import readouts
from monitor.panel.controls import EPS, WORDS, Controls, attack_info, description, heeds, sources
from monitor.session import Session
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def quiet(new_session: Callable[..., Session]) -> Session:
    """A session that is not started: what is applied is what it wants."""
    return new_session()


def test_every_control_is_a_word_of_the_configuration_with_its_description() -> None:
    known = {word for _, word in words()}
    assert set(WORDS) <= known
    assert all(description(word) for word in WORDS)
    with pytest.raises(KeyError):
        description("no such word")


def test_eps_is_shown_in_grey_levels_under_linf_and_in_pixel_units_under_l2(quiet: Session) -> None:
    controls = Controls(quiet)
    assert controls.values()["eps"] == 4
    assert controls.change("eps", 8) == ""
    assert quiet.settings.attack.eps == pytest.approx(8 / 255)
    assert controls.change("norm", "l2") == ""
    assert controls.values()["eps"] == 2
    assert controls.change("eps", 1.5) == ""
    assert quiet.settings.attack.eps == 1.5


def test_a_norm_finds_its_own_budget_again(quiet: Session) -> None:
    controls = Controls(quiet)
    controls.change("eps", 8)
    controls.change("norm", "l2")
    controls.change("eps", 3.0)
    controls.change("norm", "linf")
    assert controls.values()["eps"] == 8
    controls.change("norm", "l2")
    assert controls.values()["eps"] == 3


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("threshold", 1.5),
        ("attack", "fgms"),
        ("steps", 0),
        ("goal", "x"),
        ("source", " "),
        ("norm", "l7"),
    ],
)
def test_a_refused_change_says_why_on_one_line_and_changes_nothing(
    quiet: Session, word: str, value: object
) -> None:
    controls = Controls(quiet)
    before = controls.values()
    reason = controls.change(word, value)
    assert word in reason
    assert "\n" not in reason
    assert controls.values() == before


def test_the_fingerprint_tells_other_pages_of_a_change(quiet: Session) -> None:
    controls = Controls(quiet)
    before = controls.fingerprint()
    assert controls.fingerprint() == before
    quiet.apply({"goal": "any"})
    assert controls.fingerprint() != before


def test_only_what_the_attack_heeds_is_offered() -> None:
    settings = Settings()
    assert heeds(settings.changed({"attack": "pgd"}), "steps")
    assert not heeds(settings.changed({"attack": "fgsm"}), "steps")
    assert not any(
        heeds(settings.changed({"attack": "none"}), word) for word in ("eps", "steps", "goal")
    )
    assert "Madry" in attack_info("pgd")
    assert attack_info("none") == "the frame as it came"


def test_a_source_that_was_typed_stays_on_the_list() -> None:
    offered = sources(Settings().changed({"source": "clip.mp4"}))
    assert ("clip.mp4", "clip.mp4") in offered
    assert [value for _, value in offered[:2]] == ["auto", "scene:portrait"]


def test_the_button_pauses_and_goes_on(session: Session, wait_for: Callable[..., None]) -> None:
    controls = Controls(session)
    assert controls.button() == "Pause"
    controls.press()
    wait_for(lambda: session.status.state is SessionState.PAUSED)
    assert controls.button() == "Resume"
    controls.press()
    wait_for(lambda: session.status.state is not SessionState.PAUSED)


def test_the_button_starts_again_after_the_end(
    new_session: Callable[..., Session], wait_for: Callable[..., None]
) -> None:
    session = new_session(frames=2, idle_after=0)
    session.start()
    controls = Controls(session)
    wait_for(lambda: session.status.state is SessionState.ENDED)
    assert controls.button() == "Start again"
    assert "2 frames" in readouts.halted(session.status)
    frames = session.status.frames
    controls.press()
    wait_for(lambda: session.status.frames > frames)


def test_every_norm_has_a_range() -> None:
    for bounds in EPS.values():
        assert 0 < bounds.start < bounds.most
        assert bounds.start * bounds.unit <= 8
