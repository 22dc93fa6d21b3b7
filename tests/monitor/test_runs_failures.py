"""A run folder when the disk, the folder or the frames do not do what they should."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from run_stories import (
    failing_after,
    files,
    fill,
    story,
    writer_in,
    written,
)

from monitor.errors import RunError
from monitor.runs import Run

# What goes wrong on disk.


@pytest.mark.timeout(30)
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_leaves_whole_parts_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    writer = writer_in(tmp_path)
    frames = story(8)
    for _ in range(4):
        writer.add(next(frames))
    whole = {name: (writer.folder / name).read_bytes() for name in files(writer.folder)}
    monkeypatch.setattr(os, call, failing_after(1, errno.ENOSPC, getattr(os, call)))
    with pytest.raises(RunError) as caught:
        fill(writer, frames)
    monkeypatch.undo()
    message = str(caught.value)
    assert "\n" not in message
    assert "disk is full; free some space" in message
    assert f"what was written whole is in {writer.folder}" in message
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    left = files(writer.folder)
    assert not [name for name in left if "tmp" in name]
    assert whole.keys() <= left
    for name in left:
        if name.endswith(".parquet"):
            pq.read_table(writer.folder / name)
    assert not (tmp_path / "runs" / "20261123T120000Z-my-clip").exists()


@pytest.mark.timeout(30)
def test_a_write_that_stops_half_way_never_shows_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = writer_in(tmp_path)
    real, fail = os.write, failing_after(1, errno.ENOSPC, lambda *_: None)

    def half(handle: int, content: memoryview) -> int:
        fail()
        return real(handle, content[: len(content) // 2])

    frames = list(story(4))
    for observation in frames[:3]:
        writer.add(observation)
    monkeypatch.setattr(os, "write", half)
    with pytest.raises(RunError, match="disk is full"):
        writer.add(frames[3])
    monkeypatch.undo()
    assert files(writer.folder) == {"manifest.json"}


@pytest.mark.timeout(30)
def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = written(tmp_path / "a")
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: real(handle, content[:1000]))
    other = written(tmp_path / "b")
    name = "frames/part-00000.parquet"
    assert (expected / name).read_bytes() == (other / name).read_bytes()


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("code", "reason"),
    [(errno.EROFS, "the disk is read-only"), (errno.EACCES, "no permission to write there")],
)
def test_a_folder_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    monkeypatch.setattr(os, "mkdir", failing_after(0, code, os.mkdir))
    with pytest.raises(RunError, match=rf"^[^\n]*{reason}; choose another folder[^\n]*$") as caught:
        writer_in(tmp_path)
    monkeypatch.undo()
    assert isinstance(caught.value.__cause__, OSError)
    assert not (tmp_path / "runs").exists()


@pytest.mark.timeout(30)
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_read_only_folder_for_real(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o500)
    with pytest.raises(RunError, match="no permission"):
        writer_in(tmp_path)


@pytest.mark.timeout(30)
def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("mine")
    with pytest.raises(RunError, match="a file stands where a folder is needed"):
        writer_in(tmp_path)
    assert (tmp_path / "runs").read_text() == "mine"


@pytest.mark.timeout(30)
def test_a_manifest_that_does_not_fit_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", failing_after(0, errno.ENOSPC, os.fsync))
    with pytest.raises(RunError, match="disk is full"):
        writer_in(tmp_path)
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("boom"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_an_exception_leaves_a_partial_folder_that_says_why(
    tmp_path: Path, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)) as caught:
        fill(writer_in(tmp_path), story(6), error)
    folder = tmp_path / "runs" / "20261123T120000Z-my-clip.partial"
    assert list((tmp_path / "runs").iterdir()) == [folder]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == status
    assert manifest["frames"] == 6
    assert pq.read_table(folder / "frames")["index"].to_pylist() == list(range(6))
    assert caught.value.__notes__ == [f"unfinished run: {folder}"]
    with pytest.raises(RunError, match=f"was not finished \\(status: {status}\\)"):
        Run.open(folder)


def test_a_run_of_no_frames_and_frames_after_the_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a single frame"), writer_in(tmp_path):
        pass
    done = writer_in(tmp_path)
    done.add(next(story()))
    done.finish()
    with pytest.raises(ValueError, match="takes no more frames"):
        done.add(next(story()))
