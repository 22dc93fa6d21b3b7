"""`camdrift models export`, as its users meet it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from nano_nets import NAMES, nano, textured
from typer.testing import CliRunner

from models.nano import Nano
from models.zoo import load_model
from monitor import cli
from monitor.commands import export as export_command

pytestmark = pytest.mark.timeout(240)

Run = Callable[..., tuple[int, str, str]]
Refusal = Callable[..., str]


@pytest.fixture(scope="module")
def made() -> Nano:
    return nano()


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch, made: Nano) -> Nano:
    """A model of our own that the command finds under the name `nano`."""
    monkeypatch.setattr(
        export_command, "load_model", lambda name: made if name == "nano" else load_model(name)
    )
    return made


def test_a_model_is_exported_and_read_as_the_command_says(
    run: Run, ours: Nano, tmp_path: Path
) -> None:
    file = tmp_path / "made.onnx"
    code, out, err = run("models", "export", "nano", file, "--size", "160x96")
    assert (code, err) == (0, "")
    assert out.startswith(f"{file}: input 160x96, RGB in [0, 1]; ")
    hint = out.split("`")[1].split()
    assert hint[:4] == ["camdrift", "live", "--model", str(file)]
    helped = CliRunner().invoke(cli.app, ["live", "--help"], env={"COLUMNS": "200"}).output
    for word in hint:
        assert not word.startswith("--") or word in helped, word
    found = load_model(str(file)).detect(textured(0, 160, 96), 0.4)
    assert set(found.data["class_name"]) <= set(NAMES)
    assert len(found)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("faces", "a.onnx"), "only our own models are exported"),
        (("sign", "a.onnx"), "no such model"),
        (("nano", "a.onnx", "--size", "large"), "size 'large'; write it like 640x384"),
        (("nano", "a.onnx", "--size", "100x96"), "both sides must be multiples of 32"),
        (("nano", "a.onnx", "--size", "0x0"), "both sides must be multiples of 32"),
        (("nano", "nowhere/a.onnx", "--size", "64x64"), "nowhere"),
    ],
)
@pytest.mark.usefixtures("ours")
def test_what_cannot_be_exported_is_one_line(
    refusal: Refusal, words: tuple[str, ...], part: str
) -> None:
    assert part in refusal("models", "export", *words)
