"""`camdrift doctor`: every failure that it is there to find, and what it says to do."""

from __future__ import annotations

import io
import json
import subprocess
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from nano_nets import NAMES, network
from rich.console import Console

from models.errors import WeightsError
from models.weights import load_nano, save
from models.zoo import ZOO, Entry
from monitor.commands import doctor_cameras
from monitor.commands import doctor_checks as machine
from monitor.commands.doctor import (
    Check,
    card_sha256,
    checks,
    configuration,
    doctor_json,
    doctor_table,
    examined,
    exit_code,
    runs_folder,
    weights,
)
from monitor.commands.doctor_checks import Numba, OpenCV, Torch
from monitor.commands.doctor_findings import Finding, State, guarded
from monitor.config import default_toml
from streams.errors import SourceBusy

pytestmark = pytest.mark.timeout(30)

OK, WARN, WRONG = State
PICTURES = [np.full((48, 64, 3), level, np.uint8) for level in (7, 9)]


def only(findings):
    (finding,) = findings
    return finding


def look_at(*indexes, first=None, modes=None, limit=4.0, **words):
    """Cameras with these numbers, each of which delivers, unless told otherwise."""
    first = {**dict.fromkeys(indexes or range(9), lambda: "640x480"), **(first or {})}
    return doctor_cameras.cameras(
        listed=words.pop("listed", lambda: indexes),
        permitted=words.pop("permitted", lambda index: True),
        first_picture=lambda index: first[index](),
        modes=modes or (lambda index: iter(())),
        limit=limit,
        **words,
    )


@pytest.fixture
def hanging():
    """A call that hangs until the test is over."""
    over = threading.Event()
    yield lambda: (over.wait(20), "late")[1]
    over.set()


def raising(error):
    def call(*_):
        raise error

    return call


def fails_if_called(*_):
    raise AssertionError("must not be called")


# Cameras


def test_given_no_camera_when_looked_at_then_it_warns_and_the_scene_is_named():
    found = only(look_at())
    assert found.state is WARN
    assert "scene:portrait" in found.remedy
    assert exit_code([found]) == 0


def test_given_a_camera_when_probed_then_its_mode_and_those_it_takes_are_told_once():
    modes = ("640x480 at 30 fps", "320x240 at 30 fps", "640x480 at 30 fps", "640x480 at 30 fps")
    found = only(look_at(0, modes=lambda index: iter(modes)))
    says = "delivers 640x480 at 30 fps; takes 320x240 at 30 fps, 640x480 at 30 fps"
    assert found == Finding("camera 0", OK, says)


def test_given_a_camera_that_does_not_open_twice_when_probed_then_its_first_picture_counts():
    found = only(look_at(0))
    assert found == Finding("camera 0", OK, "delivers 640x480; its modes were not told")


def test_given_no_permission_when_looked_at_then_it_is_wrong_and_not_opened():
    found = only(look_at(2, permitted=lambda index: False, first={2: fails_if_called}))
    assert found.state is WRONG
    assert found.found == "no permission to use /dev/video2"
    assert "group video" in found.remedy


def test_given_a_camera_that_hangs_when_probed_then_it_is_left_within_the_limit(hanging):
    start = time.monotonic()
    found = only(look_at(0, first={0: hanging}, limit=0.2))
    assert time.monotonic() - start < 2
    assert (found.state, found.found) == (WRONG, "no picture within 0.2 s")
    assert "unplug it" in found.remedy


def test_given_another_that_delivers_when_one_hangs_then_that_is_a_warning(hanging):
    first, second = look_at(0, 1, first={1: hanging}, limit=0.2)
    assert (first.state, second.state) == (OK, WARN)


def test_given_a_camera_that_hangs_over_its_modes_when_probed_then_what_it_told_is_kept(hanging):
    def modes(_):
        yield "640x480"
        yield "320x240"
        hanging()

    start = time.monotonic()
    found = only(look_at(0, modes=modes, limit=0.2))
    assert time.monotonic() - start < 2
    says = "delivers 640x480; takes 320x240 (cut off after 0.2 s)"
    assert found == Finding("camera 0", OK, says)


def test_given_modes_that_fail_when_probed_then_the_camera_still_delivers():
    found = only(look_at(0, modes=raising(cv2.error("odd driver"))))
    assert found.state is OK
    assert "odd driver" in found.found


def test_given_a_busy_camera_when_probed_then_its_own_words_are_told():
    busy = SourceBusy("camera 0 is there but does not open; close other programs that use it")
    found = only(look_at(0, first={0: raising(busy)}))
    says = ("is there but does not open", "close other programs that use it")
    assert found == Finding("camera 0", WRONG, *says)


def test_given_a_camera_that_fails_oddly_when_probed_then_the_others_are_told():
    first, second = look_at(0, 1, first={0: raising(MemoryError("no room"))})
    assert (first.state, first.found) == (WRONG, "MemoryError: no room")
    assert second.state is OK


def test_given_no_probe_when_looked_at_then_none_is_opened():
    found = look_at(0, 1, first=dict.fromkeys((0, 1), fails_if_called), probe=False)
    assert [line.found for line in found] == ["there; not probed"] * 2
    assert only(look_at(listed=lambda: None, probe=False)).state is OK


def test_given_a_system_that_lists_none_when_probed_then_only_those_that_deliver_are_told():
    absent = raising(SourceBusy("absent"))
    found = look_at(listed=lambda: None, first=dict.fromkeys((0, 2, 3), absent))
    assert only(found).check == "camera 1"
    found = look_at(listed=lambda: None, first=dict.fromkeys(range(4), absent))
    assert (only(found).check, only(found).state) == ("cameras", WARN)


class FakeCapture:
    """A camera with two sizes, which takes the nearer one to what is asked."""

    def __init__(self, opens=True):
        self.opens, self.size, self.asked, self.released = opens, (640, 480), 0, False

    def isOpened(self):
        return self.opens

    def set(self, prop, value):
        if prop == cv2.CAP_PROP_FRAME_WIDTH:
            self.size = (1280, 720) if value > 960 else (640, 480)
        return True

    def get(self, prop):
        width, height = self.size
        answers = {cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height}
        return float(answers.get(prop, 30 if width == 640 else 0))

    def release(self):
        self.released = True


def test_given_a_camera_when_asked_for_sizes_then_what_it_comes_to_is_told_and_it_is_released():
    fake = FakeCapture()
    told = list(doctor_cameras.camera_modes(0, lambda index: fake))
    assert told == ["640x480 at 30 fps"] * 4 + ["1280x720"] * 2
    assert fake.released
    shut = FakeCapture(opens=False)
    assert list(doctor_cameras.camera_modes(0, lambda index: shut)) == []
    assert shut.released


# OpenCV and encoders


def test_given_no_ffmpeg_in_opencv_when_looked_at_then_it_is_wrong():
    whole, ffmpeg = machine.opencv(lambda: OpenCV("4.10", ("V4L2",), ("V4L2", "CV_IMAGES"), None))
    assert whole == Finding("OpenCV", OK, "4.10; cameras: V4L2; files: V4L2, CV_IMAGES")
    assert (ffmpeg.state, "RTSP" in ffmpeg.found) == (WRONG, True)
    assert "opencv-python" in ffmpeg.remedy


def test_given_no_back_end_for_cameras_when_looked_at_then_it_warns():
    whole, ffmpeg = machine.opencv(lambda: OpenCV("4.10", (), ("FFMPEG",), "libavcodec 60"))
    assert (whole.state, ffmpeg.state) == (WARN, OK)
    assert "cameras: none" in whole.found


def test_given_the_opencv_that_is_installed_when_looked_at_then_it_opens_files():
    here = machine.opencv_here()
    assert here.version == cv2.__version__
    assert "FFMPEG" in here.files
    assert here.ffmpeg


def test_given_the_opencv_that_is_installed_when_ffv1_is_tried_then_it_is_lossless():
    assert only(machine.ffv1()).state is OK


@pytest.mark.parametrize(
    ("round_trip", "says"),
    [
        (lambda pictures: [], "cannot write"),
        (lambda pictures: list(pictures)[:1], "2 frames written, 1 read back"),
        (lambda pictures: [*pictures, pictures[0]], "2 frames written, 3 read back"),
        (lambda pictures: [pictures[0], pictures[1] ^ 1], "lossy"),
        (lambda pictures: [picture[:-1] for picture in pictures], "lossy"),
    ],
)
def test_given_ffv1_that_loses_something_when_tried_then_it_is_wrong(round_trip, says):
    found = only(machine.ffv1(round_trip))
    assert found.state is WRONG
    assert says in found.found
    assert found.remedy


@pytest.mark.parametrize(
    ("which", "encoders", "says"),
    [
        (None, fails_if_called, "no program ffmpeg"),
        ("/bin/ffmpeg", lambda program: " V....D libx264rgb  RGB only", "no libx264"),
        ("/bin/ffmpeg", raising(subprocess.TimeoutExpired("ffmpeg", 5)), "does not run"),
        ("/bin/ffmpeg", raising(OSError("not executable")), "not executable"),
    ],
)
def test_given_no_h264_when_looked_at_then_it_only_warns(which, encoders, says):
    found = only(machine.h264(lambda name: which, encoders))
    assert found.state is WARN
    assert says in found.found
    assert 'codec = "h264" only' in found.remedy


def test_given_ffmpeg_with_libx264_when_looked_at_then_it_is_named():
    found = only(machine.h264(lambda name: "/bin/ffmpeg", lambda program: " V....D libx264  H.264"))
    assert (found.state, found.found) == (OK, "/bin/ffmpeg, with libx264")


# torch, numba


def test_given_torch_when_looked_at_then_device_threads_and_cores_are_told():
    found = only(machine.torch_threads(lambda: Torch("2.5", "", 2, 4)))
    assert (found.state, found.found) == (OK, "2.5; CPU; threads 2, cores 4")
    found = only(machine.torch_threads(lambda: Torch("2.5", "Some GPU", 4, 4)))
    assert "Some GPU" in found.found


def test_given_more_threads_than_cores_when_looked_at_then_it_warns():
    found = only(machine.torch_threads(lambda: Torch("2.5", "", 16, 4)))
    assert (found.state, "OMP_NUM_THREADS=4" in found.remedy) == (WARN, True)


def test_given_a_cache_that_cannot_be_written_when_looked_at_then_it_warns(tmp_path):
    here = Numba("0.61", "omp", tmp_path / "cache")
    found = only(machine.numba_cache(lambda: here, lambda folder: folder != here.cache))
    assert (found.state, "NUMBA_CACHE_DIR" in found.remedy) == (WARN, True)
    found = only(machine.numba_cache(lambda: here, lambda folder: folder == here.cache))
    assert (found.state, "omp" in found.found, str(here.cache) in found.found) == (OK, True, True)


def test_given_the_torch_and_numba_that_are_installed_when_looked_at_then_they_are_told():
    torch, numba = machine.torch_here(), machine.numba_here()
    assert torch.threads >= 1
    assert torch.cores >= 1
    assert numba.layer in {"omp", "tbb", "workqueue"}
    assert numba.cache.is_dir()


# Weights


def entry(load, sha256="a" * 64):
    return Entry(load, "", (), "", "", sha256, "")


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "made.safetensors"
    digest = save(network(), path, NAMES)
    return path, entry(lambda: load_nano("made", NAMES, digest, path), digest)


def test_given_whole_weights_when_looked_at_then_they_are_the_expected_ones(stored):
    _, made = stored
    found = only(weights({"made": made}, lambda name: made.sha256))
    assert (found.check, found.state) == ("model made", OK)
    assert "on its card" in found.found


def test_given_damaged_weights_when_looked_at_then_they_are_wrong_and_the_others_are_told(stored):
    path, made = stored
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    broken, whole = weights({"made": made, "other": entry(lambda: None)}, lambda name: None)
    assert (broken.state, broken.remedy) == (WRONG, "reinstall camdrift")
    assert "sha256" in broken.found
    assert whole.state is OK


def test_given_no_weights_when_looked_at_then_they_are_wrong(stored):
    path, made = stored
    path.unlink()
    found = only(weights({"made": made}, lambda name: None))
    assert (found.state, "missing" in found.found) == (WRONG, True)


def test_given_a_card_of_other_weights_when_looked_at_then_it_is_wrong():
    found = only(weights({"made": entry(lambda: None)}, lambda name: "b" * 64))
    assert (found.state, "card" in found.found) == (WRONG, True)


def test_given_our_own_models_when_their_cards_are_read_then_they_state_the_sha256_of_the_zoo():
    stated = {name: card_sha256(name) for name in ZOO}
    assert {name for name, sha256 in stated.items() if sha256} == {"signs", "ball"}
    assert all(sha256 in (None, ZOO[name].sha256) for name, sha256 in stated.items())


# Disk, configuration, memory


@pytest.mark.parametrize(
    ("free", "state"), [(6e9, OK), (4.9e9, WARN), (0.6e9, WARN), (0.4e9, WRONG), (0, WRONG)]
)
def test_given_so_much_room_when_looked_at_then_it_is_judged_and_nothing_is_made(
    free, state, tmp_path
):
    found = only(machine.disk(tmp_path / "new" / "runs", free=lambda place: int(free)))
    assert found.state is state
    assert f"{free / 1e9:.1f} GB" in found.found
    assert bool(found.remedy) is (state is not OK)
    assert list(tmp_path.iterdir()) == []


def test_given_a_folder_that_cannot_be_written_when_looked_at_then_it_is_wrong(tmp_path):
    asked = []
    found = only(machine.disk(tmp_path / "runs", lambda place: 10**12, asked.append))
    assert (found.state, asked) == (WRONG, [tmp_path])
    assert "cannot be written" in found.found


def test_given_a_file_where_runs_should_go_when_looked_at_then_it_is_wrong(tmp_path):
    (tmp_path / "runs").write_text("")
    found = only(machine.disk(tmp_path / "runs"))
    assert (found.state, "is a file" in found.found) == (WRONG, True)


def test_given_a_folder_that_is_not_there_when_written_to_then_it_cannot_be(tmp_path):
    assert machine.can_write(tmp_path)
    assert not machine.can_write(tmp_path / "none")


def test_given_no_config_when_looked_at_then_the_defaults_hold(tmp_path):
    assert only(configuration(tmp_path / "config.toml")).state is OK
    assert runs_folder(tmp_path / "config.toml") == Path("runs")


def test_given_a_config_when_looked_at_then_it_loads_and_runs_go_where_it_says(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(default_toml().replace('runs = "runs"', 'runs = "elsewhere"'))
    assert only(configuration(path)).state is OK
    assert runs_folder(path) == Path("elsewhere")


def test_given_a_broken_config_when_looked_at_then_its_line_is_told_and_the_disk_still_judged(
    tmp_path,
):
    path = tmp_path / "config.toml"
    path.write_text("[stream]\nwidht = 320\n")
    found = only(guarded("config.toml", lambda: configuration(path), "mend it"))
    assert (found.state, found.remedy.split(" (")[0]) == (WRONG, "the nearest is stream.width")
    assert "widht" in found.found
    assert runs_folder(path) == Path("runs")


@pytest.mark.parametrize(("room", "state"), [(None, OK), (3 * 10**9, OK), (10**9, WARN)])
def test_given_so_much_memory_when_looked_at_then_it_is_judged(room, state):
    assert only(machine.memory(lambda: room)).state is state


def test_given_what_linux_states_when_memory_is_asked_for_then_that_is_it(tmp_path):
    stated = tmp_path / "meminfo"
    stated.write_text("MemTotal:  2048 kB\nMemFree:  10 kB\nMemAvailable:    1024 kB\n")
    assert machine.available_memory(stated) == 1 << 20
    elsewhere = machine.available_memory(tmp_path / "none")
    assert elsewhere is None or elsewhere > 0


# All together


@pytest.mark.parametrize(
    ("error", "found", "remedy"),
    [
        (ValueError("odd\nand long"), "ValueError: odd", "call"),
        (KeyError(), "KeyError", "call"),
        (WeightsError("weights are missing; reinstall"), "weights are missing", "reinstall"),
        (WeightsError("weights are missing"), "weights are missing", "call"),
    ],
)
def test_given_a_check_that_raises_when_examined_then_it_is_one_wrong_line_and_the_rest_goes_on(
    error, found, remedy
):
    said = []
    after = Finding("after", OK, "fine")
    chosen = (Check("broken", raising(error), "call"), Check("after", lambda: [after], ""))
    assert examined(chosen, said.append) == [Finding("broken", WRONG, found, remedy), after]
    assert said == ["looking at broken", "looking at after"]


def test_given_findings_when_shown_then_brackets_stay_and_the_sentence_counts():
    findings = [
        Finding("a", WRONG, "[Errno 28] full [/red]", "make room"),
        Finding("b", WARN, "low"),
        Finding("c", OK, "/a/very/long/path" * 5),
    ]
    out = io.StringIO()
    Console(file=out, width=70).print(doctor_table(findings))
    assert "[Errno 28] full [/red]" in out.getvalue()
    assert "…" not in out.getvalue()
    assert "1 wrong, 1 warning" in out.getvalue().splitlines()[-1]
    assert exit_code(findings) == 1
    content = json.loads(doctor_json(findings))
    assert (content["wrong"], content["warnings"]) == (1, 1)
    assert content["checks"][0] == {
        **{"check": "a", "state": "wrong"},
        **{"found": "[Errno 28] full [/red]", "remedy": "make room"},
    }


def test_given_the_command_when_run_for_programs_then_code_and_json_agree(run):
    code, out, err = run("doctor", "--no-probe", "--json")
    content = json.loads(out)
    assert err == ""
    assert code == (1 if content["wrong"] else 0)
    states = {line["check"]: line["state"] for line in content["checks"]}
    assert {f"model {name}" for name in ZOO} < set(states)
    assert {check.name for check in checks()} - {"models", "cameras"} < set(states)
    assert all(states[f"model {name}"] == "ok" for name in ZOO)


def test_given_a_broken_config_when_the_command_is_run_then_it_says_so_with_code_1(run, tmp_path):
    (tmp_path / "config.toml").write_text("[run\n")
    code, out, _ = run("doctor", "--no-probe")
    assert code == 1
    line = next(line for line in out.splitlines() if line.strip().startswith("config.toml"))
    assert "wrong" in line
    assert "not valid TOML" in line
