"""Verdicts as JUnit XML, which every CI system shows.

A criterion that failed is a `failure`. One that is undecided is an `error`, not `skipped`: GitLab, Jenkins
and GitHub's reporters count an error against the build, as the exit code 4 does, while a skipped test leaves
it green and nobody reads why.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any


def junit_xml(run_name: str, judged: Sequence[Mapping[str, Any]]) -> str:
    """One testsuite, a testcase a criterion.

    Parameters
    ----------
    run_name : of the run folder; the name of the suite.
    judged : what `monitor.evaluation.criteria.judge` returns.

    Returns
    -------
    An XML document; characters that XML cannot hold are replaced by "?".
    """
    counts = {
        kind: sum(one["verdict"] == verdict for one in judged)
        for kind, verdict in (("failures", "fail"), ("errors", "undecided"))
    }
    numbers = {"tests": str(len(judged)), **{kind: str(count) for kind, count in counts.items()}}
    suites = ET.Element("testsuites", numbers)
    suite = ET.SubElement(
        suites, "testsuite", {"name": _clean(f"camdrift {run_name}"), **numbers, "skipped": "0"}
    )
    for one in judged:
        case = ET.SubElement(
            suite,
            "testcase",
            {"classname": _clean(f"camdrift.{run_name}"), "name": _clean(one["text"])},
        )
        words = _clean(one["reason"])
        if one["verdict"] == "fail":
            ET.SubElement(case, "failure", {"type": "criterion", "message": words}).text = words
        elif one["verdict"] != "pass":
            ET.SubElement(case, "error", {"type": "undecided", "message": words}).text = words
        else:
            ET.SubElement(case, "system-out").text = words
    ET.indent(suites)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"
    )


def _clean(text: str) -> str:
    """Without what XML 1.0 forbids (section 2.2): control characters, lone surrogates, two non-characters."""
    return "".join(each if _allowed(ord(each)) else "?" for each in text)


def _allowed(point: int) -> bool:
    return (
        point in (0x9, 0xA, 0xD)
        or 0x20 <= point <= 0xD7FF
        or 0xE000 <= point <= 0xFFFD
        or point >= 0x10000
    )
