"""The evaluation's report as a PDF: its pages, its text, its fonts, and that it is the page's twin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
from evaluation_summaries import criteria, sample, write_evaluation
from reportlab.pdfbase.pdfmetrics import stringWidth

from monitor.evaluation.opened import Evaluation
from monitor.report.evaluation import write_evaluation_report
from monitor.report.evaluation.fonts import PLAIN, drawable, register
from monitor.report.evaluation.numbers import FIGURES, written


def made(folder: Path, summary: dict[str, Any] | None = None, **changes: Any) -> Path:
    write_evaluation_report(write_evaluation(folder, summary, **changes))
    return folder / "report.pdf"


def pages(path: Path) -> list[str]:
    """The text of each page, on one line."""
    document = pdfium.PdfDocument(path)
    try:
        return [
            " ".join(document[i].get_textpage().get_text_range().split())
            for i in range(len(document))
        ]
    finally:
        document.close()


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("pdf") / "20260131-signs")


def test_every_page_is_a4_and_says_which_it_is_of_which_run(pdf: Path) -> None:
    texts = pages(pdf)
    assert len(texts) > 5
    for number, text in enumerate(texts, start=1):
        assert f"page {number} of {len(texts)}" in text
        assert "Robustness evaluation report · run 20260131-signs" in text
    document = pdfium.PdfDocument(pdf)
    for page in document:
        assert page.get_size() == pytest.approx((595.28, 841.89), abs=0.1)
    document.close()


def test_it_knows_its_title_and_its_parts(pdf: Path) -> None:
    document = pdfium.PdfDocument(pdf)
    told = document.get_metadata_dict()
    outline = [(mark.get_title(), mark.get_dest().get_index()) for mark in document.get_toc()]
    document.close()
    assert told["Title"] == "Robustness evaluation: standard, run 20260131-signs"
    assert told["Author"] == "camdrift"
    html = (pdf.parent / "report.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2>(\d+  [^<]+)</h2>", html)
    assert [title for title, _ in outline] == titles
    # The contents on page two name the pages on which the parts begin.
    texts = pages(pdf)
    for title, page in outline:
        plain = " ".join(title.split())
        assert plain in texts[page]
        assert plain in texts[1]
    numbers = " ".join(str(page + 1) for _, page in outline)
    assert f" {numbers} Robustness evaluation report" in texts[1]


def test_page_one_is_the_summary_with_lines_to_sign_on(pdf: Path) -> None:
    first = pages(pdf)[0]
    for told in (
        "Robustness evaluation: standard",
        "Fail. Of 3 criteria, 1 not met, 1 undecided and 1 met.",
        "✗ Fail",
        "? Undecided",
        "✓ Pass",
        "it missed 96.0 % of what it finds in the clean frames",
        "(sha256 of the manifest, which holds the hashes of inputs, weights and tables;",
        "Tested by",
        "Reviewed by",
        "Approved by",
    ):
        assert told in first
    assert "Contents" not in first


@pytest.mark.parametrize("count", [9, 40])
def test_page_one_stays_one_page_however_many_criteria_there_are(
    tmp_path: Path, count: int
) -> None:
    summary = sample()
    one = {**criteria()[0], "reason": "a reason that takes its time to be told " * 4}
    summary["criteria"] = [
        {**one, "text": f"miss_rate of number-{i} <= 0.05"} for i in range(count)
    ]
    summary["about"] = "A purpose that takes a while to be told. " * 12
    first, second, *others = pages(made(tmp_path / "run", summary))
    assert "Approved by" in first
    assert "1 Criteria" in second
    # All of them stand in their section.
    rest = " ".join([second, *others])
    assert all(f"number-{i} " in rest for i in range(count))


def test_the_same_figures_stand_in_both(pdf: Path) -> None:
    text = " ".join(pages(pdf))
    for row in sample()["conditions"]:
        for name in FIGURES:
            value, interval = row["figures"][name], row["intervals"][name]
            if value is not None:
                assert written(name, value) in text
            if interval:
                low, high = (written(name, each) for each in interval)
                assert f"{low} to {high}" in text
    for figure in FIGURES.values():
        assert figure.unit in text


def test_charts_are_vectors_and_worst_frames_are_marked_as_test_material(pdf: Path) -> None:
    document = pdfium.PdfDocument(pdf)
    pictures = sum(
        len(list(page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]))) for page in document
    )
    document.close()
    assert pictures == 9  # three of each worst frame, and nothing else
    text = " ".join(pages(pdf))
    assert text.count("Test material: the attacked picture was manipulated on purpose.") == 3
    assert "Difference \N{MULTIPLICATION SIGN} 8; grey: unchanged" in text


def test_all_letters_come_along(pdf: Path) -> None:
    content = pdf.read_bytes()
    fonts = set(re.findall(rb"/BaseFont\s*/([\w+-]+)", content))
    assert fonts
    assert all(re.fullmatch(rb"[A-Z]{6}\+DejaVuSans(-Bold|Mono)?", font) for font in fonts), fonts
    descriptors = content.count(b"/Type /FontDescriptor")
    assert descriptors == content.count(b"/FontFile2") > 0


def test_any_name_can_be_read(tmp_path: Path) -> None:
    summary = sample()
    summary["failed"] = [
        {"name": "Прага_σήμα_中.mp4", "reason": "<b>no</b> & <font size=40>tags</font>"},
        {"name": "n" * 4000, "reason": "long"},
    ]
    text = " ".join(pages(made(tmp_path / "run", summary)))
    assert "Прага_σήμα_\u2039U+4E2D\u203a.mp4" in text
    assert "<b>no</b> & <font size=40>tags</font>" in text


def test_what_the_font_lacks_is_spelled() -> None:
    register()
    assert drawable("a中b") == "a\u2039U+4E2D\u203ab"
    assert drawable("é ∞ ✓ ᵃ") == "é ∞ ✓ ᵃ"
    assert stringWidth("∞", PLAIN, 10) > 0


def test_the_same_evaluation_gives_the_same_bytes(pdf: Path, tmp_path: Path) -> None:
    before = pdf.read_bytes()
    write_evaluation_report(Evaluation.open(str(pdf.parent)))
    assert pdf.read_bytes() == before
    assert made(tmp_path / pdf.parent.name).read_bytes() == before


@pytest.mark.parametrize("empty", [True, False])
def test_figures_of_synthetic_tables_make_a_report(tmp_path: Path, empty: bool) -> None:
    from evaluation_stories import Story, write_story

    from monitor.evaluation.figures.summary import summarise

    story = Story(clips=1, frames=3, truth=False, objects=1) if empty else Story()
    run = Evaluation.open(str(write_story(tmp_path / "run", story)))
    write_evaluation_report(run, summarise(run))
    texts = pages(tmp_path / "run" / "report.pdf")
    assert f"page 1 of {len(texts)}" in texts[0]
    assert "The suite sets no criteria" in texts[0]
