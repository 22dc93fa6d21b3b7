"""The runs on disk: listed, opened, compared; and nothing but them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, expect

from models.centerface import CenterFace
from monitor.comparison import compared
from monitor.config import Settings
from monitor.errors import RunError
from monitor.panel.run_page import RunsPage
from monitor.panel.run_shelf import Shelf
from monitor.panel.run_view import comparison_view, run_list, run_view
from monitor.recording import Recorder
from monitor.session import Session
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory,
    settings: Settings,
    faces: CenterFace,
    wait_for: Callable[..., None],
) -> Path:
    """Two real runs on the same frames, a broken one, a partial one, and a way out."""
    folder = tmp_path_factory.mktemp("runs")
    for changes in ({"attack": "pgd", "steps": 3, "eps": "8/255"}, {"attack": "noise"}):
        held = settings.changed(
            {**changes, "frames": 8, "idle_after": 0, "runs": str(folder), "loop": False}
        )
        session = Session(held, load_model=lambda _: faces)
        recorder = Recorder(session)
        session.add_sink(recorder)
        session.start()
        wait_for(lambda session=session: session.status.state is SessionState.ENDED, 60)
        session.stop()
        recorder.close()
    (folder / "broken").mkdir()
    (folder / "broken" / "manifest.json").write_text("{not json <b>")
    (folder / "20990101T000000Z-x.partial").mkdir()
    (folder / "a-file").write_text("x")
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "summary.json").write_text('{"secret": 1}')
    (folder / "link").symlink_to(outside)
    return folder


@pytest.fixture
def shelf(runs: Path) -> Shelf:
    return Shelf(lambda: runs)


def whole(shelf: Shelf) -> list[str]:
    return [entry.name for entry in shelf.entries() if entry.condition is not None]


def test_runs_are_listed_newest_first_and_broken_ones_say_why(shelf: Shelf) -> None:
    entries = {entry.name: entry for entry in shelf.entries()}
    assert "link" not in entries
    assert "a-file" not in entries
    assert entries["broken"].trouble
    assert "broken off" in entries["20990101T000000Z-x.partial"].trouble
    names = whole(shelf)
    assert names == sorted(names, reverse=True)
    assert [entries[name].frames for name in names] == [8, 8]
    html = run_list(shelf.entries(), "runs")
    assert html.count("<tr") == 1 + len(entries)
    assert "<b>" not in html


def test_an_empty_or_missing_folder_says_what_makes_a_run(tmp_path: Path) -> None:
    empty = Shelf(lambda: tmp_path / "not there <i>")
    html = run_list(empty.entries(), str(empty.folder))
    assert "camdrift evaluate" in html
    assert "<i>" not in html


def test_one_run_shows_its_figures_its_files_and_its_worst_frames(shelf: Shelf) -> None:
    name = next(
        name
        for name in whole(shelf)
        if shelf.open(name).summary["condition"]["attack"] == "pgd"  # type: ignore[index]
    )
    html = run_view(shelf.open(name), shelf.files(name))
    assert "100.0 %" in html
    measured = shelf.open(name).summary["intervals"]["score_drop"]  # type: ignore[index]
    assert ("95 %" in html) is bool(measured)
    assert f'href="/runs/{name}/report.html"' in html
    assert html.count("<article>") == 3
    for place in re.findall(rf'src="/runs/{name}/([^"]+)"', html):
        assert shelf.file(name, place) is not None, place


def test_two_runs_on_the_same_frames_are_paired(shelf: Shelf) -> None:
    noise, pgd = whole(shelf)
    a, b = shelf.open(pgd), shelf.open(noise)
    if a.summary["condition"]["attack"] != "pgd":  # type: ignore[index]
        a, b = b, a
    found = compared(a, b)
    assert ("attack", "pgd", "noise") in found.settings
    assert any(word == "eps" for word, _, _ in found.settings)
    assert found.paired == 8
    assert found.only_a == tuple(range(8))
    assert found.only_b == ()
    miss = next(each for each in found.figures if each.name == "miss_rate")
    assert (miss.a, miss.b, miss.better) == (1.0, 0.0, "B")
    html = comparison_view(a.name, b.name, found)
    assert "B better" in html
    assert "More than one setting differs" in html
    assert "8 fell in A alone (0, 1, 2" in html
    same = compared(a, a)
    assert (same.settings, same.only_a, same.only_b) == ((), (), ())
    assert all(each.better == "" for each in same.figures)


def doctored(runs: Path, name: str, folder: Path, **changes: Any) -> Shelf:
    """A copy of a run of which words of the manifest or the summary were changed."""
    copy = folder / name
    shutil.copytree(runs / name, copy)
    for file in ("manifest.json", "summary.json"):
        tree = json.loads((copy / file).read_text())
        tree.update({word: value for word, value in changes.items() if word in tree})
        (copy / file).write_text(json.dumps(tree))
    return Shelf(lambda: folder)


def test_frames_of_a_camera_are_not_paired_for_it_never_repeats_itself(
    shelf: Shelf, runs: Path, tmp_path: Path
) -> None:
    name = whole(shelf)[0]
    run = doctored(runs, name, tmp_path, source="camera 0").open(name)
    assert compared(run, run).paired is None


@pytest.mark.parametrize(
    "changes",
    [
        {"worst_frames": [{"frame": "x"}]},
        {"worst_frames": 7},
        {"condition": {}},
        {"condition": None},
        {"intervals": {"miss_rate": ["a"]}},
    ],
)
def test_a_damaged_summary_is_told_where_the_visitor_looks(
    shelf: Shelf, runs: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    name = whole(shelf)[0]
    broken = doctored(runs, name, tmp_path, **changes)
    assert broken.entries()[0].name == name
    page = RunsPage.__new__(RunsPage)  # without its widgets, which want Gradio's blocks
    page._shelf = broken
    for a, b in ((name, ""), (name, name)):
        trouble, shown = page._show(a, b)
        assert shown or "damaged; run it again" in trouble
        assert str(tmp_path) not in trouble
    (tmp_path / name / "summary.json").write_text("[" * 100_000)
    assert "no whole run" in broken.entries()[0].trouble
    trouble, _ = page._show(name, "")
    assert trouble
    assert str(tmp_path) not in trouble


def test_faults_are_spelled_as_in_the_settings(shelf: Shelf, runs: Path, tmp_path: Path) -> None:
    name = whole(shelf)[0]
    condition = json.loads((runs / name / "summary.json").read_text())["condition"]
    fog = {"name": "fog", "severity": 4.0, "stage": "scene"}
    condition |= {"attack": "none", "faults": [fog]}
    other = doctored(runs, name, tmp_path, condition=condition)
    assert "none; fog:4" in run_list(other.entries(), "runs")
    assert "4/255" not in run_list(other.entries(), "runs")
    assert ("faults", "none", "fog:4") in compared(shelf.open(name), other.open(name)).settings


def test_other_frames_are_not_paired(shelf: Shelf, runs: Path, tmp_path: Path) -> None:
    name = whole(shelf)[0]
    copy = tmp_path / name
    shutil.copytree(runs / name, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["seed"] = 7
    (copy / "manifest.json").write_text(json.dumps(manifest))
    other = Shelf(lambda: tmp_path).open(name)
    found = compared(shelf.open(name), other)
    assert found.paired is None
    assert "no frame can be paired" in comparison_view("a", "b", found)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_name_leads_out_of_the_folder(runs: Path, name: str, file: str) -> None:
    shelf = Shelf(lambda: runs)
    found = shelf.file(name, file)
    assert found is None or runs in found.parents


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("..", "summary.json"),
        ("../outside", "summary.json"),
        ("link", "summary.json"),
        ("/etc", "passwd"),
        ("broken", "../../outside/summary.json"),
        ("broken", "/etc/passwd"),
        ("broken", "frames/part-00000.parquet"),
        ("broken", "failures/../manifest.json"),
    ],
)
def test_nothing_else_is_opened(shelf: Shelf, name: str, file: str) -> None:
    assert shelf.file(name, file) is None
    if name != "broken":
        with pytest.raises(RunError, match="no such run"):
            shelf.open(name)


def test_a_link_in_a_run_is_not_followed_out_of_it(shelf: Shelf, runs: Path) -> None:
    name = whole(shelf)[0]
    link = runs / name / "attacked.mkv"
    link.symlink_to("/etc/passwd")
    try:
        assert shelf.file(name, "attacked.mkv") is None
    finally:
        link.unlink()


@pytest.fixture
def panel(
    runs: Path,
    settings: Settings,
    new_session: Callable[..., Session],
    serving: Callable[..., AbstractContextManager[Any]],
) -> Iterator[Any]:
    session = new_session(runs=str(runs))
    session.start()
    with serving(session, settings) as served:
        yield served


def test_files_are_served_under_their_runs_name_and_reports_run_no_script(
    panel: Any, shelf: Shelf
) -> None:
    name = whole(shelf)[0]
    with httpx.Client(base_url=panel.url) as client:
        report = client.get(f"/runs/{name}/report.html")
        assert report.status_code == 200
        assert f'filename="{name}-report.html"' in report.headers["content-disposition"]
        policy = report.headers["content-security-policy"]
        assert "sandbox" in policy
        assert "script" not in policy
        assert client.get(f"/runs/{name}/summary.json").json()["condition"]
        for bad in (
            f"/runs/{name}/frames/part-00000.parquet",
            "/runs/link/summary.json",
            "/runs/%2e%2e/outside/summary.json",
            f"/runs/{name}/..%2f..%2foutside%2fsummary.json",
            "/runs/nothing/report.html",
        ):
            answer = client.get(bad)
            assert answer.status_code == 404, bad
            assert "secret" not in answer.text


def test_the_tab_lists_opens_and_compares(panel: Any, shelf: Shelf, browser: Browser) -> None:
    a, b = whole(shelf)
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None,
        )
        page.goto(panel.url)
        page.wait_for_selector("canvas[data-painted]")
        page.get_by_role("tab", name="Runs").click()
        expect(page.locator(".cd-runs")).to_contain_text(a)
        expect(page.locator(".cd-runs")).to_contain_text("cannot be read")
        for label, name in (("run A", a), ("run B", b)):
            page.get_by_label(label, exact=True).click()
            page.get_by_role("option", name=name, exact=True).click()
            expect(page.get_by_role("option")).to_have_count(0)  # the list closes in its own time
            if label == "run A":
                expect(page.locator(".cd-run")).to_contain_text("miss rate")
        expect(page.locator(".cd-run")).to_contain_text("B less A")
        for width in (1280, 400):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        page.reload()
        expect(page.locator(".cd-runs")).to_contain_text(a)
        assert complaints == []
