"""The formats that servers for continuous integration read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import fastjsonschema
import pytest

from convsym.diagnostics import Diagnostic
from convsym.fingerprints import fingerprints
from convsym.graph.place import Place
from convsym.reports import Page, github, gitlab, junit, sarif
from convsym.rules.documentation import known_rules

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text())
valid_sarif = fastjsonschema.compile(SCHEMA)


def log(diagnostics: list[Diagnostic]) -> dict:  # type: ignore[type-arg]
    return json.loads(sarif.render(diagnostics, Page()))  # type: ignore[no-any-return]


def test_the_schema_is_strict_enough_to_refuse_what_is_wrong(several: list[Diagnostic]) -> None:
    broken = log(several)
    broken["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        valid_sarif(broken)
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        valid_sarif({"version": "2.1.0"})


def test_sarif_is_valid_with_every_kind_of_diagnostic_and_without_any(several: list[Diagnostic]) -> None:
    valid_sarif(log(several))
    valid_sarif(log([]))


def test_sarif_names_rules_once_and_explains_them(several: list[Diagnostic]) -> None:
    (run,) = log(several)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["CS010", "CS101", "CS301"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    assert "What it finds:" in rules[1]["help"]["text"]


def test_sarif_has_paths_from_the_root_of_the_repository(several: list[Diagnostic]) -> None:
    results = log(several)["runs"][0]["results"]
    places = [r["locations"][0]["physicalLocation"]["artifactLocation"] for r in results if "locations" in r]
    assert places == [
        {"uri": "file:///elsewhere/net.py"},
        {"uri": "a%2C%20b%3Ac%20%25%20d.py", "uriBaseId": "%SRCROOT%"},
        {"uri": "net.py", "uriBaseId": "%SRCROOT%"},
        {"uri": "net.py", "uriBaseId": "%SRCROOT%"},
    ]


def test_sarif_carries_the_fix_as_an_edit(several: list[Diagnostic]) -> None:
    (fix,) = [fix for r in log(several)["runs"][0]["results"] for fix in r.get("fixes", ())]
    (change,) = fix["artifactChanges"]
    (edit,) = change["replacements"]
    assert edit["insertedContent"] == {"text": "8"}
    assert edit["deletedRegion"] == {"startLine": 3, "startColumn": 33, "endLine": 3, "endColumn": 35}


def test_github_escapes_what_ends_a_property_or_a_command(several: list[Diagnostic]) -> None:
    lines = github.render(several, Page()).splitlines()
    assert len(lines) == len(several)
    assert lines[0] == "::warning title=convsym CS010 (broken-plugin)::it fails,%0Aand says \x00 so: <&> 100 %25"
    assert "::notice title=convsym CS301 (bias-before-norm),file=a%2C b%3Ac %25 d.py,line=3,col=7::" in lines[2]
    assert all(re.fullmatch(r"::(error|warning|notice) [^\n]*", line) for line in lines)


def test_gitlab_has_what_its_documentation_asks_for(several: list[Diagnostic]) -> None:
    issues = json.loads(gitlab.render(several, Page()))
    assert len({issue["fingerprint"] for issue in issues}) == len(several)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert isinstance(issue["location"]["lines"]["begin"], int) and issue["location"]["path"]
    assert json.loads(gitlab.render([], Page())) == []


def test_junit_counts_what_it_holds(several: list[Diagnostic]) -> None:
    root = ElementTree.fromstring(junit.render(several, Page()).encode())
    assert root.attrib == {"name": "convsym", "tests": "5", "failures": "5"}
    assert [suite.get("name") for suite in root] == ["convsym", "/elsewhere/net.py", "a, b:c % d.py", "net.py"]
    for suite in root:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))


def test_junit_without_diagnostics_is_a_passed_test() -> None:
    root = ElementTree.fromstring(junit.render([], Page()).encode())
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
    assert root.findall("testsuite/testcase/*") == []


def test_fingerprints_survive_lines_that_come_above(found: Diagnostic) -> None:
    path = Path(found.place.file)  # type: ignore[union-attr]
    before = fingerprints([found, found])
    assert len(set(before)) == 2
    path.write_text("\n\n" + path.read_text())
    import linecache

    linecache.checkcache()
    assert fingerprints([replace(found, place=Place(str(path), 8))] * 2) == before
    assert fingerprints([replace(found, message="another claim")]) != before[:1]


def test_every_code_of_a_result_is_a_known_rule(found: Diagnostic) -> None:
    assert found.code in {rule.code for rule in known_rules()}
