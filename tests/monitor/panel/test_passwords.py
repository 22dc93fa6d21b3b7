"""Passwords as hashes, and the limits on those who guess."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from typer.testing import CliRunner

from monitor.cli import app
from monitor.errors import ConfigError
from monitor.panel.login import Door, Tries
from monitor.panel.passwords import PREFIX, Hash, read_hash

pytestmark = pytest.mark.timeout(60)


@effort(max_examples=8, deadline=None)  # each takes three times 50 ms, on purpose
@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_a_hash_fits_its_password_alone_and_comes_back_from_its_text(
    right: str, other: str
) -> None:
    made = Hash.of(right)
    assert read_hash(str(made)) == made
    assert made.fits(right)
    assert made.fits(other) is (other == right)


def test_two_hashes_of_one_password_differ_and_neither_tells_it() -> None:
    texts = {str(Hash.of("open sesame")) for _ in range(2)}
    assert len(texts) == 2
    assert all(text.startswith(PREFIX) and "sesame" not in text for text in texts)


@pytest.mark.parametrize(
    "text",
    [
        "scrypt$",
        "scrypt$16384$8$1$AAAA$BBBB",
        "scrypt$x$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 86 + "==",
        "scrypt$4$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 86 + "==",
        "scrypt$1073741824$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 86 + "==",
        "scrypt$16385$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 86 + "==",
        "scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 86,
    ],
)
def test_half_a_hash_is_told_and_taken_for_no_password(text: str) -> None:
    with pytest.raises(ConfigError, match="no whole hash; `camdrift password` makes one"):
        Door(text)


def test_a_door_takes_the_password_or_its_hash() -> None:
    made = str(Hash.of("open sesame"))
    for door in (Door("open sesame"), Door(made)):
        assert door.opens("open sesame")
        assert not door.opens("open")
        assert not door.opens(made), "who reads the file does not get in with what stands in it"


def test_the_command_writes_a_line_for_the_settings() -> None:
    done = CliRunner().invoke(app, ["password"], input="open sesame\n")
    assert done.exit_code == 0
    line = re.fullmatch(r'password = "(scrypt\$[^"]+)"\n', done.stdout)
    assert line
    assert read_hash(line[1]).fits("open sesame")
    assert "sesame" not in done.stdout


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_addresses_of_one_network_share_their_tries_and_all_share_a_larger_number() -> None:
    clock = Clock()
    tries = Tries(limit=3, span=60, clock=clock, together=10)
    for i in range(3):
        assert tries.wait(f"2001:db8:1:2::{i}") == 0
        tries.count(f"2001:db8:1:2::{i}")
    assert tries.wait("2001:db8:1:2:ffff::1") == 60
    assert tries.wait("2001:db8:1:3::1") == 0
    for _ in range(3):
        tries.count("::ffff:10.0.0.1")
    assert tries.wait("10.0.0.1") == 60
    for i in range(4):
        tries.count(f"10.0.1.{i}")
    assert tries.wait("10.9.9.9") == 60, "ten from everywhere"
    clock.now = 60.0
    assert tries.wait("10.9.9.9") == tries.wait("10.0.0.1") == 0


def test_the_right_password_does_not_count_against_the_others() -> None:
    tries = Tries(limit=3, span=60, clock=Clock(), together=4)
    for _ in range(20):
        tries.count("10.0.0.1")
        tries.forgive("10.0.0.1")
    assert tries.wait("10.0.0.2") == 0
