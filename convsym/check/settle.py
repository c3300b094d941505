"""Which diagnostics count: what was selected, what the source ignores, what a baseline knows already."""

from __future__ import annotations

from collections.abc import Sequence

from convsym.check.baseline import Baseline
from convsym.check.configuration.keys import UNCONFIGURED, Configuration
from convsym.check.results import FileReport, Outcome
from convsym.check.selection import selected
from convsym.check.suppression import without_ignored


def settled(
    reports: Sequence[FileReport], configuration: Configuration = UNCONFIGURED, baseline: Baseline | None = None
) -> Outcome:
    """A run with the diagnostics that count."""
    # A comment that ignores what nobody selected is used all the same.
    kept = [selected(report, configuration) for report in without_ignored(reports)]
    gone = 0
    if baseline is not None:
        kept, gone = baseline.without_known(kept)
    return Outcome(tuple(kept), gone)
