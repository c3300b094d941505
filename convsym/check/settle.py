"""Which diagnostics count: what was selected, what the source suppresses, what a baseline knows already."""

from __future__ import annotations

from convsym.check.configuration.keys import Configuration
from convsym.check.results import FileReport
from convsym.check.selection import selected


def settled(report: FileReport, configuration: Configuration) -> FileReport:
    """A file's report with the diagnostics that count."""
    return selected(report, configuration)
