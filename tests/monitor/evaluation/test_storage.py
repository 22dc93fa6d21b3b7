"""A run folder on the disk and behind a URL: the same behaviour."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from monitor.errors import RunError
from monitor.evaluation.storage import Storage


@pytest.fixture(params=["path", "file", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "memory":
        fsspec.filesystem("memory").store.clear()
    return Storage(
        {
            "path": str(tmp_path / "run"),
            "file": f"file://{tmp_path / 'run'}",
            "memory": "memory://bucket/run",
        }[request.param]
    )


def test_what_is_written_is_read_and_listed(storage: Storage) -> None:
    assert storage.names() == []
    storage.write("frames/part-1", b"one")
    storage.write("frames/part-0", b"nought")
    storage.write_json("facts.json", {"b": 1, "a": None})
    assert storage.names("frames") == ["part-0", "part-1"]
    assert storage.read("frames/part-1") == b"one"
    assert list(storage.read_json("facts.json")) == ["b", "a"]
    assert storage.exists("frames/part-0")
    assert not storage.exists("frames/part-2")
    storage.write("frames/part-1", b"anew")
    assert storage.read("frames/part-1") == b"anew"


def test_what_is_removed_is_gone_and_what_was_not_there_is_no_error(storage: Storage) -> None:
    storage.write("a/b", b"1")
    storage.remove("a")
    storage.remove("a")
    assert not storage.exists("a/b")
    storage.write("c", b"1")
    storage.remove("c")
    assert not storage.exists("c")


def test_what_is_not_there_or_no_json_is_one_line(storage: Storage) -> None:
    with pytest.raises(RunError, match="there is no such file"):
        storage.read("nothing")
    storage.write("broken.json", b"{")
    with pytest.raises(RunError, match="no JSON"):
        storage.read_json("broken.json")
    storage.write("list.json", b"[]")
    with pytest.raises(RunError, match="not a JSON object"):
        storage.read_json("list.json")


def test_the_name_is_the_last_part(storage: Storage) -> None:
    assert storage.name == "run"
    assert (storage / "deeper").name == "deeper"


def test_a_protocol_that_nobody_knows_is_one_line() -> None:
    with pytest.raises(RunError, match="cannot be opened"):
        Storage("nonsense://bucket/run").names()
