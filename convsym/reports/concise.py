"""Diagnostics one line each, as editors and grep read them: file:line:column: code severity: message."""

from __future__ import annotations

from collections.abc import Sequence

from convsym.diagnostics import Diagnostic, in_order
from convsym.reports.format import Page
from convsym.reports.paths import shown_path


def render(diagnostics: Sequence[Diagnostic], page: Page) -> str:
    """One line for each diagnostic; empty without any. The page plays no part."""
    return "".join(f"{line(found)}\n" for found in in_order(diagnostics))


def line(found: Diagnostic) -> str:
    """One diagnostic in one line.

    >>> from convsym.diagnostics import Severity
    >>> line(Diagnostic("CS101", "conv-input-channels", "64 channels enter", Severity.ERROR))
    'CS101 error: 64 channels enter'
    """
    where = ""
    if found.place is not None:
        column = f":{found.place.column}" if found.place.column else ""
        where = f"{shown_path(found.place.file)}:{found.place.line}{column}: "
    help = f"; {found.help}" if found.help else ""
    return f"{where}{found.code} {found.severity.value}: {found.message}{help}"
