"""What was changed after a run was sealed is found; what was not, is not."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest
from evaluation_stories import Story, write_story
from rich.console import Console
from run_stories import NAMES, NOON, settings_in, story

import monitor.evaluation.verify as verifying
from models.errors import WeightsError
from models.zoo import weights_sha256
from monitor.commands.evaluation import findings_json, findings_table, opened
from monitor.errors import RunError
from monitor.evaluation.clips import Clip
from monitor.evaluation.hashes import recorded, seal, sha256_of
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.storage import Storage
from monitor.evaluation.verify import Finding, Level, exit_code, verify
from monitor.runs import RunWriter
from monitor.runs.manifest import git_state, versions


def manifest_words(clip: Path, **more: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
    return {
        "versions": versions(),
        "git": git_state(),
        "weights": {"signs": weights_sha256("signs")},
        "clips": [
            {"name": "clip.mp4", "path": str(clip), "sha256": sha256},
            {"name": "scene:road", "path": "scene:road", "sha256": ""},
        ],
        **more,
    }


def sealed(folder: Path, **more: Any) -> Path:
    """A run with everything in it, sealed as the engine does it."""
    clip = folder / "clip.mp4"
    folder.mkdir(parents=True, exist_ok=True)
    clip.write_bytes(b"frames" * 1000)
    run = write_story(folder / "run", Story(frames=12, changes=manifest_words(clip, **more)))
    storage = Storage(str(run))
    storage.write_json("summary.json", {"schema": 1})
    storage.write("worst/0-clean.png", b"picture")
    storage.write_json("manifest.json", seal(storage, storage.read_json("manifest.json")))
    return run


def bad(run: Path | str) -> list[Finding]:
    findings = verify(Evaluation.open(str(run)))
    return [one for one in findings if one.level in (Level.CHANGED, Level.MISSING)]


def rewritten(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    change(manifest)
    (run / "manifest.json").write_text(json.dumps(manifest))


def test_a_sealed_run_is_well(tmp_path: Path) -> None:
    findings = verify(Evaluation.open(str(sealed(tmp_path))))
    assert exit_code(findings) == 0
    by_name = {one.what: one.level for one in findings}
    for name in (
        *("frames/part-00000.parquet", "objects/part-00000.parquet", "truth/part-00000.parquet"),
        *("tracks/part-00000.parquet", "clips.parquet", "conditions.parquet", "summary.json"),
        *("worst/0-clean.png", "seal of the manifest", "settings", "input clip.mp4"),
        *("weights of signs", "camdrift", "python", "torch", "numpy"),
    ):
        assert by_name[name] is Level.OK, name
    assert by_name["input scene:road"] is Level.NOT_CHECKED


def test_the_manifest_records_the_sha256_of_every_file(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    storage = Storage(str(run))
    parts = json.loads((run / "manifest.json").read_text())["parts"]
    assert parts == recorded(storage)
    assert len(parts) == 8
    for name, sha256 in parts.items():
        assert (
            sha256
            == hashlib.sha256((run / name).read_bytes()).hexdigest()
            == sha256_of(storage, name)
        )
    with pytest.raises(RunError, match=r"frames/none\.parquet: cannot be read: No such file"):
        sha256_of(storage, "frames/none.parquet")


def test_sealing_twice_changes_nothing(tmp_path: Path) -> None:
    storage = Storage(str(sealed(tmp_path)))
    once = storage.read_json("manifest.json")
    assert seal(storage, once) == once


@pytest.mark.parametrize("name", ["frames/part-00000.parquet", "summary.json", "worst/0-clean.png"])
def test_one_byte_is_told(tmp_path: Path, name: str) -> None:
    run = sealed(tmp_path)
    content = bytearray((run / name).read_bytes())
    content[len(content) // 2] ^= 1
    (run / name).write_bytes(content)
    (one,) = bad(run)
    assert (one.what, one.level) == (name, Level.CHANGED)
    assert one.found == hashlib.sha256(content).hexdigest() != one.expected


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    (run / "truth/part-00000.parquet").unlink()
    (one,) = bad(run)
    assert (one.what, one.level) == ("truth/part-00000.parquet", Level.MISSING)
    assert exit_code([one]) == 1


def test_a_part_that_was_added_is_told(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    (run / "frames/part-00001.parquet").write_bytes(
        (run / "frames/part-00000.parquet").read_bytes()
    )
    (one,) = bad(run)
    assert (one.what, one.expected, one.level) == (
        "frames/part-00001.parquet",
        "no such file",
        Level.CHANGED,
    )


def test_a_report_that_is_drawn_anew_is_none(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    (run / "report.html").write_text("new")
    (run / "worst/9-clean.png").write_bytes(b"new")
    assert not bad(run)


def test_a_word_of_the_manifest_is_told(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    rewritten(run, lambda tree: tree.update(started_utc="2020-01-01T00:00:00+00:00"))
    assert [one.what for one in bad(run)] == ["seal of the manifest"]


def test_settings_are_told_beside_the_seal(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    rewritten(run, lambda tree: tree["settings"]["drift"].update(iou=0.1))
    assert [one.what for one in bad(run)] == ["seal of the manifest", "settings"]


def test_layout_of_the_manifest_does_not_matter(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    tree = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(dict(reversed(tree.items())), indent=7))
    assert not bad(run)


def test_another_input_is_told_and_one_that_is_gone_is_no_change(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    (tmp_path / "clip.mp4").write_bytes(b"other")
    (one,) = bad(run)
    assert (one.what, one.level) == ("input clip.mp4", Level.CHANGED)
    (tmp_path / "clip.mp4").unlink()
    findings = verify(Evaluation.open(str(run)))
    gone = next(one for one in findings if one.what == "input clip.mp4")
    assert gone.level is Level.NOT_THERE
    assert gone.found.endswith("clip.mp4: not there")
    assert exit_code(findings) == 0


def test_other_weights_are_told(tmp_path: Path) -> None:
    assert [one.what for one in bad(sealed(tmp_path, weights={"signs": "ab" * 32}))] == [
        "weights of signs"
    ]


def test_bundled_weights_are_read_and_not_taken_on_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sealed(tmp_path)

    def load_model(name: str) -> None:
        raise WeightsError(f"model {name}: its weights are not the expected ones")

    monkeypatch.setattr(verifying, "load_model", load_model)
    (one,) = bad(run)
    assert (one.what, one.found) == (
        "weights of signs",
        "model signs: its weights are not the expected ones",
    )


def test_weights_that_are_gone_are_no_change(tmp_path: Path) -> None:
    run = sealed(tmp_path, weights={"nobody.onnx": "ab" * 32, "nobody": "ab" * 32, "own": None})
    findings = {one.what: one for one in verify(Evaluation.open(str(run)))}
    assert findings["weights of nobody"].level is Level.NOT_THERE
    assert findings["weights of nobody.onnx"].level is Level.NOT_THERE
    assert findings["weights of own"].level is Level.NOT_CHECKED


def test_another_version_of_the_code_or_a_package_is_told(tmp_path: Path) -> None:
    other = {**versions(), "camdrift": "0.0.1", "numpy": "1.0", "pyarrow": None, "cobol": "85"}
    assert [one.what for one in bad(sealed(tmp_path, versions=other))] == [
        *("camdrift", "numpy", "pyarrow")
    ]


@pytest.mark.parametrize(
    ("then", "now", "level"),
    [
        (("a", False), ("a", False), Level.OK),
        (("a", False), ("b", False), Level.CHANGED),
        (("a", False), ("a", True), Level.CHANGED),
        (("a", True), ("a", True), Level.NOT_CHECKED),
        (("a", True), ("b", False), Level.CHANGED),
        (None, ("a", False), Level.NOT_CHECKED),
        (("a", False), None, Level.NOT_CHECKED),
    ],
)
def test_the_commit_is_compared(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    then: tuple[str, bool] | None,
    now: tuple[str, bool] | None,
    level: Level,
) -> None:
    def state(held: tuple[str, bool] | None) -> dict[str, object] | None:
        return None if held is None else {"commit": held[0], "dirty": held[1]}

    monkeypatch.setattr(verifying, "git_state", lambda: state(now))
    findings = verify(Evaluation.open(str(sealed(tmp_path, git=state(then)))))
    assert next(one for one in findings if one.what == "code").level is level


def test_a_run_that_was_never_sealed_says_so(tmp_path: Path) -> None:
    findings = verify(Evaluation.open(str(write_story(tmp_path / "run", Story(frames=3)))))
    by_name = {one.what: one for one in findings}
    assert by_name["files of the run"].level is Level.NOT_CHECKED
    assert by_name["seal of the manifest"].found == "nothing was written down"


def test_a_run_behind_a_url_is_verified(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    files = fsspec.filesystem("memory")
    files.put(str(run) + "/", "/verify-run/", recursive=True)
    try:
        assert not bad("memory://verify-run")
        files.pipe_file("/verify-run/clips.parquet", b"other")
        assert [one.what for one in bad("memory://verify-run")] == ["clips.parquet"]
    finally:
        files.rm("/verify-run", recursive=True)


def test_an_input_behind_a_url_is_hashed(tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    files.pipe_file("/verify-clip.mp4", b"frames")
    try:
        words = {
            "name": "clip.mp4",
            "path": "memory://verify-clip.mp4",
            "sha256": hashlib.sha256(b"frames").hexdigest(),
        }
        run = sealed(tmp_path, clips=[words])
        assert not bad(run)
        files.pipe_file("/verify-clip.mp4", b"other")
        assert [one.what for one in bad(run)] == ["input clip.mp4"]
    finally:
        files.rm("/verify-clip.mp4")


def test_a_folder_of_pictures_is_one_input(tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    shots.mkdir()
    for number in range(3):
        (shots / f"{number}.png").write_bytes(b"picture %d" % number)
    for place in (shots, shots / "*.png"):
        clip = Clip(0, "shots", str(place), url=str(place), pictures=True).with_hash()
        words = {"name": "shots", "path": str(place), "sha256": clip.sha256}
        run = sealed(tmp_path / place.name.strip("*."), clips=[words])
        assert not bad(run)
        (shots / "1.png").write_bytes(b"other")
        assert [one.what for one in bad(run)] == ["input shots"]
        (shots / "1.png").write_bytes(b"picture 1")


def test_a_run_of_one_clip_is_verified_as_far_as_its_manifest_goes(tmp_path: Path) -> None:
    clip = tmp_path / "clip.avi"
    clip.write_bytes(b"frames" * 100)
    settings = settings_in(tmp_path)
    with RunWriter(
        settings,
        "clip.avi",
        class_names=NAMES,
        input_file=clip,
        command=["camdrift", "evaluate", str(clip)],
        now=lambda: NOON,
    ) as writer:
        for frame in story():
            writer.add(frame)

    def levels() -> dict[str, Level]:
        return {one.what: one.level for one in verify(opened(str(writer.folder)))}

    found = levels()
    assert found["input clip.avi"] is found["weights of faces"] is found["settings"] is Level.OK
    assert found["files of the run"] is Level.NOT_CHECKED
    clip.write_bytes(b"other")
    assert levels()["input clip.avi"] is Level.CHANGED
    clip.unlink()
    assert levels()["input clip.avi"] is Level.NOT_THERE
    rewritten(writer.folder, lambda tree: tree["config"]["attack"].update(eps=1.0))
    assert levels()["settings"] is Level.CHANGED


def test_the_table_says_what_matters_first_and_the_json_everything() -> None:
    findings = [
        *(Finding(f"input {i}", "a", "gone", Level.NOT_THERE) for i in range(30)),
        Finding("frames/part-00000.parquet", "ab" * 32, "cd" * 32, Level.CHANGED),
        Finding("[red]\x1b[2J", "", "", Level.NOT_CHECKED),
        Finding("settings", "x", "x", Level.OK),
    ]
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(findings_table(findings))
    text = console.export_text()
    assert "something was changed: 1 ok, 1 changed, 30 not there, 1 not checked" in text
    assert text.index("frames/part-00000") < text.index("input 0")
    assert "input 10" not in text
    assert "settings" not in text
    assert "abababababab " in text
    assert "\x1b" not in text
    assert "[red]?[2J" in text
    tree = json.loads(findings_json(findings))
    assert tree["exit_code"] == 1
    assert len(tree["findings"]) == len(findings)
