"""Diagnostics as GitLab's Code Quality report: `artifacts: reports: codequality` shows it in a merge request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from convsym.diagnostics import Diagnostic, Severity, in_order
from convsym.fingerprints import fingerprints
from convsym.graph.place import relative_path
from convsym.reports.format import Page

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.ADVICE: "info"}


def render(diagnostics: Sequence[Diagnostic], page: Page) -> str:
    """A list of issues, empty without any diagnostic; the page plays no part."""
    found = in_order(diagnostics)
    issues = [_issue(one, name) for one, name in zip(found, fingerprints(found), strict=True)]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _issue(found: Diagnostic, fingerprint: str) -> dict[str, Any]:
    place = found.place
    return {
        "description": "; ".join(filter(None, (found.message, found.help))),
        "check_name": found.code,
        "fingerprint": fingerprint,
        "severity": SEVERITIES[found.severity],
        # GitLab asks for a path and a line; what belongs to no file is said of the folder.
        "location": {
            "path": relative_path(place.file) if place is not None else ".",
            "lines": {"begin": place.line if place is not None else 1},
        },
    }
