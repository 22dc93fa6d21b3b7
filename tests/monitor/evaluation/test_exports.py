"""What other tools are given holds what the tables hold, whatever the clips are called."""

from __future__ import annotations

import configparser
import csv
import errno
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from evaluation_stories import CLASSES, Story, write_story
from faster_coco_eval import COCO, COCOeval_faster

from monitor.commands.evaluation import exported
from monitor.errors import ConfigError, RunError
from monitor.evaluation.exports import Kind, export
from monitor.evaluation.exports.rows import safe_name
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.storage import Storage
from monitor.evaluation.tables import LISTS, TABLES
from monitor.evaluation.truth.boxes import Medium
from monitor.evaluation.truth.coco import CocoFile
from monitor.evaluation.truth.mot import read_mot

HOSTILE = ("../../etc/passwd", "CON", 'a/b\\c: *?"<>|\n.mp4', "", "clip.mp4", "clip mp4", "ü" * 300)

ANSWERS = ("clean", "attacked")


def rewrite(run: Evaluation, table: str, name: str, values: list[Any]) -> None:
    file = Path(run.storage.url) / table
    held = pq.read_table(file)
    at = held.schema.get_field_index(name)
    field = held.schema.field(name)
    pq.write_table(held.set_column(at, field, pa.array(values, field.type)), file)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = write_story(tmp_path_factory.mktemp("runs") / "run", Story(clips=3, frames=20))
    return Evaluation.open(str(folder))


def boxes(run: Evaluation, condition: int, answer: str) -> list[dict[str, Any]]:
    return [
        row
        for row in run.table("objects").to_pylist()
        if row["condition"] == condition and row[f"{answer}_class_id"] is not None
    ]


# COCO.


def test_coco_reads_back_as_it_was(run: Evaluation, tmp_path: Path) -> None:
    files = export(run, "coco", tmp_path / "coco")
    assert len(files) == 9
    truth = run.table("truth").to_pylist()
    folders = sorted((tmp_path / "coco").iterdir())
    for condition, folder in enumerate(folders):
        coco = COCO(str(folder / "ground_truth.json"))
        assert len(coco.imgs) == 60
        assert {one["name"] for one in coco.cats.values()} == set(CLASSES)
        own = [row for row in truth if row["condition"] == condition]
        place = {
            (image["video_id"] - 1, image["frame_index"]): image["id"]
            for image in coco.imgs.values()
        }
        assert [
            (place[row["clip"], row["frame"]], row["class"], row["identity"]) for row in own
        ] == [
            (one["image_id"], coco.cats[one["category_id"]]["name"], one["track_id"])
            for one in coco.anns.values()
        ]
        for row, one in zip(own, coco.anns.values(), strict=True):
            x0, y0, width, height = one["bbox"]
            assert (x0, y0) == (row["x0_px"], row["y0_px"])
            assert width == pytest.approx(row["x1_px"] - row["x0_px"])
            assert one["area"] == pytest.approx(width * height)
        for answer in ANSWERS:
            results = json.loads((folder / f"{answer}.json").read_text())
            assert [(one["image_id"], one["score"], one["bbox"][:2]) for one in results] == [
                (
                    place[row["clip"], row["frame"]],
                    row[f"{answer}_score"],
                    [row[f"{answer}_x0_px"], row[f"{answer}_y0_px"]],
                )
                for row in boxes(run, condition, answer)
            ]
            assert [coco.cats[one["category_id"]]["name"] for one in results] == [
                row[f"{answer}_class"] for row in boxes(run, condition, answer)
            ]


def test_coco_evaluates_and_the_clean_answer_is_the_better_one(
    run: Evaluation, tmp_path: Path
) -> None:
    export(run, "coco", tmp_path / "coco")
    folder = sorted((tmp_path / "coco").iterdir())[2]
    means = []
    for answer in ANSWERS:
        truth = COCO(str(folder / "ground_truth.json"))
        results = truth.loadRes(str(folder / f"{answer}.json"))
        judged = COCOeval_faster(truth, results, "bbox", print_function=lambda *_: None)
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
        means.append(float(judged.stats[0]))
    assert means[0] > 0.7
    assert means[1] < 0.2


def test_a_frame_has_one_image_id_in_all_conditions(run: Evaluation, tmp_path: Path) -> None:
    export(run, "coco", tmp_path / "coco")
    images = [
        json.loads((folder / "ground_truth.json").read_text())["images"]
        for folder in sorted((tmp_path / "coco").iterdir())
    ]
    assert images[0] == images[1] == images[2]
    ids = [image["id"] for image in images[0]]
    assert ids == list(range(1, 61))
    assert len({image["file_name"] for image in images[0]}) == 60


def test_classes_that_the_model_does_not_know_are_kept(tmp_path: Path) -> None:
    run = Evaluation.open(
        str(write_story(tmp_path / "run", Story(clips=1, frames=10, changes={"classes": {}})))
    )
    rows = pq.read_table(tmp_path / "run/truth/part-00000.parquet").to_pylist()
    unknown = [row["number"] == 3 for row in rows]
    file = "truth/part-00000.parquet"
    rewrite(
        run,
        file,
        "class",
        ["zebra" if u else row["class"] for u, row in zip(unknown, rows, strict=True)],
    )
    rewrite(
        run,
        file,
        "class_id",
        [None if u else row["class_id"] for u, row in zip(unknown, rows, strict=True)],
    )
    export(run, "coco", tmp_path / "coco")
    folder = sorted((tmp_path / "coco").iterdir())[0]
    tree = json.loads((folder / "ground_truth.json").read_text())
    assert [(one["id"], one["name"]) for one in tree["categories"]] == [
        *enumerate(CLASSES, start=1),
        (4, "zebra"),
    ]
    assert sum(one["category_id"] == 4 for one in tree["annotations"]) == 10
    export(run, "mot", tmp_path / "mot")
    (labels,) = (tmp_path / "mot").glob("00000-*/labels.txt")
    assert labels.read_text().splitlines() == [*CLASSES, "zebra"]


def test_our_own_reader_of_ground_truth_takes_it(run: Evaluation, tmp_path: Path) -> None:
    export(run, "coco", tmp_path / "coco")
    export(run, "mot", tmp_path / "mot")
    folder = sorted((tmp_path / "coco").iterdir())[0]
    medium = Medium("clip-1", (640, 360), strict=True)
    (mot,) = (tmp_path / "mot").glob("00000-*/00001-*/gt")
    of_coco = CocoFile(Storage(str(folder)), "ground_truth.json").of_clip(medium)
    of_mot = read_mot(Storage(str(mot)), "gt.txt", medium)
    truth = [
        row for row in run.table("truth").to_pylist() if (row["clip"], row["condition"]) == (1, 0)
    ]
    for index in range(20):
        own = [row for row in truth if row["frame"] == index]
        for reader in (of_coco, of_mot):
            found = reader.at(index, (640, 360))
            assert found is not None
            corners = [[row[f"{edge}_px"] for edge in ("x0", "y0", "x1", "y1")] for row in own]
            np.testing.assert_allclose(found.xyxy, corners, atol=1e-3)
            assert list(found.data["class_name"]) == [row["class"] for row in own]
            assert list(found.data["object_id"]) == [row["identity"] for row in own]


# MOT.


def test_mot_reads_back_as_it_was(run: Evaluation, tmp_path: Path) -> None:
    export(run, "mot", tmp_path / "mot")
    for condition, place in enumerate(sorted((tmp_path / "mot").iterdir())):
        assert (place / "labels.txt").read_text().splitlines() == list(CLASSES)
        folders = sorted(path for path in place.iterdir() if path.is_dir())
        assert len(folders) == 3
        for answer in ANSWERS:
            expected = defaultdict(list)
            track = "track_id" if answer == "clean" else "attacked_track_id"
            for row in boxes(run, condition, answer):
                edges = [row[f"{answer}_{edge}_px"] for edge in ("x0", "y0", "x1", "y1")]
                expected[row["clip"]].append(
                    (
                        *(row["frame"] + 1, -1 if row[track] is None else row[track]),
                        *(edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1]),
                        *(row[f"{answer}_score"], row[f"{answer}_class_id"] + 1, -1),
                    )
                )
            for clip, folder in enumerate(folders):
                lines = (folder / f"{answer}.txt").read_text().splitlines()
                rows = [[float(word) for word in line.split(",")] for line in lines]
                assert len(rows) == len(expected[clip]) > 0
                np.testing.assert_allclose(rows, expected[clip], rtol=1e-5)
                assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert any(row["attacked_track_id"] is None for row in boxes(run, 2, "attacked"))


def test_mot_says_what_a_sequence_is(run: Evaluation, tmp_path: Path) -> None:
    export(run, "mot", tmp_path / "mot")
    (file,) = (tmp_path / "mot").glob("00000-*/00002-*/seqinfo.ini")
    info = configparser.ConfigParser()
    info.read(file)
    assert dict(info["Sequence"]) == {
        **{"name": "clip-2.mp4", "framerate": "25", "seqlength": "20"},
        **{"imwidth": "640", "imheight": "360"},
    }
    assert "frameRate=25" in file.read_text()


def test_without_truth_there_is_no_ground_truth(tmp_path: Path) -> None:
    story = Story(frames=5, truth=False)
    run = Evaluation.open(str(write_story(tmp_path / "run", story)))
    export(run, "mot", tmp_path / "mot")
    assert not list((tmp_path / "mot").rglob("gt"))
    export(run, "coco", tmp_path / "coco")
    for file in (tmp_path / "coco").rglob("ground_truth.json"):
        tree = json.loads(file.read_text())
        assert tree["annotations"] == []
        assert len(tree["images"]) == 10


# CSV and Parquet.


def test_parquet_holds_every_table_with_its_units(run: Evaluation, tmp_path: Path) -> None:
    export(run, "parquet", tmp_path / "tables")
    for name in TABLES:
        table = pq.read_table(tmp_path / f"tables/{name}.parquet")
        assert table.equals(run.table(name)), name
        assert table.schema.equals(TABLES[name], check_metadata=True)
    assert pq.read_table(tmp_path / "tables/clips.parquet").equals(run.clips())
    assert pq.read_table(tmp_path / "tables/conditions.parquet").equals(run.conditions())


def test_csv_holds_every_table(run: Evaluation, tmp_path: Path) -> None:
    files = export(run, "csv", tmp_path / "tables")
    assert {file.name for file in files} == {
        *(f"{name}.csv" for name in (*TABLES, *LISTS)),
        "columns.md",
    }
    for name in TABLES:
        with (tmp_path / f"tables/{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        held = run.table(name)
        assert len(rows) == held.num_rows
        assert list(rows[0]) == held.column_names
    with (tmp_path / "tables/objects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    scores = [float(row["attacked_score"]) if row["attacked_score"] else None for row in rows]
    assert scores == run.table("objects")["attacked_score"].to_pylist()
    assert "| `attacked_x0_px` | double | px |" in (tmp_path / "tables/columns.md").read_text()


# Names, places, errors.


@pytest.mark.parametrize("kind", list(Kind))
def test_hostile_names_stay_in_the_folder_and_apart(tmp_path: Path, kind: Kind) -> None:
    run = Evaluation.open(str(write_story(tmp_path / "run", Story(clips=len(HOSTILE), frames=2))))
    rewrite(run, "clips.parquet", "name", list(HOSTILE))
    rewrite(run, "conditions.parquet", "name", ["../x", "../x", "\x00\n"])
    before = {path for path in tmp_path.rglob("*") if tmp_path / "out" not in path.parents}
    files = export(run, kind, tmp_path / "out" / "here")
    assert {
        path for path in tmp_path.rglob("*") if tmp_path / "out" not in path.parents
    } == before | {tmp_path / "out"}
    for file in files:
        relative = file.relative_to(tmp_path / "out" / "here")
        for part in relative.parts:
            assert part.isascii()
            assert len(part) < 80
            assert all(letter.isalnum() or letter in "-_." for letter in part), part
    if kind is Kind.MOT:
        assert len([file for file in files if file.name == "clean.txt"]) == 3 * len(HOSTILE)
        for file in files:
            if file.name == "seqinfo.ini":
                assert len(file.read_text().splitlines()) == 7
    if kind is Kind.COCO:
        (first, *_) = sorted((tmp_path / "out/here").iterdir())
        tree = json.loads((first / "ground_truth.json").read_text())
        assert [one["name"] for one in tree["videos"]] == list(HOSTILE)
        assert len({image["file_name"] for image in tree["images"]}) == 2 * len(HOSTILE)


def test_safe_names_begin_with_their_number() -> None:
    assert safe_name(7, "clips/../Ünfall 3.mp4") == "00007-clips-nfall-3-mp4"
    assert safe_name(0, "") == "00000"
    names = {safe_name(number, "same") for number in range(20)}
    assert len(names) == 20


@pytest.mark.parametrize("kind", list(Kind))
def test_a_run_without_an_object_is_exported(tmp_path: Path, kind: Kind) -> None:
    run = Evaluation.open(
        str(write_story(tmp_path / "run", Story(objects=0, fabricate=0.0, truth=False, frames=3)))
    )
    (tmp_path / "run/tracks/part-00000.parquet").unlink()
    files = export(run, kind, tmp_path / "out")
    assert files
    if kind is Kind.COCO:
        for file in (tmp_path / "out").rglob("clean.json"):
            assert json.loads(file.read_text()) == []
    if kind is Kind.MOT:
        assert all(not file.read_text() for file in (tmp_path / "out").rglob("clean.txt"))
    if kind is Kind.PARQUET:
        tracks = pq.read_table(tmp_path / "out/tracks.parquet")
        assert tracks.num_rows == 0
        assert tracks.schema.equals(TABLES["tracks"])


@pytest.mark.parametrize("kind", list(Kind))
def test_a_run_behind_a_url_exports_the_same(run: Evaluation, tmp_path: Path, kind: Kind) -> None:
    files = fsspec.filesystem("memory")
    folder = Path(run.storage.url)
    for path in (path for path in folder.rglob("*") if path.is_file()):
        files.pipe_file(f"/exported/run/{path.relative_to(folder)}", path.read_bytes())
    try:
        far = export(Evaluation.open("memory://exported/run"), kind, tmp_path / "far")
    finally:
        files.rm("/exported", recursive=True)
    near = export(run, kind, tmp_path / "near")
    assert [file.relative_to(tmp_path / "far") for file in far] == [
        file.relative_to(tmp_path / "near") for file in near
    ]
    if kind is not Kind.PARQUET:
        assert all(a.read_bytes() == b.read_bytes() for a, b in zip(far, near, strict=True))


def test_what_cannot_be_is_one_line(run: Evaluation, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="export 'xml': no such format; there are coco, mot, csv, parq"
    ):
        export(run, "xml", tmp_path / "out")
    with pytest.raises(ConfigError, match="exports go to this machine's disk; give a folder"):
        export(run, "csv", "s3://bucket/out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    with pytest.raises(
        ConfigError, match="full: there is something already; give a folder that is new"
    ):
        export(run, "csv", tmp_path / "full")
    assert (tmp_path / "full/mine.txt").read_text() == "mine"
    with pytest.raises(RunError, match="a file stands where a folder is needed"):
        export(run, "csv", tmp_path / "full/mine.txt/out")


def test_an_empty_folder_and_what_was_broken_off_do(run: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / ".out.partial").mkdir()
    (tmp_path / ".out.partial/old.csv").write_text("old")
    files = export(run, "csv", tmp_path / "out")
    assert len(files) == 7
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert exported(files, tmp_path / "out").startswith(f"{tmp_path / 'out'}: 7 files, 0.")


def test_a_full_disk_leaves_nothing(
    run: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def full(self: Path, *arguments: Any, **words: Any) -> Any:
        if self.name == "attacked.txt":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, *arguments, **words)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(RunError, match="out: cannot be written: the disk is full"):
        export(run, "mot", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", list(Kind))
def test_a_damaged_part_is_told_and_leaves_nothing(tmp_path: Path, kind: Kind) -> None:
    run = Evaluation.open(str(write_story(tmp_path / "run", Story(frames=3))))
    (tmp_path / "run/objects/part-00000.parquet").write_bytes(b"no Parquet")
    with pytest.raises(RunError, match=r"damaged: .*objects/part-00000\.parquet"):
        export(run, kind, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
