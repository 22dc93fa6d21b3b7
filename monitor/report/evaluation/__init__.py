"""The report of an evaluation: the same document as HTML and as PDF, for a reviewer who signs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from monitor.evaluation.opened import Evaluation

HTML: Final = "report.html"
PDF: Final = "report.pdf"


def write_evaluation_report(
    run: Evaluation, summary: Mapping[str, Any] | None = None
) -> tuple[str, str]:
    """Write report.html and report.pdf into an evaluation's folder; returns their names.

    The same summary, manifest and pictures give the same bytes. Both files name the manifest's seal, so that
    who signs one signs for these tables; a manifest without a seal goes by its hash.

    Parameters
    ----------
    run : the evaluation; its manifest as it is to stay.
    summary : its figures; None: as summary.json has them.

    Raises
    ------
    RunError : summary or pictures missing or damaged, or the folder does not take the files.
    """
    # Drawing and templates are loaded when a report is made, not when the command starts.
    from monitor.evaluation.hashes import SEAL, manifest_sha256
    from monitor.report.evaluation.document import Material, checked, document
    from monitor.report.evaluation.page import as_html
    from monitor.report.evaluation.pdf import as_pdf
    from monitor.report.evaluation.pictures import worst_frames
    from monitor.report.evaluation.text import shown

    known = checked(run.summary if summary is None else summary, run.storage.url)
    worst, left_out = worst_frames(run.storage, known["worst_frames"])
    digest = run.manifest.get(SEAL) or manifest_sha256(run.manifest)
    material = Material(shown(run.name, 80), shown(digest), run.manifest, known, worst, left_out)
    # Both are made before the first is written: no folder is left with one of an older run.
    html = as_html(document(material)).encode()
    pdf = as_pdf(material)
    run.storage.write(HTML, html)
    run.storage.write(PDF, pdf)
    return HTML, PDF
