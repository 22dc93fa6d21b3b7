from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.producers.container import missing_part

KINDS = ["avi", "mkv", "mp4", "index first", "gif"]


def box(kind, content=b"", size=None):
    return (8 + len(content) if size is None else size).to_bytes(4, "big") + kind + content


@pytest.fixture
def missing(tmp_path):
    path = tmp_path / "file"

    def check(data):
        path.write_bytes(data)
        return missing_part(path)

    return check


@pytest.mark.parametrize("kind", KINDS)
def test_given_a_whole_clip_when_checked_then_nothing_is_missing(clips, kind):
    assert missing_part(clips[kind]) is None


@pytest.mark.parametrize("kind", KINDS)
def test_given_a_clip_cut_anywhere_behind_its_header_when_checked_then_it_is_seen(
    clips, kind, missing
):
    data = clips[kind].read_bytes()
    for percent in range(5, 100, 7):
        # One byte off a boundary between two GIF pictures would be one of 24 places.
        assert missing(data[: percent * len(data) // 100]) is not None, percent


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tail", [b"\0\0\0\0", b"a camera's own notes, not a part of it" * 9])
def test_given_a_clip_with_a_tail_when_checked_then_there_is_no_false_alarm(
    clips, kind, tail, missing
):
    assert missing(clips[kind].read_bytes() + tail) is None


FTYP, MOOV = box(b"ftyp", b"isom"), box(b"moov", b"x" * 40)


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (FTYP + MOOV + box(b"mdat", b"y" * 99), True),
        (FTYP + MOOV + box(b"mdat", b"y" * 99)[:-1], False),
        (FTYP + MOOV + box(b"mdat", b"y" * 99, size=0), True),
        (FTYP + MOOV + box(b"mdat", (16 + 99).to_bytes(8, "big") + b"y" * 99, size=1), True),
        (FTYP + MOOV + box(b"mdat", (16 + 99).to_bytes(8, "big") + b"y" * 98, size=1), False),
        (FTYP + box(b"mdat", b"y" * 99), False),
        (FTYP + box(b"mine", b"own") + MOOV, True),
        (FTYP + MOOV + box(b"mine", b"own", size=9999), True),
        (FTYP + MOOV + box(b"mdat", size=3), True),
        (FTYP + MOOV + box(b"moof", b"z") + box(b"mdat", b"y" * 9, size=80), False),
    ],
)
def test_given_boxes_when_checked_then_only_one_that_is_too_long_or_no_index_counts(
    data, whole, missing
):
    assert (missing(data) is None) == whole


EBML = b"\x1a\x45\xdf\xa3\x84webm"
SEGMENT = b"\x18\x53\x80\x67"


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (EBML + SEGMENT + b"\x85hello", True),
        (EBML + SEGMENT + b"\x85hell", False),
        (EBML + SEGMENT + b"\x40\x05hello", True),
        (EBML + SEGMENT + b"\x01\0\0\0\0\0\0\x06hello", False),
        (EBML + SEGMENT + b"\x01\xff\xff\xff\xff\xff\xff\xffhello", True),  # written live
        (EBML + SEGMENT + b"\xffhello", True),
        (EBML + b"\xec\x82ab" + SEGMENT + b"\x86hello", False),
        (EBML + SEGMENT, True),
        (EBML, True),
    ],
)
def test_given_a_segment_when_checked_then_its_length_counts(data, whole, missing):
    assert (missing(data) is None) == whole


def riff(kind, content, size=None):
    return (
        b"RIFF"
        + (4 + len(content) if size is None else size).to_bytes(4, "little")
        + kind
        + content
    )


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (riff(b"AVI ", b"x" * 40), True),
        (riff(b"AVI ", b"x" * 40, size=46), False),
        (riff(b"AVI ", b"x" * 40, size=45), True),  # padding that was not written
        (riff(b"AVI ", b"x" * 40, size=0), True),
        (riff(b"AVI ", b"x" * 40, size=0xFFFFFFFF), True),
        (riff(b"AVI ", b"x" * 41) + b"\0" + riff(b"AVIX", b"y" * 10), True),
        (riff(b"AVI ", b"x" * 41) + b"\0" + riff(b"AVIX", b"y" * 10, size=100), False),
        (riff(b"WAVE", b"x" * 40, size=99), True),  # no video
    ],
)
def test_given_chunks_when_checked_then_their_lengths_count(data, whole, missing):
    assert (missing(data) is None) == whole


def test_given_a_gif_without_its_trailer_when_checked_then_whole_pictures_are_enough(
    clips, missing
):
    data = clips["gif"].read_bytes()
    assert data[-1:] == b";"
    assert missing(data[:-1]) is None
    assert missing(data[:-2]) is not None


@given(
    st.sampled_from([b"", FTYP, FTYP + MOOV, EBML, EBML + SEGMENT, riff(b"AVI ", b""), b"GIF89a"]),
    st.binary(max_size=60),
)
def test_given_any_bytes_when_checked_then_it_answers(tmp_path_factory, head, tail):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(head + tail)
    assert (
        missing_part(path) is None
        or "missing" in missing_part(path)
        or "breaks" in missing_part(path)
    )


def test_given_no_file_when_checked_then_nothing_is_known(tmp_path):
    assert missing_part(tmp_path / "none") is None
    assert missing_part(tmp_path) is None
