"""Which diagnostics a configuration asks for, and how bad it takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from convsym.check.configuration.keys import Configuration
from convsym.check.configuration.patterns import matches
from convsym.check.results import FileReport
from convsym.diagnostics import Diagnostic


def selected(report: FileReport, configuration: Configuration) -> FileReport:
    """A report with the diagnostics that were asked for, each as bad as it is to be taken."""
    kept = (_taken(d, configuration) for d in report.diagnostics if _counts(d, report.path, configuration))
    return replace(report, diagnostics=tuple(kept))


def meant(found: Diagnostic, codes: Iterable[str]) -> int:
    """How closely codes, beginnings of codes or names of rules mean a diagnostic: the length of the longest that does.

    >>> from convsym.diagnostics import Severity
    >>> meant(Diagnostic("CS101", "conv-input-channels", "x", Severity.ERROR), ["CS", "CS10", "CS2"])
    4
    """
    return max((len(c) for c in codes if c and (found.code.startswith(c) or found.name == c)), default=0)


def _counts(found: Diagnostic, path: str, configuration: Configuration) -> bool:
    # Advice and budgets come only where they were asked for, so what is there without `select` is wanted.
    asked = meant(found, configuration.select) if configuration.select else 1
    # What could not be analysed is said whatever was selected: it is no finding that somebody has to ask for. A budget
    # is asked for by being set.
    if found.code.startswith(("CS0", "CS4")):
        asked = max(asked, 1)
    refused = meant(found, configuration.ignore)
    for pattern, codes in configuration.per_file_ignores.items():
        if meant(found, codes) and _lies_in(found, path, pattern, configuration):
            return False
    return asked > refused or (asked > 0 and not refused)


def _lies_in(found: Diagnostic, path: str, pattern: str, configuration: Configuration) -> bool:
    files = {path, *([found.place.file] if found.place is not None else [])}
    return any(matches(file, [pattern], configuration.root) for file in files)


def _taken(found: Diagnostic, configuration: Configuration) -> Diagnostic:
    closest = max(configuration.severity, key=lambda code: meant(found, [code]), default="")
    if not meant(found, [closest]):
        return found
    return replace(found, severity=configuration.severity[closest])
