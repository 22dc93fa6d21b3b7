from __future__ import annotations

from pathlib import Path

import pytest

from streams import opening
from streams.errors import SourceBusy, SourceNotFound, SourceTimeout, SourceUnreadable, StreamError
from streams.opening import AutoChoice, input_file, open_source, probe_camera, resolve_auto
from streams.states import SourceState

pytestmark = pytest.mark.timeout(10)


def test_given_a_path_when_opened_then_it_is_not_started_and_then_delivers(clips, drain):
    source = open_source(f" {clips['avi']} ")
    assert source.state is SourceState.NEW
    with source:
        assert len(drain(source)) == 24
    assert source.properties.name == "clip.avi"


def test_given_a_scene_when_opened_then_its_seed_counts():
    frames = []
    for seed in (1, 1, 2):
        with open_source("scene:portrait", seed=seed) as source:
            frames.append(source.read(5))
    assert frames[0].source == "scene:portrait"
    assert (frames[0].pixels == frames[1].pixels).all()
    assert (frames[0].pixels != frames[2].pixels).any()
    assert len(frames[0].truth) == 1


def test_given_pacing_when_opened_then_the_clock_is_followed(clips, clock):
    source = open_source(str(clips["avi"]), pace=True, clock=clock)
    source.start()
    clock.jumping = True
    while source.read(None) is not None:
        pass
    clock.jumping = False
    source.close()
    assert clock.now - 1000.0 == pytest.approx(23 / 12, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("portrai", "scene:portrait"),
        ("Portrait", "scene:portrait"),
        ("xyz", "there are portrait, road, pitch"),
    ],
)
def test_given_an_unknown_scene_when_opened_then_the_nearest_is_named(name, hint):
    with pytest.raises(SourceNotFound, match=hint) as caught:
        open_source(f"scene:{name}")
    assert f"scene:{name}" in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("scene:road?frame=3", "scene:road: there is no option 'frame'; did you mean frames"),
        ("scene:road?light=noon", "light takes changing or day or dusk"),
        ("scene:portrait?fps=0", "fps takes a number from 1 to 240"),
        ("scene:rod?frames=3", "did you mean scene:road"),
    ],
)
def test_given_an_option_that_cannot_be_when_opened_then_it_says_what_can(spec, says):
    with pytest.raises(SourceNotFound, match=says):
        open_source(spec)


def test_given_a_scene_with_options_when_opened_then_they_count(drain):
    with open_source("scene:portrait?frames=4&width=320&height=240") as source:
        frames = drain(source)
        assert source.properties.frame_count == 4
    assert len(frames) == 4
    assert frames[0].size == (320, 240)
    assert frames[0].source == "scene:portrait?frames=4&width=320&height=240"


def test_given_a_shape_that_a_scene_cannot_have_when_started_then_one_line_says_so():
    source = open_source("scene:road?width=2000&height=100")
    with pytest.raises(SourceUnreadable, match="a shape between 5:2 and 5:6") as caught:
        source.start()
    assert str(caught.value).startswith("scene:road?width=2000&height=100: ")


def test_given_a_loop_when_a_scene_goes_round_then_it_is_not_prepared_again(monkeypatch):
    made = []

    class Counted(opening.SCENES["portrait"]):
        def __init__(self, seed, **options):
            made.append(seed)
            super().__init__(seed, **options)

    monkeypatch.setattr(opening, "SCENES", {"portrait": Counted})
    with open_source("scene:portrait?frames=2&width=160&height=120", seed=4, loop=True) as source:
        frames = [source.read(5) for _ in range(7)]
    assert made == [4]
    assert (frames[0].pixels == frames[2].pixels).all()


@pytest.mark.parametrize(
    ("spec", "file"),
    [
        ("auto", None),
        ("0", None),
        ("/dev/video1", None),
        ("scene:road?frames=3", None),
        ("clip.mp4", "clip.mp4"),
        (" ./0 ", "0"),
        ("photo:a/b.jpg?still", "a/b.jpg"),
    ],
)
def test_given_a_spec_when_asked_for_its_file_then_only_files_have_one(spec, file):
    assert opening.input_file(spec) == (None if file is None else Path(file))


@pytest.mark.parametrize("spec", ["", "   "])
def test_given_nothing_when_opened_then_it_says_what_can_be_given(spec):
    with pytest.raises(SourceNotFound, match="scene:portrait or auto"):
        open_source(spec)


@pytest.mark.parametrize(
    "spec",
    ["me:secret@10.0.0.5/live", "file://me:secret@10.0.0.5/etc", "gopher://me:secret@10.0.0.5/x"],
)
def test_given_a_url_that_is_not_opened_when_asked_for_then_it_says_so_and_shows_no_login(spec):
    with pytest.raises(SourceUnreadable, match="give a URL that begins with rtsp://") as e:
        open_source(spec)
    assert "secret" not in str(e.value)
    assert "10.0.0.5" in str(e.value)
    assert "\n" not in str(e.value)


def test_given_a_visitors_camera_without_a_panel_when_opened_then_it_says_where_it_comes_from():
    with pytest.raises(SourceUnreadable, match="comes through the panel"):
        open_source("visitor")


@pytest.mark.parametrize("spec", ["rtsp://10.0.0.5/a", "visitor", "images:x", "*.png"])
def test_given_a_source_that_is_no_single_file_then_there_is_none_to_be_hashed(spec):
    assert input_file(spec) is None


def test_given_no_such_file_when_started_then_it_says_so(tmp_path):
    source = open_source(str(tmp_path / "none.mp4"))
    with pytest.raises(SourceNotFound, match="no such file"):
        source.start()


@pytest.mark.parametrize("spec", ["3", "/dev/video3"])
def test_given_a_number_when_opened_then_it_is_that_camera(monkeypatch, spec):
    monkeypatch.setattr(opening.sys, "platform", "linux")
    asked = []

    class NoCamera:
        def __init__(self, index, clock):
            asked.append(index)

        def open(self):
            raise SourceBusy("asked for it")

        def close(self):
            pass

    monkeypatch.setattr(opening, "CameraProducer", NoCamera)
    with pytest.raises(SourceBusy, match="asked for it"):
        open_source(spec).start()
    assert asked == [3]


def answers(**cameras):
    """A probe by a table: a size, or an error's type."""

    def probe(index, clock):
        answer = cameras[f"camera{index}"]
        if isinstance(answer, str):
            return answer
        raise answer(f"camera {index} has a reason")

    return probe


def test_given_several_cameras_when_resolved_then_the_first_that_delivers_is_taken():
    probe = answers(camera0=SourceTimeout, camera1=SourceBusy, camera2="640x480", camera3="1x1")
    choice = resolve_auto(cameras=(0, 1, 2, 3), probe=probe)
    assert choice == AutoChoice("2", "camera 2 delivers 640x480")


def test_given_cameras_that_do_not_deliver_when_resolved_then_the_scene_is_taken_and_why_is_said():
    choice = resolve_auto(cameras=(0, 1), probe=answers(camera0=SourceBusy, camera1=SourceTimeout))
    assert choice.spec == "scene:portrait"
    assert "camera 0 has a reason" in choice.why


def test_given_no_cameras_when_resolved_then_nothing_is_probed():
    assert resolve_auto(cameras=(), probe=answers()) == AutoChoice(
        "scene:portrait", "no camera was found"
    )


@pytest.mark.parametrize(("listed", "tried"), [((4, 6), [4, 6]), ((), []), (None, [0, 1, 2, 3])])
def test_given_what_the_system_lists_when_resolved_then_only_that_is_probed(
    monkeypatch, listed, tried
):
    monkeypatch.setattr(opening, "listed_cameras", lambda: listed)
    probed = []

    def probe(index, clock):
        probed.append(index)
        raise SourceBusy("no")

    resolve_auto(probe=probe)
    assert probed == tried


def test_given_auto_without_cameras_when_opened_then_the_scene_plays(monkeypatch):
    monkeypatch.setattr(opening, "listed_cameras", lambda: ())
    with open_source("auto") as source:
        assert source.read(5).source == "scene:portrait"


def test_given_a_camera_that_delivers_when_probed_then_its_size_is_told(scripted):
    producer = scripted(None, live=True)
    assert probe_camera(0, producer=lambda: producer) == "8x6"
    assert producer.closed.is_set()


@pytest.mark.parametrize("hang", [{"hang_on_open": True}, {"hang_at": 0}])
def test_given_a_camera_that_hangs_when_probed_then_the_start_goes_on(scripted, clock, until, hang):
    producer = scripted(None, live=True, **hang)
    if "hang_at" in hang:
        # Opening is quick and real; only the wait for a picture is skipped.
        clock.wait = _jump_once(clock, producer.hanging)
    else:
        clock.jumping = True
    with pytest.raises(SourceTimeout):
        probe_camera(0, clock, producer=lambda: producer)


def _jump_once(clock, ready):
    usual = type(clock).wait

    def wait(condition, timeout):
        clock.jumping = ready.is_set() and timeout is not None
        usual(clock, condition, timeout if timeout is None or clock.jumping else min(timeout, 0.01))

    return wait


def test_given_a_camera_that_ends_at_once_when_probed_then_it_is_not_taken(scripted):
    with pytest.raises(StreamError, match="before its first picture"):
        probe_camera(1, producer=lambda: scripted(0, live=True))
