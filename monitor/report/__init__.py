"""The report of a run: one HTML file that needs nothing else, no script, no network."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from monitor.runs import Run
from monitor.runs.whole import write_whole

REPORT: Final = "report.html"


def write_report(run_folder: str | Path) -> Path:
    """Write report.html into a run folder and return its path.

    Raises
    ------
    RunError : no run folder, an unfinished or damaged one, or the disk does not take the file.
    """
    # Drawing and templates are loaded when a report is made, not when the command starts.
    from monitor.report.page import render

    run = Run.open(run_folder)
    path = run.folder / REPORT
    write_whole(path, render(run).encode())
    return path
