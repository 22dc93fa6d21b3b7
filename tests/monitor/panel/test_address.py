"""The settings in the page's address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Settings
from monitor.panel.address import TABS, address_of, changes_of, sharable, tab_of
from monitor.panel.controls import WORDS

pytestmark = pytest.mark.timeout(30)

changes = st.fixed_dictionaries(
    {},
    optional={
        "source": st.sampled_from(["scene:road", "scene:road?frames=30&seed=2", "scene:portrait"]),
        "attack": st.sampled_from(["none", "fgsm", "pgd"]),
        "norm": st.sampled_from(["linf", "l2"]),
        "goal": st.sampled_from(["any", "vanish", "fabricate"]),
        "eps": st.integers(0, 64).map(lambda level: level / 255),
        "steps": st.integers(1, 50),
        "early_stop": st.booleans(),
        "threshold": st.sampled_from([0.05, 0.3, 0.5, 0.95]),
        "faults": st.sampled_from(["", "fog:2, jpeg"]),
    },
)


@given(changes, changes)
def test_a_link_brings_another_session_to_the_same_settings(
    shared: dict[str, object], other: dict[str, object]
) -> None:
    here, there = Settings().changed(shared), Settings().changed(other)
    asked = changes_of("#tab=sweep&" + address_of(here), there)
    reached = there.changed(asked)
    for word in asked:
        assert reached.word(word) == pytest.approx(here.word(word)), word
    assert changes_of(address_of(here), here) == {}
    told = {part.partition("=")[0] for part in address_of(here).split("&")}
    assert {"source", "attack", "norm", "eps"} <= told <= set(WORDS)


def test_what_is_no_setting_of_the_panel_is_left_out() -> None:
    held = Settings()
    assert changes_of("#password=x&webhook=http://a&runs=/tmp&nonsense", held) == {}
    assert changes_of("#" + "a" * 100_000 + "&eps=1/255", held) == {}


def test_a_cameras_login_is_not_in_the_address() -> None:
    text = address_of(Settings().changed({"source": "rtsp://me:hunter2@cam/1?token=abc"}))
    assert "hunter2" not in text
    assert "abc" not in text
    assert "me" not in text.partition("&")[0]


def test_a_link_opens_scenes_only() -> None:
    assert sharable({})
    assert sharable({"source": "scene:road"})
    for source in ("0", "/etc/passwd", "http://169.254.169.254/", "auto", "visitor", ""):
        assert not sharable({"source": source})


def test_the_tab_is_one_that_there_is() -> None:
    assert tab_of("#tab=runs&eps=1/255") == "runs"
    assert tab_of("") == tab_of("#tab=<script>") == TABS[0]
