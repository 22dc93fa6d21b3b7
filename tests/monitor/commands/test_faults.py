"""`camdrift faults`: the list, and the sheet that people look at."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from monitor.commands.fault_sheet import CELL
from monitor.faults import FAULTS

Run = Callable[..., tuple[int, str, str]]


def test_every_fault_is_listed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = run("faults")
    assert code == 0
    for name in FAULTS:
        assert re.search(rf"^ ?{name} ", out, re.MULTILINE), name
    assert "Hendrycks" in out


@pytest.mark.slow
def test_the_sheet_has_a_row_a_fault_and_five_pictures_that_differ(
    tmp_path: Path, run: Run, cup: npt.NDArray[np.uint8]
) -> None:
    photo, sheet = tmp_path / "cup.png", tmp_path / "new" / "sheet.png"
    cv2.imwrite(str(photo), cup)
    code, out, _ = run("faults", "--sheet", str(sheet), "--source", f"photo:{photo}")
    assert (code, out) == (0, f"sheet: {sheet}\n")
    drawn = cv2.imread(str(sheet))
    assert drawn is not None
    rows = len(FAULTS) + 1
    assert drawn.shape[0] % rows == 0
    height = drawn.shape[0] // rows
    for row in range(1, rows):
        first, *_, last = (
            drawn[row * height + 24 : (row + 1) * height - 6, 6 + i * (CELL + 6) :][:, :CELL]
            for i in range(5)
        )
        assert first.std() > 1
        assert not np.array_equal(first, last)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--sheet", "sheet.txt", "--source", "scene:portrait"), "cannot be written"),
        (("--sheet", "sheet.png", "--source", "no/such.mp4"), "no/such.mp4"),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_code_2(
    words: tuple[str, ...],
    says: str,
    tmp_path: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("faults", *words)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert says in err
