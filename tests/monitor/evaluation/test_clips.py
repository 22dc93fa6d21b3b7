"""From paths to clips."""

from __future__ import annotations

import hashlib
import os
import pickle
import uuid
import zlib
from pathlib import Path
from threading import Barrier, Thread

import cv2
import fsspec
import numpy as np
import pytest

from monitor.errors import ConfigError, RunError
from monitor.evaluation import remote
from monitor.evaluation.clips import Failed, fetched, find_clips, probe
from monitor.evaluation.truth import Kind
from streams.opening import open_source

SHARED = Path(__file__).parents[4] / "shared" / "data"


def put(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix in (".png", ".jpg"):
            cv2.imwrite(str(file), np.full((20, 30, 3), number, np.uint8))
        else:
            file.write_bytes(f"content of {name}".encode())


def inside(folder: Path | str) -> list[str]:
    return sorted(one.name for one in Path(folder).iterdir())


def names_of(*paths, **more):
    clips, failed = find_clips([str(path) for path in paths], **more)
    assert [clip.number for clip in clips] == list(range(len(clips)))
    assert not failed
    return [clip.name for clip in clips]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder that is the one in which the command stands."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_folders_and_globs_in_the_order_in_which_they_were_named(folder):
    put(folder, "z.mp4", "d/b.avi", "d/a/c.MKV", "d/a/notes.txt", "d/x.png", "g/1.mp4", "g/2.gif")
    put(folder, "g/1.json", "g/.hidden.mp4", "d/.git/a.mp4")
    assert names_of("z.mp4", "d", "./g/*") == [
        "z.mp4",
        "d/a/c.MKV",
        "d/b.avi",
        "g/1.mp4",
        "g/2.gif",
    ]
    assert names_of("g/**/*.mp4", "d/a") == ["g/1.mp4", "d/a/c.MKV"]
    assert names_of("d/../z.mp4") == ["d/../z.mp4"]


def test_what_is_named_twice_is_one_clip(folder):
    put(folder, "d/a.mp4", "d/b.mp4")
    assert names_of("d/b.mp4", "d", "d/*.mp4", folder / "d/a.mp4") == ["d/b.mp4", "d/a.mp4"]
    spec = "scene:road?frames=3"
    assert names_of(spec, spec) == [spec]


def test_pictures_are_one_clip_a_folder(folder):
    put(folder, "s/1.png", "s/2.png", "t/a/1.jpg", "t/b/1.jpg", "t/b/readme.md")
    clips, _ = find_clips(["s", "t", "s/*.png", "images:s?fps=25"])
    assert [clip.name for clip in clips] == ["s", "t/a", "t/b", "s/*.png", "images:s?fps=25"]
    assert all(clip.pictures for clip in clips)
    for clip, count in zip(clips, (2, 1, 1, 2, 2), strict=True):
        probed = probe(clip)
        assert probed == (count, 30, 20, 25 if "fps" in clip.name else 10)
    assert clips[0].size == sum(file.stat().st_size for file in (folder / "s").iterdir())


def test_a_picture_that_is_cut_does_not_shift_the_truth_of_the_others(folder):
    put(folder, *(f"s/{number}.png" for number in range(4)))
    for number in range(4):
        (folder / f"s/{number}.txt").write_text(f"{number} .5 .5 .2 .2\n")
    (folder / "s/1.png").write_bytes((folder / "s/1.png").read_bytes()[:60])
    clip = find_clips(["images:s?fps=7.3"])[0][0]
    with open_source(clip.spec) as source:
        frames = [source.read(5) for _ in range(3)]
        numbers = [clip.frame_number(frame, source.properties.fps) for frame in frames]
    assert numbers == [0, 2, 3]
    labels = [clip.truth.at(number, (30, 20), (30, 20)).class_id.tolist() for number in numbers]
    assert labels == [[0], [2], [3]]


def test_a_spec_opens_from_anywhere(folder, monkeypatch):
    put(folder, "s/1.png", "0/2.png")
    clips, _ = find_clips(["s", "images:s?fps=5", "./0", "s/*.png"])
    monkeypatch.chdir("/")
    assert all(probe(clip).frames == 1 for clip in clips)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("missing.mp4", "no such file or folder"),
        ("nothing/*.mp4", "matches nothing"),
        ("empty", "no videos and no pictures"),
        ("empt*", "no videos and no pictures"),
        ("images:empty", "no pictures"),
        ("0", "a camera"),
        ("auto", "a camera"),
        ("", "a camera"),
        ("visitor", "a camera"),
        ("/dev/video0", "a camera"),
        ("rtsp://me:secret@host/live", "a camera"),
        ("me:secret@host/live", "a camera"),
        ("scene:raod?frames=3", "did you mean scene:road"),
        ("scene:road?frame=3", "did you mean frames"),
        ("scene:road", "has no end.*scene:road[?]frames=300"),
        ("scene:road?light=dusk", "has no end.*light=dusk&frames=300"),
        ("photo:missing.png?frames=3", "no such picture"),
        ("photo:one.png", "has no end"),
        ("memory://nothing/here.mp4", "there is nothing"),
        ("memory://nothing/*.mp4", "there is nothing"),
        ("nope://host/a.mp4", "cannot be opened"),
    ],
)
def test_a_path_that_names_nothing_is_told_in_one_line(folder, path, why):
    put(folder, "one.png", "empty/notes.txt")
    with pytest.raises(ConfigError, match=why) as caught:
        find_clips([path])
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_endless_scene_is_bounded_by_the_frames_of_the_run(folder):
    put(folder, "one.png")
    assert names_of("scene:road", "photo:one.png", frames=5) == ["scene:road", "photo:one.png"]


def test_a_scene_is_a_clip_a_seed(folder):
    clips, _ = find_clips(["scene:road?frames=3"], scene_seeds=(0, 7))
    assert [clip.name for clip in clips] == ["scene:road?frames=3", "scene:road?frames=3, seed 7"]
    assert [clip.seed for clip in clips] == [0, 7]
    assert {clip.spec for clip in clips} == {"scene:road?frames=3"}
    assert probe(clips[1]) == (3, 640, 384, 30.0)
    assert clips[0].with_hash().sha256 == ""
    assert clips[0].truth is None
    assert clips[0].truth_name == "the scene's own"
    assert not find_clips(["scene:road?frames=3"], truth="none")[0][0].own_truth


def test_a_photo_has_its_own_truth_only_where_it_has_boxes(folder):
    put(folder, "a.png", "b.png")
    (folder / "b.txt").write_text("0 .5 .5 .2 .2\n")
    (folder / "c.txt").write_text("")
    paths = ["photo:a.png?frames=2", "photo:b.png?frames=2", "photo:b.png?boxes=c.txt&frames=2"]
    clips, _ = find_clips(paths)
    assert [clip.own_truth for clip in clips] == [False, True, False]
    assert (
        clips[0].with_hash().sha256 == hashlib.sha256((folder / "a.png").read_bytes()).hexdigest()
    )
    (folder / "b.txt").write_text("broken\n")
    assert find_clips(paths[1:2])[1][0].name == paths[1]


def test_what_cannot_be_read_does_not_stop_the_others(folder):
    put(folder, "d/good.mp4")
    (folder / "d/empty.mp4").touch()
    (folder / "d/gone.mp4").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "d/pipe.mp4")
    clips, failed = find_clips(["d"])
    assert [clip.name for clip in clips] == ["d/good.mp4"]
    assert [one.name for one in failed] == ["d/empty.mp4", "d/gone.mp4", "d/pipe.mp4"]
    assert "0 bytes" in failed[0].reason
    assert all("\n" not in one.reason for one in failed)
    # Its content is no video, which shows only when it is opened.
    assert probe(clips[0]) == Failed("d/good.mp4", probe(clips[0]).reason)


def test_a_link_that_goes_round_is_not_followed(folder):
    put(folder, "d/a.mp4")
    (folder / "d/round").symlink_to(folder / "d")
    assert names_of("d") == ["d/a.mp4"]


@pytest.mark.parametrize(
    "name",
    ["a b.mp4", "a[1].mp4", "ü*?.mp4", "a@b:c.mp4", "scene:x.mp4", "-x.mp4", "a\nb.mp4", "7"],
)
def test_hostile_names(folder, name):
    put(folder, f"d/{name}")
    clips = find_clips([f"d/{name}"])[0]
    assert clips[0].name == f"d/{name}".replace("\n", "?")
    assert (
        clips[0].with_hash().sha256 == hashlib.sha256(f"content of d/{name}".encode()).hexdigest()
    )
    if name != "7":
        assert find_clips(["d"])[0] == clips


def test_names_that_look_alike_are_told_apart(folder):
    put(folder, "a\n.mp4", "a\t.mp4")
    assert names_of("a\n.mp4", "a\t.mp4") == ["a?.mp4", "a?.mp4 (2)"]


def test_the_stream_depends_on_the_name_alone(folder):
    put(folder, "d/a.mp4", "d/b.mp4")
    alone = find_clips(["d/b.mp4"])[0][0]
    beside = find_clips(["d"])[0][1]
    assert alone.stream == beside.stream == zlib.crc32(b"d/b.mp4")
    assert alone.number != beside.number


def test_the_hash_of_pictures_tells_order_names_and_content(folder):
    put(folder, "s/1.png", "s/2.png")
    clip = find_clips(["s"])[0][0]
    before = clip.with_hash().sha256
    assert clip.sha256 == ""
    assert clip.with_hash().with_hash().sha256 == before
    (folder / "s/2.png").rename(folder / "s/3.png")
    assert clip.with_hash().sha256 != before


def test_a_file_that_is_gone_when_it_is_hashed_is_told(folder):
    put(folder, "a.mp4")
    clip = find_clips(["a.mp4"])[0][0]
    (folder / "a.mp4").unlink()
    with pytest.raises(RunError, match=r"a\.mp4: cannot be read \(No such file"):
        clip.with_hash()


def test_ground_truth_is_attached(folder):
    put(
        folder,
        "d/a.mp4",
        "d/b.mp4",
        "d/b.gt.txt",
        "t/a.gt.txt",
        "t2/c.gt.txt",
        "all.json",
        "one.txt",
    )
    paths = ["d", "scene:road?frames=2"]
    assert [clip.truth_name for clip in find_clips(paths)[0]] == [
        "",
        "d/b.gt.txt (MOT text)",
        "the scene's own",
    ]
    given = find_clips(paths, truth="t")[0]
    assert [clip.truth_name for clip in given[:2]] == ["t/a.gt.txt (MOT text)", ""]
    shared = find_clips(paths, truth="all.json")[0]
    assert [clip.truth and clip.truth.kind for clip in shared] == [Kind.COCO, Kind.COCO, None]
    assert shared[0].truth.strict
    assert find_clips(["d/a.mp4"], truth="one.txt")[0][0].truth.kind is Kind.MOT
    assert not any(clip.truth_name for clip in find_clips(paths, truth="none")[0])
    with pytest.raises(ConfigError, match="no ground truth of any clip"):
        find_clips(paths, truth="t2")
    with pytest.raises(ConfigError, match="about one clip"):
        find_clips(paths, truth="one.txt")


def test_clips_can_be_sent_to_another_process(folder):
    put(folder, "d/b.mp4", "d/b.gt.txt")
    clips, _ = find_clips(["d", "scene:road?frames=2"])
    assert pickle.loads(pickle.dumps(clips)) == clips


def test_two_thousand_clips_are_neither_opened_nor_listed_more_than_once(folder, monkeypatch):
    (folder / "d").mkdir()
    for number in range(2000):
        (folder / f"d/{number:05d}.mp4").write_bytes(b"x")
    listed = []
    real = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: (listed.append(path), real(path))[1])
    monkeypatch.setattr(Path, "open", None)
    clips, _ = find_clips(["d"])
    assert len(clips) == 2000
    assert [path.name for path in listed].count("d") == 2


@pytest.fixture
def shelf():
    """An empty folder behind a URL, and how a file comes there."""
    root = f"memory://{uuid.uuid4().hex}"
    fs = fsspec.filesystem("memory")

    def place(name: str, content: bytes) -> None:
        fs.pipe_file(f"{root}/{name}", content)

    yield root, place
    fs.rm(root, recursive=True)


def picture(value: int) -> bytes:
    return cv2.imencode(".png", np.full((20, 30, 3), value, np.uint8))[1].tobytes()


def test_clips_behind_a_url(shelf, tmp_path):
    root, place = shelf
    for name in ("a.mp4", "deep/b.mp4", "deep/b.gt.txt", ".hidden.mp4"):
        place(name, f"content of {name}".encode())
    clips, failed = find_clips([f"{root}/a.mp4", root, f"{root}/*/*.mp4", f"{root}/deep/"])
    assert not failed
    assert [clip.name for clip in clips] == [f"{root}/a.mp4", f"{root}/deep/b.mp4"]
    first, second = clips
    assert (first.size, first.spec) == (16, "")
    assert second.truth.name == "deep/b.gt.txt (MOT text)"
    assert first.with_hash().sha256 == hashlib.sha256(b"content of a.mp4").hexdigest()
    spec = fetched(first, tmp_path / "cache")
    assert Path(spec).read_bytes() == b"content of a.mp4"
    assert spec.endswith("-a.mp4")
    assert isinstance(probe(first, spec), Failed)


def test_pictures_behind_a_url(shelf, tmp_path):
    root, place = shelf
    for number in (1, 2, 10):
        place(f"shots/{number}.png", picture(number))
        place(f"shots/{number}.txt", b"0 .5 .5 .2 .2")
    clips, _ = find_clips([root])
    assert [(clip.name, clip.pictures) for clip in clips] == [(f"{root}/shots", True)]
    spec = fetched(clips[0], tmp_path)
    assert probe(clips[0], spec) == (3, 30, 20, 10)
    with open_source(spec) as source:
        assert [source.read(5).pixels[0, 0, 0] for _ in range(3)] == [1, 2, 10]
    assert len(clips[0].truth.at(2, (30, 20), (30, 20))) == 1
    local, _ = find_clips([spec])
    assert local[0].with_hash().sha256 == clips[0].with_hash().sha256


def test_a_clip_is_fetched_once_and_again_if_it_is_not_whole(shelf, tmp_path, monkeypatch):
    root, place = shelf
    place("a.mp4", b"0123456789")
    clip = find_clips([f"{root}/a.mp4"])[0][0]
    spec = fetched(clip, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(remote, "_download", None)
        assert fetched(clip, tmp_path) == spec
    Path(spec).write_bytes(b"01234")
    assert fetched(clip, tmp_path) == spec
    assert Path(spec).read_bytes() == b"0123456789"
    assert inside(tmp_path) == [Path(spec).name]


def test_a_clip_that_came_cut_leaves_nothing_behind(shelf, tmp_path):
    root, place = shelf
    place("a.mp4", b"0123456789")
    clip = find_clips([f"{root}/a.mp4"])[0][0]
    place("a.mp4", b"01234")
    with pytest.raises(RunError, match="5 of 10 bytes came"):
        fetched(clip, tmp_path)
    fsspec.filesystem("memory").rm(f"{root}/a.mp4")
    with pytest.raises(RunError, match="no such file"):
        fetched(clip, tmp_path)
    with pytest.raises(RunError, match="no such file"):
        clip.with_hash()
    place("a.mp4", b"0123456789")
    assert inside(tmp_path) == []


def test_pictures_that_are_not_whole_are_fetched_again(shelf, tmp_path):
    root, place = shelf
    for number in range(3):
        place(f"{number}.png", picture(0))
    clip = find_clips([root])[0][0]
    spec = fetched(clip, tmp_path)
    (Path(spec) / "1.png").unlink()
    assert fetched(clip, tmp_path) == spec
    assert inside(spec) == ["0.png", "1.png", "2.png"]
    assert inside(tmp_path) == [Path(spec).name]


@pytest.mark.parametrize("pictures", [False, True])
def test_eight_who_fetch_the_same_clip_at_once(shelf, tmp_path, pictures, monkeypatch):
    root, place = shelf
    for number in range(3):
        place(f"{number}.png" if pictures else f"{number}.mp4", picture(0))
    clip = find_clips([root])[0][0]
    came: list[str] = []
    together = Barrier(8, timeout=20)

    def download(url: str, target: Path) -> None:
        target.write_bytes(picture(0))
        together.wait()  # so that nobody is done before all have begun

    monkeypatch.setattr(remote, "_download", download)
    threads = [Thread(target=lambda: came.append(fetched(clip, tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 8
    assert len(set(came)) == 1
    assert inside(tmp_path) == [Path(came[0]).name]


def test_a_cache_that_cannot_be_written_is_told(shelf, tmp_path):
    root, place = shelf
    place("a.mp4", b"0123456789")
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written: a file stands where a folder is needed"):
        fetched(find_clips([f"{root}/a.mp4"])[0][0], tmp_path / "file")


def test_a_server_in_trouble_is_a_failure_without_its_login(shelf, monkeypatch):
    root, place = shelf
    place("a.mp4", b"x")

    def refuse(*args, **more):
        raise PermissionError("403 for https://me:secret@host/a.mp4?token=secret")

    fs = fsspec.filesystem("memory")
    monkeypatch.setattr(type(fs), "info", refuse)
    clips, failed = find_clips([f"{root}/a.mp4", "scene:road?frames=1"])
    assert [clip.name for clip in clips] == ["scene:road?frames=1"]
    assert "cannot be listed (403 for https://host/a.mp4)" in failed[0].reason
    assert "secret" not in failed[0].reason


def test_a_file_url_is_a_file(folder):
    put(folder, "a.mp4")
    assert names_of(f"file://{folder}/a.mp4") == [f"{folder}/a.mp4"]


def test_real_clips():
    folder = SHARED / "faces" / "videos"
    if not folder.exists():
        pytest.skip("needs ../shared/data/faces/videos, which is not here")
    clips, failed = find_clips([str(folder)])
    assert not failed
    assert len(clips) == 6
    assert probe(clips[0])[:3] == (120, 176, 144)
    assert clips[0].truth is None


def test_real_pictures_with_labels():
    folder = SHARED / "ball" / "robocup_ml"
    if not folder.exists():
        pytest.skip("needs ../shared/data/ball/robocup_ml, which is not here")
    clips, _ = find_clips([str(folder)])
    assert len(clips) == len([one for one in folder.rglob("*") if any(one.glob("*.jpg"))])
    assert all(clip.truth.kind is Kind.YOLO for clip in clips)
    balls = 0
    for clip in clips:
        with open_source(clip.spec) as source:
            while (frame := source.read(10)) is not None:
                seen = clip.truth.at(frame.index, frame.size, frame.size)
                balls += 0 if seen is None else seen.data["class_name"].tolist().count("ball")
    assert balls > 50
