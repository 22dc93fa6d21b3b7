"""The controls: what the widgets hold, and what a change of one of them means."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.classifier import WholeFrame
from monitor import conditions
from monitor.catalog import CATALOG
from monitor.config import Settings, words
from monitor.distances import Norm
from monitor.panel import readouts
from monitor.panel.controls import (
    EPS,
    KNOBS,
    WORDS,
    Controls,
    attack_info,
    description,
    goals,
    heeds,
    norms,
    sources,
    targets,
)
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
    for norm, bounds in EPS.items():
        assert 0 < bounds.start < bounds.most
        for value in (0, bounds.start, bounds.most):  # config.toml takes what the slider offers
            Settings().changed({"norm": str(norm), "eps": value * bounds.unit})


def test_an_attack_brings_a_norm_that_it_can_keep_and_what_else_it_needs(
    quiet: Session,
) -> None:
    session, controls = quiet, Controls(quiet)
    assert controls.change("attack", "noise") == ""
    assert controls.change("norm", "l0") == ""
    assert controls.change("attack", "square") == ""
    assert session.settings.attack.norm is Norm.LINF
    assert norms(session.settings) == ["linf", "l2"]
    assert controls.change("attack", "one-pixel") == ""
    assert session.settings.attack.norm is Norm.L0
    assert session.settings.attack.eps == round(session.settings.attack.eps)
    assert controls.change("attack", "transfer") == ""
    assert session.settings.attack.surrogate == session.settings.detector.model
    assert "l0" not in norms(session.settings)


def test_every_control_of_the_catalogue_has_a_widget() -> None:
    wanted = {word for entry in CATALOG.values() for word in entry.controls}
    assert wanted <= set(KNOBS) <= set(WORDS)


def test_only_goals_that_the_model_can_be_attacked_with_are_offered(
    session: Session, imagenet: WholeFrame
) -> None:
    assert goals(session) == ["any", "vanish", "fabricate"]  # faces: one class
    labels = Session(session.settings.changed({"goal": "any"}), load_model=lambda _: imagenet)
    try:
        labels.start()
        assert goals(labels) == ["any", "mislabel"]
    finally:
        labels.stop()


def test_the_words_of_a_goal_are_offered_with_it() -> None:
    settings = Settings()
    for goal, target, at in [
        ("vanish", False, False),
        ("any", False, False),
        ("mislabel", True, False),
        ("fabricate", True, True),
    ]:
        held = settings.changed({"goal": goal})
        assert (heeds(held, "target"), heeds(held, "at")) == (target, at)
        assert not heeds(held.changed({"attack": "none"}), "at")


def test_a_choice_brings_along_what_it_needs(imagenet: WholeFrame, settings: Settings) -> None:
    session = Session(settings.changed({"attack": "none"}), load_model=lambda _: imagenet)
    try:
        session.start()
        controls = Controls(session)
        # The goal of the default settings makes no sense for a classifier, and without an attack it
        # cannot be seen to be changed.
        assert controls.change("attack", "fgsm") == ""
        assert session.settings.attack.goal == "any"
        assert controls.change("goal", "mislabel") == ""
        assert controls.values()["target"] == imagenet.class_names[0]
        assert controls.change("target", "Tabby") == ""
        assert controls.values()["target"] == "tabby"
        assert ("tabby", "tabby") in targets(session)
        assert ("any class", "") not in targets(session)
        assert "no class of model imagenet" in controls.change("target", "tabbby")
        assert controls.change("goal", "any") == ""
        assert controls.change("goal", "mislabel") == ""
        assert controls.values()["target"] == "tabby"  # it is remembered
        assert "labels the whole frame" in controls.change("goal", "vanish")
    finally:
        session.stop()


def test_a_place_is_checked_where_it_is_written(session: Session) -> None:
    controls = Controls(session)
    assert controls.change("goal", "fabricate") == ""
    assert controls.change("at", " 0.62,0.4 ") == ""
    assert session.settings.attack.at == "0.62,0.4"
    reason = controls.change("at", "0.62")
    assert "at = '0.62'" in reason
    assert "such as" in reason
    assert conditions.goal_text(session.settings) == "fabricate at 0.62,0.4"
    assert "at 0.62,0.4" in conditions.attack_text(session.settings)


def test_a_cameras_login_is_shown_to_nobody_and_choosing_what_is_open_changes_nothing(
    new_session: Callable[..., Session],
) -> None:
    session = new_session(source="rtsp://me:secret@10.0.0.5/live?token=secret")
    controls = Controls(session)
    shown = controls.values()["source"]
    assert shown == "rtsp://10.0.0.5/live"
    assert "secret" not in controls.fingerprint() + str(sources(session.settings))
    assert controls.change("source", shown) == ""
    assert session.settings.stream.source == "rtsp://me:secret@10.0.0.5/live?token=secret"
