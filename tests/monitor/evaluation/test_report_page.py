"""The evaluation's report as a page: what stands in it, that it needs nothing else, that nothing breaks."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from evaluation_pages import Page, Tables
from evaluation_summaries import sample, write_evaluation, write_pictures

from monitor.errors import RunError
from monitor.evaluation.hashes import SEAL, manifest_sha256, seal
from monitor.evaluation.opened import Evaluation
from monitor.report.evaluation import write_evaluation_report
from monitor.report.evaluation.numbers import FIGURES, written

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
SECTIONS = [
    "Threat model",
    "Robustness curves",
    "Condition by condition",
    "By class",
    "By object size",
    "Least budget at which an object falls",
    "Against the ground truth",
    "Warning before an object is passed",
    "Tracks",
    "The worst frames",
    "Clips",
    "Limits",
    "How to reproduce",
    "Origin",
]


def made(folder: Path, summary: dict[str, Any] | None = None, **changes: Any) -> str:
    run = write_evaluation(folder, summary, **changes)
    assert write_evaluation_report(run) == ("report.html", "report.pdf")
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    return made(tmp_path_factory.mktemp("page") / "20260131-signs")


def test_the_parts_stand_in_order_and_the_contents_lead_to_them(html: str) -> None:
    page = Page(html)
    titles = [f"{i}  {title}" for i, title in enumerate(SECTIONS, start=1)]
    assert page.of("h2") == ["Contents", *titles]
    assert page.of("a") == titles
    ids = [attributes["id"] for tag, attributes in page.tags if tag == "section"]
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert links == [f"#{name}" for name in ids]


def test_page_one_says_what_was_tested_and_what_came_out(html: str) -> None:
    front = Page(html.partition("<nav")[0] + "</main></body></html>").text
    for told in (
        "1 model (signs) under 3 attacks (pgd, square and noise) with 4 budgets, and under camera faults",
        "25 conditions in all",
        "12 clips, 3,000 frames",
        "2 further clips could not be evaluated",
        "Model signs fared worst under “signs, pgd linf 8/255, rain:3”: it missed 96.0 %",
        "(95 % interval 94.0 to 98.0 %)",
        "At worst 5.86 s of warning",
        "Of 3 criteria, 1 not met, 1 undecided and 1 met.",
    ):
        assert told in front


def test_criteria_have_a_word_and_a_mark_each_the_failed_first(html: str) -> None:
    rows = Tables(html).tables[0][1]
    told = [(row[1], row[2], row[3]) for row in rows if row]
    assert told == [
        (["✗", "Fail"], ["22.1 %"], ["23.9 %"]),
        (["?", "Undecided"], ["\N{EN DASH}"], ["\N{EN DASH}"]),
        (["✓", "Pass"], ["3.1 %"], ["4.0 %"]),
    ]
    assert "condition 1, signs, pgd linf 2/255: its whole interval is above 0.05" in html


@pytest.mark.parametrize("sealed", [True, False])
def test_whoever_signs_knows_for_which_run(tmp_path: Path, sealed: bool) -> None:
    run = write_evaluation(tmp_path / "20260131-signs")
    if sealed:
        run = Evaluation(run.storage, seal(run.storage, run.manifest))
    # Written before the manifest is: what is on the disk by then says nothing of the run.
    run.storage.write_json("manifest.json", {})
    write_evaluation_report(run)
    html = (tmp_path / "20260131-signs" / "report.html").read_text(encoding="utf-8")
    statement = re.search(r'<div class="sign">.*?</div>', html, re.DOTALL)
    assert statement is not None
    digest = run.manifest[SEAL] if sealed else manifest_sha256(run.manifest)
    for told in ("20260131-signs", digest, "Tested by", "Reviewed by", "Approved by", "Signature"):
        assert told in statement[0]


def test_every_figure_has_one_column_with_its_unit_interval_and_value(html: str) -> None:
    summary = sample()
    row = summary["conditions"][3]
    # Sections by class and size repeat some columns: they are told by a head of their own.
    tables = [
        table
        for table in Tables(html).tables
        if ["Condition"] in table[0] and ["Class"] not in table[0] and ["Size"] not in table[0]
    ]
    for name, figure in FIGURES.items():
        found = [
            (head.index([figure.title, figure.unit]), rows)
            for head, rows in tables
            if [figure.title, figure.unit] in head
        ]
        assert len(found) == 1, name
        column, rows = found[0]
        own = next(each for each in rows if each and each[0] == ["3"])
        value, interval = row["figures"][name], row["intervals"][name]
        if value is None:
            assert own[column] == ["\N{EN DASH}ᵃ"]
            assert f"ᵃ Not measured: {row['not_measured'][name]}." in html
            continue
        low_high = [] if interval is None else [" to ".join(written(name, x) for x in interval)]
        assert own[column] == [written(name, value), *low_high], name


def test_classes_sizes_minimal_budgets_and_driving_are_told(html: str) -> None:
    text = Page(html).text
    tables = {tuple(head[2] if len(head) > 2 else []): rows for head, rows in Tables(html).tables}
    assert [row[2] for row in tables[("Class",)] if row][:3] == [
        ["stop"],
        ["give way"],
        ["no entry"],
    ]
    assert [row[2] for row in tables[("Size",)] if row][:3] == [["small"], ["medium"], ["large"]]
    minimal = next(rows for head, rows in Tables(html).tables if ["5th percentile", "eps"] in head)
    assert minimal[1] == [["signs, pgd, vanish"], ["all"], ["9,000"], ["7.8"], ["1/255"], ["4/255"]]
    assert any(row and row[5:] == [["> 8/255"]] for row in minimal)
    assert "held once it is found with its class in 5 frames in a row" in text
    assert "(reference: ground truth)" in text
    lost = next(rows for head, rows in Tables(html).tables if ["Warning lost", "s"] in head)
    assert lost[4][10] == ["5.37", "4.97 to 5.77"]


def test_curves_are_vectors_with_bands_names_and_dashes(html: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(charts) == 4  # two panels on page one, the same two in their section
    for name in ("pgd", "pgd, rain:3", "square", "noise"):
        assert f">{name}</text>" in charts[2]
    assert charts[2].count("<polygon") == 6
    assert len(set(re.findall(r'stroke-dasharray="([^"]+)"', charts[2]))) == 5
    assert ">Miss rate [%]</text>" in charts[2]
    assert ">budget eps, L∞ [1/255]</text>" in charts[2]
    # A fault's curve begins with what the fault does alone.
    assert 'aria-label="Miss rate [%] against the budget; pgd ends at 88.0 %' in charts[2]


def test_what_was_not_tested_is_said(html: str) -> None:
    text = Page(html).text
    for told in (
        "Of those that camdrift has, fgsm, bim",
        "Larger budgets than L∞ 8/255",
        "bounded otherwise: L2, L1 and L0.",
        "want something else: any, fabricate and mislabel.",
        "know something else: label and surrogate.",
        "The way through the world.",
        "Other severities of the faults, and other faults: snow, fog",
        "2 clips that could not be read",
    ):
        assert told in text
    assert "Random noise of the same budgets" not in text  # it was run
    assert "Correctness." not in text  # there is ground truth


def test_what_is_absent_is_said_and_not_left_blank(tmp_path: Path) -> None:
    summary = sample(truth=False, driving=False)
    summary |= {"criteria": [], "curves": [], "worst_frames": [], "failed": []}
    for row in summary["conditions"]:
        row["attack"], row["eps"], row["norm"], row["knowledge"] = "none", None, None, None
    text = Page(made(tmp_path / "run", summary)).text
    for told in (
        "The suite sets no criteria: this report measures, it does not judge.",
        "There is no curve: no attack was run under a budget.",
        "Not measured: no clip has ground truth.",
        "Not measured: no object could be followed until it is passed",
        "No frame stands out",
        "None: every clip went through.",
        "Any attack at all.",
        "Correctness.",
        "Without ground truth",
    ):
        assert told in text


def hostile(tree: Any) -> Any:
    """The same summary with every name and sentence in it replaced."""
    kept = {
        "verdict",
        "kind",
        "clean",
        "attacked",
        "difference",
        "norm",
        "attack",
        "faults",
        "knowledge",
    }
    if isinstance(tree, dict):
        return {
            (f"{key}{HOSTILE}" if key.startswith("clips/") or key in ("stop", "small") else key): (
                value if key in kept else hostile(value)
            )
            for key, value in tree.items()
        }
    if isinstance(tree, list):
        return [hostile(value) for value in tree]
    return HOSTILE if isinstance(tree, str) else tree


def test_names_from_outside_stay_words(tmp_path: Path) -> None:
    summary = {**hostile(sample()), "kind": "evaluation"}
    clips = [{"name": HOSTILE, "sha256": HOSTILE}]
    page = Page(
        made(
            tmp_path / "run",
            summary,
            clips=clips,
            command=["camdrift", HOSTILE],
            versions={"camdrift": HOSTILE, HOSTILE: HOSTILE},
            machine={HOSTILE: HOSTILE},
            weights={HOSTILE: HOSTILE},
            git={"commit": HOSTILE, "dirty": True},
            finished_utc=HOSTILE,
        )
    )
    assert "<script>alert(1)</script>" in page.text
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "iframe", "object", "link", "form", "base"}
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        if tag == "img":
            assert str(attributes["src"]).startswith("data:image/")


def test_a_name_cannot_hide_its_letters(tmp_path: Path) -> None:
    summary = sample()
    summary["failed"] = [{"name": "a\u202egpj.4pm\x00", "reason": "lone \ud800"}]
    run = write_evaluation(tmp_path / "run")
    write_evaluation_report(run, summary)
    html = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "a\u2039U+202E\u203agpj.4pm\u2039U+0000\u203a" in html
    assert "lone \u2039U+D800\u203a" in html


def test_nothing_is_fetched(html: str) -> None:
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe")
        for name in ("src", "href", "srcset", "poster", "data"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/", "#")), (tag, name)
    assert not re.search(r"https?:|url\(|@import|//[a-z]", re.sub(r"base64,[\w+/=]+", "", html))
    policy = [a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_every_colour_is_there_in_light_and_dark(html: str) -> None:
    style = html.partition("<style>")[2].partition("</style>")[0]
    light = set(re.findall(r"--[\w]+(?=:)", style.partition("@media")[0]))
    dark = set(
        re.findall(
            r"--[\w]+(?=:)", style.partition("(prefers-color-scheme: dark)")[2].partition("* {")[0]
        )
    )
    used = set(re.findall(r"var\((--[\w]+)\)", html))
    assert light == dark
    assert used <= light
    assert "@media print" in style


@pytest.mark.slow
def test_ten_thousand_clips_and_large_pictures_stay_under_ten_megabytes(tmp_path: Path) -> None:
    summary = sample(
        clips=10_000, models=("signs", "other" * 30), classes=tuple(map(str, range(40)))
    )
    assert len(summary["conditions"]) >= 50
    summary["failed"] = [{"name": f"{i}" * 300, "reason": "x" * 3000} for i in range(2000)]
    summary["worst_frames"] *= 4
    run = write_evaluation(tmp_path / "run", sample(clips=1), width=1920)
    write_pictures(tmp_path / "run", summary, 1920)
    write_evaluation_report(run, summary)
    sizes = [(tmp_path / "run" / f"report.{kind}").stat().st_size for kind in ("html", "pdf")]
    assert max(sizes) < 10_000_000
    text = Page((tmp_path / "run" / "report.html").read_text(encoding="utf-8")).text
    assert "9,975 more clips with lower miss rates are left out" in text
    assert "1,950 more are in summary.json." in text
    assert "The 210 rows with the highest miss rate; 1,790 more are in summary.json." in text


def test_pictures_beyond_the_budget_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.report.evaluation.pictures.MOST_BYTES", 250_000)
    html = made(tmp_path / "run")
    assert html.count('<figure class="worst">') == 1
    assert "2 more frames in the run&#39;s folder worst." in html


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "run"}, "not the summary of an evaluation"),
        ({"schema": 2}, "not the summary of an evaluation"),
        ({"conditions": None}, "conditions is missing or of another kind"),
        ({"curves": [{"model": "signs"}]}, r"curves\[0\] has no attack"),
        ({"criteria": ["pass"]}, r"criteria\[0\] has no text"),
    ],
)
def test_another_summary_is_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    run = write_evaluation(tmp_path / "run")
    with pytest.raises(RunError, match=told) as caught:
        write_evaluation_report(run, {**sample(), **change})
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize("place", ["../manifest.json", "/etc/passwd", "worst/../manifest.json", 7])
def test_a_summary_cannot_carry_other_files_into_the_report(tmp_path: Path, place: Any) -> None:
    run = write_evaluation(tmp_path / "run")
    summary = sample()
    summary["worst_frames"][0]["clean"] = place
    with pytest.raises(RunError, match="no picture in the folder worst"):
        write_evaluation_report(run, summary)


def test_a_picture_that_is_gone_or_damaged_is_one_line(tmp_path: Path) -> None:
    run = write_evaluation(tmp_path / "run")
    (tmp_path / "run" / "worst" / "0-clean.png").write_bytes(b"no picture")
    with pytest.raises(RunError, match=r"worst/0-clean\.png: damaged: no picture"):
        write_evaluation_report(run)
    (tmp_path / "run" / "worst" / "0-clean.png").unlink()
    with pytest.raises(
        RunError, match=r"worst/0-clean\.png: cannot be read: there is no such file"
    ):
        write_evaluation_report(run)


def test_the_same_evaluation_gives_the_same_page(tmp_path: Path) -> None:
    html = made(tmp_path / "run")
    assert made(tmp_path / "run") == html


def test_the_command_stands_there_quoted(tmp_path: Path) -> None:
    html = made(
        tmp_path / "run", command=["camdrift", "evaluate", "my clips/*.mp4", "--suite", "driving"]
    )
    pieces = re.search(r"<pre>(.*?)</pre>", html, re.DOTALL)
    assert pieces is not None
    assert Page(pieces[1]).text == "camdrift evaluate 'my clips/*.mp4' --suite driving"


@pytest.mark.browser
def test_a_browser_shows_it_narrow_and_dark(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs chromium on the PATH (`apt install chromium`)")
    from playwright.sync_api import sync_playwright

    made(tmp_path / "run")
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 400, "height": 800}, color_scheme="dark")
        page.on("request", lambda request: asked.append(request.url))
        page.goto(Evaluation.open(str(tmp_path / "run")).storage.local.as_uri() + "/report.html")  # type: ignore[union-attr]
        assert page.evaluate("document.documentElement.scrollWidth") == 400
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(20, 23, 26)"
        loaded = page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
        assert loaded
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
