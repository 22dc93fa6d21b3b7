from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.naming import is_url, one_line, without_credentials


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ("rtsp://user:secret@10.0.0.5:554/live", "rtsp://10.0.0.5:554/live"),
        ("rtsp://user:se@cret@host/live", "rtsp://host/live"),
        ("rtsp://user:se/cr?e#t@host/live", "rtsp://host/live"),
        ("http://host/live?token=secret", "http://host/live"),
        ("http://host/live#secret", "http://host/live"),
        ("user:secret@host:8080/live", "host:8080/live"),
        ("http://host/live", "http://host/live"),
        ("clips/a b.mp4", "clips/a b.mp4"),
        ("logo@2x.gif", "logo@2x.gif"),
        ("C:\\clips\\me@home.mp4", "C:\\clips\\me@home.mp4"),
        ("scene:portrait", "scene:portrait"),
        ("0", "0"),
    ],
)
def test_given_a_spec_when_shown_then_only_credentials_are_gone(spec, shown):
    assert without_credentials(spec) == shown


@given(st.text(min_size=1), st.text(min_size=1))
@example("user", "p@ss/w?o#rd")
@example("a@b", "c")
def test_given_any_login_when_shown_then_nothing_of_it_is_left(user, password):
    login = f"USER{user}:PASS{password}END"
    assert without_credentials(f"rtsp://{login}@host/live") == "rtsp://host/live"


@given(st.text())
def test_given_any_text_when_shown_then_it_is_one_line(text):
    assert one_line(text).isprintable()
    assert without_credentials(text).isprintable()


@given(st.text(alphabet=st.characters(categories=["L", "N"]) | st.sampled_from("/._- ")))
def test_given_a_path_when_shown_then_it_comes_back_as_it_is(path):
    assert without_credentials(path) == path
    assert not is_url(path)


@pytest.mark.parametrize("spec", ["rtsp://h/1", "http://h", "u:p@h/1"])
def test_given_a_network_camera_when_asked_then_it_is_a_url(spec):
    assert is_url(spec)
