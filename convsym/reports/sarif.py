"""Diagnostics as SARIF 2.1.0, the format of GitHub code scanning, of Azure DevOps and of editors.

Paths are relative to the working directory, which is to be the root of the repository; a result keeps its fingerprint
while lines above it come and go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import convsym
from convsym.diagnostics import Diagnostic, Fix, RelatedPlace, Severity, in_order
from convsym.fingerprints import fingerprints
from convsym.graph.place import Place, relative_path
from convsym.reports.format import Page
from convsym.rules.documentation import documentation, known_rules, title

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}
ROOT = "%SRCROOT%"


def render(diagnostics: Sequence[Diagnostic], page: Page) -> str:
    """A log with one run, whose results are the diagnostics; the page plays no part."""
    found = in_order(diagnostics)
    codes = sorted({one.code for one in found})
    names = fingerprints(found)
    driver: dict[str, Any] = {
        "name": "convsym",
        "version": convsym.__version__,
        "semanticVersion": convsym.__version__,
        "rules": [_rule(code, found) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that convsym was run in."}}},
        "results": [_result(one, name, codes.index(one.code)) for one, name in zip(found, names, strict=True)],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str, found: Sequence[Diagnostic]) -> dict[str, Any]:
    first = next(one for one in found if one.code == code)
    described: dict[str, Any] = {
        "id": code,
        "name": "".join(word.capitalize() for word in first.name.split("-")),
        "defaultConfiguration": {"level": LEVELS[first.severity]},
    }
    rule = next((rule for rule in known_rules() if rule.code == code), None)
    if rule is not None:
        described["shortDescription"] = {"text": title(rule)}
        described["help"] = {"text": documentation(rule)}
    return described


def _result(found: Diagnostic, fingerprint: str, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": LEVELS[found.severity],
        "message": {"text": ". ".join(filter(None, (found.message, found.sizes, found.help)))},
        "partialFingerprints": {"convsym/v1": fingerprint},
    }
    if found.place is not None:
        location: dict[str, Any] = {"physicalLocation": _physical(found.place)}
        if found.path:
            location["logicalLocations"] = [{"fullyQualifiedName": found.path, "kind": "module"}]
        result["locations"] = [location]
    if found.related:
        result["relatedLocations"] = [_related(place, number) for number, place in enumerate(found.related)]
    if found.fix is not None:
        result["fixes"] = [_fix(found.fix)]
    if found.witness:
        result["properties"] = {"smallestSizesThatFail": dict(found.witness)}
    return result


def _physical(place: Place) -> dict[str, Any]:
    region = {"startLine": place.line} | ({"startColumn": place.column} if place.column else {})
    return {"artifactLocation": _artifact(place.file), "region": region}


def _related(place: Place, number: int) -> dict[str, Any]:
    label = place.label if isinstance(place, RelatedPlace) and place.label else "this line takes part"
    return {"id": number, "physicalLocation": _physical(place), "message": {"text": label}}


def _artifact(file: str) -> dict[str, Any]:
    path = relative_path(file)
    if path.startswith("/"):
        return {"uri": "file://" + quote(path)}
    # A drive of Windows has no slash of its own.
    return {"uri": f"file:///{quote(path, safe='/:')}"} if ":" in path[:3] else {"uri": quote(path), "uriBaseId": ROOT}


def _fix(fix: Fix) -> dict[str, Any]:
    region = {"startLine": fix.line, "startColumn": fix.column, "endLine": fix.line, "endColumn": fix.end_column}
    replacement = {"deletedRegion": region, "insertedContent": {"text": fix.new}}
    return {
        "description": {"text": fix.title},
        "artifactChanges": [{"artifactLocation": _artifact(fix.file), "replacements": [replacement]}],
    }
