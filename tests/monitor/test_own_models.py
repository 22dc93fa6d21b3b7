"""A model of one's own through the monitor: section [model], run folder, session, command line."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from own_nets import NAMES, exported, net
from stills import Stills, settings, until

from models.detector import Detector, WhiteBoxDetector
from models.errors import ModelLoadError
from models.options import ModelOptions
from models.own_files import FORMS
from models.zoo import ZOO
from monitor import cli
from monitor.assembly import load_detector, model_options
from monitor.config import ModelSettings, Settings, load
from monitor.errors import ConfigError
from monitor.evaluate import evaluate
from monitor.session import Session
from streams.source import VideoSource

pytestmark = pytest.mark.timeout(120)

SIZE = (320, 256)

PAGE = (Path(__file__).parent.parent.parent / "docs" / "models.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(net("yolov8"), tmp_path_factory.mktemp("own") / "mine.onnx", SIZE)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory, photograph: np.ndarray) -> Path:
    """Three frames of the photograph."""
    path = tmp_path_factory.mktemp("clip") / "still.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    for _ in range(3):
        writer.write(photograph)
    writer.release()
    return path


def no_converter(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise NotImplementedError("no such operator")

    monkeypatch.setattr("onnx2torch.convert", refuse)


def test_a_file_of_ones_own_is_attacked_and_its_hash_recorded(
    file: Path, still: Path, tmp_path: Path
) -> None:
    words = {
        **{"model": str(file), "names": ", ".join(NAMES), "classes": "long, round"},
        **{"attack": "pgd", "steps": 5, "eps": "8/255", "goal": "vanish", "runs": str(tmp_path)},
    }
    folder = evaluate(str(still), Settings().changed(words))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["weights"] == {
        "model": str(file),
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    assert manifest["config"]["model"]["classes"] == ["long", "round"]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["miss_rate"] > 0.2
    seen = pq.read_table(folder / "objects").column("clean_class").to_pylist()
    assert {name for name in seen if name} == {"long", "round"}


def test_the_way_to_a_black_box_is_logged(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    no_converter(monkeypatch)
    with caplog.at_level(logging.WARNING):
        model = load_detector(Settings().changed({"model": str(file), "names": list(NAMES)}))
    assert not isinstance(model, WhiteBoxDetector)
    assert "model mine.onnx: black-box through onnxruntime" in caplog.text


class Renamed:
    """A detector under another name, with a note."""

    def __init__(self, inner: Detector, note: str) -> None:
        self.name, self.class_names, self.note = "renamed", inner.class_names, note
        self.detect = inner.detect


def test_a_session_says_the_note_and_loads_anew_when_the_section_changes(
    faces: Detector, photograph: np.ndarray
) -> None:
    asked: list[ModelOptions] = []

    def loaded(wanted: Settings) -> Detector:
        options = model_options(wanted.model)
        asked.append(options)
        if options.classes == ("cow",):
            raise ModelLoadError("model renamed: has no class 'cow'")
        return Renamed(faces, "black-box, because it is")

    session = Session(
        settings().changed({"attack": "none"}),
        open_live=lambda _, clock: VideoSource(
            lambda: Stills(photograph), clock=clock, name="stills"
        ),
        load_model=loaded,
    )
    session.start()
    try:
        assert session.status.message == "black-box, because it is"
        session.apply({"nms": 0.7})
        until(lambda: len(asked) == 2)
        session.apply({"eps": "2/255"})
        session.apply({"classes": ["cow"]})
        until(lambda: "no class 'cow'" in session.status.message)
        until(lambda: session.settings.model.classes == ())
        assert session.settings.model.nms == 0.7
        assert len(asked) == 3, "a change elsewhere loads nothing"
    finally:
        session.stop()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"input_size": "640X480"}, {"input_size": (640, 480)}),
        ({"input_size": 320}, {"input_size": (320, 320)}),
        ({"mean": "0.485, 0.456, 0.406"}, {"mean": (0.485, 0.456, 0.406)}),
        ({"mean": 127.5, "std": [128]}, {"mean": (127.5,) * 3, "std": (128.0,) * 3}),
        ({"names": "cat, traffic light"}, {"names": ("cat", "traffic light")}),
        ({"classes": ["a, b"]}, {"classes": ("a, b",)}),
        ({"layout": "ssd", "agnostic": True}, {"layout": "ssd", "agnostic": True}),
    ],
)
def test_words_reach_the_model(words: dict[str, Any], expected: dict[str, Any]) -> None:
    options = model_options(Settings().changed(words).model)
    for name, value in expected.items():
        assert getattr(options, name) == value
    rest = {n for n in ModelOptions.__dataclass_fields__ if n not in expected}
    assert all(getattr(options, n) == getattr(ModelOptions(), n) for n in rest)


def test_the_defaults_are_the_same_on_both_sides() -> None:
    assert model_options(ModelSettings()) == ModelOptions()
    assert set(ModelSettings.model_fields) == set(ModelOptions.__dataclass_fields__)


def test_names_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "my.names").write_text("cat\n\ntraffic light\n")
    given = Settings().changed({"names": str(tmp_path / "my.names")}).model
    assert model_options(given).names == ("cat", "traffic light")
    with pytest.raises(ConfigError, match=r"^[^\n]*none\.txt[^\n]*cannot be read[^\n]*$"):
        model_options(Settings().changed({"names": str(tmp_path / "none.txt")}).model)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[model]\ninput_size = "big"\n', ["model.input_size", "'big'", "640x480"]),
        ("[model]\ninput_size = 0\n", ["model.input_size", "640x480"]),
        ("[model]\nmean = [1, 2]\n", ["model.mean"]),
        ("[model]\nstd = [1, 0, 1]\n", ["model.std", "above 0"]),
        ('[model]\nchannels = "gbr"\n', ["model.channels", "'gbr'", "'rgb' or 'bgr'"]),
        ('[model]\nlayout = "yolo"\n', ["model.layout", "'yolo'", "yolov8"]),
        ("[model]\nnms = 0\n", ["model.nms"]),
        ('model = "faces"\n', ["model = 'faces'", "belongs in section [detector]"]),
    ],
)
def test_a_refusal_names_the_key_and_what_is_allowed(
    text: str, parts: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    monkeypatch.setattr("sys.argv", ["camdrift", "models", *more])
    monkeypatch.setenv("COLUMNS", "260")
    assert cli._run() == 0
    return capsys.readouterr().out


def test_the_list_names_every_model_and_every_form(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = listed(monkeypatch, capsys, "--no-time")
    for name, entry in ZOO.items():
        assert any(line.split()[:1] == [name] for line in text.splitlines())
        assert entry.task in text
    assert "1.82 M" in text
    assert "white-box" in text
    assert " ms " not in text
    for form in FORMS:
        assert form.form in text
        assert form.example in text


def test_the_list_measures_milliseconds_unless_it_is_told_not_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("monitor.commands.listing.milliseconds", lambda _: 12.34)
    text = listed(monkeypatch, capsys)
    assert " ms " in text
    assert text.count("12.3") == len(ZOO)


def test_a_model_that_does_not_load_has_its_reason_in_the_list(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    def missing() -> WhiteBoxDetector:
        raise ModelLoadError("model faces: not today")

    monkeypatch.setitem(ZOO, "faces", replace(ZOO["faces"], load=missing))
    assert "not today" in listed(monkeypatch, capsys, "--no-time")


def test_the_page_has_every_word_and_every_form() -> None:
    for form in FORMS:
        assert f"`{form.form}`" in PAGE
    table = PAGE[PAGE.index("| word | says") :].split("\n\n")[0]
    written = {w for row in table.splitlines()[2:] for w in row.split("|")[1].strip().split(", ")}
    assert written == set(ModelSettings.model_fields)


def test_the_pages_example_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photograph: np.ndarray
) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    (tmp_path / "mine_of_the_page.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    model = load_detector(Settings().changed({"model": "mine_of_the_page:find"}))
    assert len(model.detect(photograph, 0.5)) > 0


def test_every_example_is_of_its_own_form() -> None:
    for form in FORMS:
        spec = form.example.removeprefix("--model ")
        assert next(other for other in FORMS if other.matches(spec)) is form
