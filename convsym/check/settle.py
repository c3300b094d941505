"""Which diagnostics count: what was selected, what the source suppresses, what a baseline knows already."""

from __future__ import annotations

from convsym.check.results import FileReport


def settled(report: FileReport) -> FileReport:
    """A file's report with the diagnostics that count."""
    return report
