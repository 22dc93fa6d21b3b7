"""The report: one page that needs nothing else, says what happened in words, and has its empty states."""

from __future__ import annotations

import re
import shlex
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from observations import observed

from monitor.attack_settings import AttackSettings
from monitor.catalog import CATALOG
from monitor.config import Settings
from monitor.distances import Norm
from monitor.drift.matching import match
from monitor.drift.windows import FrameTally, RollingWindow
from monitor.errors import RunError
from monitor.report import write_report
from monitor.report.chart import rolling_ratio, thinned
from monitor.report.figures import percent
from monitor.report.origin import reproduction
from monitor.runs import Run, RunWriter
from monitor.tracking import Tracking


def answer(*rows: tuple[int, float]) -> sv.Detections:
    return sv.Detections(
        xyxy=np.array([(x, 2, x + 8, 10) for x, _ in rows], dtype=np.float32).reshape(-1, 4),
        class_id=np.zeros(len(rows), dtype=int),
        confidence=np.array([score for _, score in rows], dtype=np.float32),
    )


FACE, NOTHING = answer((2, 0.9)), answer()
TWO = answer((2, 0.9), (20, 0.7))


Turn = tuple[sv.Detections, sv.Detections, bool | None]


def run_of(folder: Path, turns: list[Turn], name: object = "clip.avi", **words: object) -> Path:
    settings = Settings().changed({"runs": str(folder / "runs"), **words})
    tracking = Tracking()
    with RunWriter(settings, str(name), class_names=("face",)) as writer:
        for index, (clean, attacked, success) in enumerate(turns):
            seen = observed(index, clean, attacked, success=success)
            writer.add(tracking.follow(seen, trails=2))
    return writer.finish()


def page_of(folder: Path, turns: list[Turn], name: object = "clip.avi", **words: object) -> str:
    return write_report(run_of(folder, turns, name, **words)).read_text(encoding="utf-8")


def sentence(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert found
    return unescape(found[1])


GONE: Turn = (FACE, NOTHING, True)
KEPT: Turn = (FACE, FACE, False)
EMPTY: Turn = (NOTHING, NOTHING, None)


@pytest.mark.parametrize(
    ("turns", "words", "expected"),
    [
        (
            [GONE] * 48,
            {"attack": "pgd"},
            "PGD with 10 steps at 4/255 made 48 of 48 faces vanish.",
        ),
        (
            [GONE] + [KEPT] * 3,
            {"attack": "pgd", "steps": 1, "restarts": 2, "norm": "l2", "eps": 1.5},
            "PGD with 1 step and 2 restarts at an L2 budget of 1.50 made 1 of 4 faces vanish.",
        ),
        ([KEPT], {"attack": "noise"}, "Random noise at 4/255 made none of 1 face vanish."),
        (
            [(FACE, TWO, True), KEPT],
            {"goal": "fabricate"},
            "FGSM at 4/255 made 1 face appear where the clean answers have none, in 1 of 2 frames.",
        ),
        ([KEPT] * 2, {"goal": "fabricate"}, "FGSM at 4/255 made no face appear in 2 frames."),
        (
            [GONE, (FACE, TWO, True), KEPT],
            {"goal": "any"},
            "FGSM at 4/255 changed the detector's answer in 2 of 3 frames: 1 of 3 faces missed, 1 made up.",
        ),
        (
            [EMPTY] * 12,
            {},
            "The detector found no face in 12 frames, so there was nothing to attack.",
        ),
        (
            [(FACE, FACE, None)],
            {"attack": "none"},
            "No attack was run on this one frame: this is the baseline.",
        ),
        (
            [(FACE, FACE, None)] * 3,
            {"eps": 0},
            "With a budget of 0 FGSM leaves every frame as it was: nothing drifted.",
        ),
    ],
)
def test_the_result_in_a_plain_sentence(
    tmp_path: Path, turns: list[Turn], words: dict[str, object], expected: str
) -> None:
    page = page_of(tmp_path, turns, **words)
    assert sentence(page) == expected
    assert ">None<" not in page
    assert ">nan<" not in page.lower()


def test_faces_that_only_moved_are_not_passed_over(tmp_path: Path) -> None:
    page = page_of(tmp_path, [(FACE, answer((12, 0.8)), True)] * 3)
    assert "The attacked answers also hold 3 faces at places where the clean ones have none" in page


class Reader(HTMLParser):
    """What the page would load, its ids, its text, and whether every tag is closed."""

    VOID = frozenset({"meta", "img", "br", "path", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href", "srcset", "action", "data"):
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    page = page_of(tmp_path, [GONE, KEPT] * 10)
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(reader.tags)
    assert all(link.startswith(("data:image/png;base64,", "#")) for link in reader.links)
    assert len([link for link in reader.links if link.startswith("data:")]) == 9
    assert len(reader.ids) == len(set(reader.ids)) > 0
    assert "@import" not in page
    assert not re.findall(r"url\((?!#)", page)
    # Names of XML name spaces are no addresses that anybody visits.
    assert set(re.findall(r"https?://[^\s\"'<)]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_every_reference_inside_the_drawings_leads_somewhere(tmp_path: Path) -> None:
    page = page_of(tmp_path, [GONE, KEPT] * 10)
    reader = Reader()
    reader.feed(page)
    inner = {link[1:] for link in reader.links if link.startswith("#")}
    inner |= set(re.findall(r"url\(#([^)]+)\)", page))
    assert inner
    assert inner <= set(reader.ids)


def test_names_from_outside_are_escaped(tmp_path: Path) -> None:
    page = page_of(tmp_path, [GONE], name="<script>alert(1)</script>&.avi")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;.avi" in page


def test_same_run_same_page(tmp_path: Path) -> None:
    folder = run_of(tmp_path, [GONE, KEPT] * 6)
    first = write_report(folder).read_bytes()
    assert write_report(folder).read_bytes() == first


def test_figures_intervals_and_reasons_stand_in_the_table(tmp_path: Path) -> None:
    page = page_of(tmp_path, [GONE, GONE, GONE, KEPT] * 10)
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)]
    (miss,) = [row for row in rows if "miss_rate" in row]
    assert "75.0 %" in miss
    assert re.search(r"\d+\.\d % to \d+\.\d %", miss)
    assert page.count("Not measured:") == 1
    assert "Not measured: no search for it was asked for (margin_every)" in page
    assert "Tracks: 1 followed, 1 lost under attack (after 0 frames, 0.00 s, median)" in page
    for key, value in (
        ("time_to_loss_frames", "0 frames"),
        ("time_to_recovery_frames", "2 frames"),
        ("time_to_recovery_s", "0.08 s"),
        ("longest_gap_frames", "3 frames"),
        ("track_switches", "0"),
        ("trail_distance_px", "0.00 px"),
    ):
        (row,) = [row for row in rows if f"|{key}|" in row]
        assert f"|{value}|" in row
    gone = page_of(tmp_path, [GONE] * 12)
    assert "Not measured: no object was found in both answers." in gone
    assert "needs ground truth" in gone
    assert gone.count("This model knows one class only.") == 2
    assert "Not measured: the detector found no object" in page_of(tmp_path, [EMPTY] * 12)


def test_empty_states_are_said(tmp_path: Path) -> None:
    empty = page_of(tmp_path, [EMPTY] * 12)
    assert "There is nothing to draw: no face was found" in empty
    assert "<svg" not in empty
    assert "No frame stands out" in empty
    assert "<img" not in empty
    single = page_of(tmp_path, [GONE])
    assert "The worst frame<" in single
    assert "There are no intervals" in single


HEEDED = {
    "steps": 7,
    "step_size": 0.5,
    "anneal": False,
    "restarts": 3,
    "random_start": False,
    "early_stop": False,
    "loss": "ce",
    "decay": 0.4,
    "queries": 123,
    "population": 17,
    "learn": 9,
    "surrogate": "faces",
    "patch": "face",
    "patch_at": "0.4,0.5",
    "patch_share": 0.07,
}
"""Words that only some attacks heed, each with another value than its own."""


@pytest.mark.parametrize("attack", CATALOG)
def test_the_command_makes_the_same_run_again(attack: str, tmp_path: Path) -> None:
    controls = CATALOG[attack].controls
    norm = max(CATALOG[attack].build(AttackSettings()).norms, default=None)
    budget = {} if norm is None else {"norm": norm, "eps": "3" if norm is Norm.L0 else "3/255"}
    words = {
        "attack": attack,
        **budget,
        **{word: HEEDED[word] for word in controls},
        "deadline_ms": 250.0,
        "goal": "any",
        "seed": 5,
        "threshold": 0.4,
        "width": 224,
        "iou": 0.3,
    }
    run = Run.open(run_of(tmp_path, [GONE], name="my clip.avi", **words))
    condition = run.summary["condition"]
    assert isinstance(condition, dict)
    command = shlex.split(" ".join(reproduction(run.manifest, condition)))
    assert command[:3] == ["camdrift", "evaluate", "my clip.avi"]
    if norm is Norm.LINF:  # the norm that is spoken of in grey levels
        assert command[command.index("--eps") + 1] == "3/255"
    changes: dict[str, object] = {}
    options = iter(command[3:])
    for option in options:
        word = option.removeprefix("--").removeprefix("no-").replace("-", "_")
        if isinstance(HEEDED.get(word), bool):
            changes[word] = not option.startswith("--no-")
        else:
            changes[word] = next(options)
    again = Settings().changed(changes)
    expected = Settings().changed(words)
    assert (again.attack, again.detector, again.drift) == (
        expected.attack,
        expected.detector,
        expected.drift,
    )
    assert (again.run.seed, again.stream.width) == (5, 224)


FAULTY = {"attack": "none", "faults": "fog:2, low_light:1.5", "eps": "4/255"}


def test_faults_without_an_attack_are_told_as_what_was_done(tmp_path: Path) -> None:
    page = page_of(tmp_path, [GONE] * 12, **FAULTY)
    text = re.sub(r"<[^>]+>|\s+", " ", page)
    assert "Fog at severity 2 and low light at severity 1.5 made 12 of 12 faces vanish." in text
    assert "fog, severity 2 of 5" in text
    assert "No attack was run" not in text
    assert "Fails at severity" not in text


def test_an_attack_with_faults_names_both_and_their_order(tmp_path: Path) -> None:
    page = page_of(tmp_path, [GONE] * 12, attack="fgsm", faults="jpeg", ramp=6)
    text = re.sub(r"<[^>]+>|\s+", " ", page)
    assert "FGSM at 4/255, with jpeg at severity 3 at most, ramped up and down, made" in text
    assert "codec and link after it" in text
    assert "Fails at severity" in text


def test_the_command_names_the_faults(tmp_path: Path) -> None:
    run = Run.open(run_of(tmp_path, [GONE], **FAULTY, ramp=30))
    condition = run.summary["condition"]
    assert isinstance(condition, dict)
    command = shlex.split(" ".join(reproduction(run.manifest, condition)))
    assert command[command.index("--faults") + 1] == "fog:2, low_light:1.5"
    assert command[command.index("--ramp") + 1] == "30"


def test_a_budget_that_is_no_whole_level_is_not_rounded(tmp_path: Path) -> None:
    eps = 0.0123456
    run = Run.open(run_of(tmp_path, [GONE], eps=eps))
    condition = run.summary["condition"]
    assert isinstance(condition, dict)
    assert f"--eps {eps}" in reproduction(run.manifest, condition)


@pytest.mark.timeout(30)
def test_no_run_and_an_unfinished_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        write_report(tmp_path)
    settings = Settings().changed({"runs": str(tmp_path / "runs")})
    writer = RunWriter(settings, "clip.avi", class_names=("face",))
    writer.add(observed(0, FACE, NOTHING, success=True))
    with pytest.raises(RunError, match="was not finished"):
        write_report(writer.folder)
    assert not (writer.folder / "report.html").exists()


@pytest.mark.timeout(30)
def test_a_picture_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = run_of(tmp_path, [GONE])
    next((folder / "failures").glob("*-attacked.png")).unlink()
    with pytest.raises(RunError, match=r"attacked\.png: cannot be read"):
        write_report(folder)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1), st.integers(1, 9))
def test_the_line_is_the_monitors_rolling_window(pairs: list[tuple[int, int]], size: int) -> None:
    missed = np.array([min(a, b) for a, b in pairs], dtype=float)
    clean = np.array([max(a, b) for a, b in pairs], dtype=float)
    line = rolling_ratio(missed, clean, size)
    window = RollingWindow(size)
    for i, (gone, all_) in enumerate(zip(missed, clean, strict=True)):
        boxes = answer(*((12 * k, 0.5) for k in range(int(all_))))
        left = answer(*((12 * k, 0.5) for k in range(int(all_ - gone))))
        window.update(FrameTally.of(match(boxes, left)))
        rate = window.rates().miss_rate
        assert np.isnan(line[i]) if rate is None else line[i] == pytest.approx(rate)


@settings(deadline=None)
@given(st.integers(1, 5000), st.integers(1, 700))
def test_a_long_recording_is_thinned_without_losing_a_frame(count: int, most: int) -> None:
    x, y = thinned(np.arange(float(count)), np.ones(count), np.full(count, 2.0), most)
    assert len(x) <= most
    assert (y == 0.5).all()
    assert (np.diff(x) > 0).all()
    assert x[0] >= 0
    assert x[-1] <= count - 1


def test_a_share_is_whole_only_where_it_is() -> None:
    shown = [percent(value) for value in (0.0, 0.0004, 0.5, 0.9996, 1.0)]
    assert shown == ["0 %", "< 0.1 %", "50.0 %", "> 99.9 %", "100 %"]
