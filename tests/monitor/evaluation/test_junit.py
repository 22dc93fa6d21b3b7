"""Verdicts as JUnit XML, read back."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from monitor.evaluation.junit import junit_xml


def judged(
    text: str, verdict: str, reason: str = "0.2 in x; asked for: <= 0.1"
) -> dict[str, object]:
    return {"text": text, "verdict": verdict, "reason": reason}


def test_every_verdict_is_a_testcase_of_its_kind() -> None:
    text = junit_xml(
        "run-1", [judged("a <= 1", "pass"), judged("b <= 1", "fail"), judged("c <= 1", "undecided")]
    )
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    (suite,) = root
    assert suite.attrib == {
        "name": "camdrift run-1",
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "skipped": "0",
    }
    a, b, c = suite
    assert [case.get("name") for case in suite] == ["a <= 1", "b <= 1", "c <= 1"]
    assert a.find("failure") is None
    assert a.find("error") is None
    failure, error = b.find("failure"), c.find("error")
    assert failure is not None
    assert failure.get("message") == "0.2 in x; asked for: <= 0.1"
    assert error is not None
    assert error.get("type") == "undecided"


def test_what_xml_cannot_hold_is_replaced_and_the_rest_comes_back() -> None:
    name = 'clip "<&>" \x00\x1b\ud800\ufffe \U0001f6d1'
    (suite,) = ET.fromstring(junit_xml(name, [judged(name, "fail", name)]))
    assert suite[0].get("name") == 'clip "<&>" ???? \U0001f6d1'
    assert suite[0][0].text == 'clip "<&>" ???? \U0001f6d1'


def test_without_criteria_there_is_an_empty_suite() -> None:
    (suite,) = ET.fromstring(junit_xml("run", []))
    assert (suite.get("tests"), len(suite)) == ("0", 0)
