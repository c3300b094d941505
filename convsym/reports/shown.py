"""Which way through the forward a report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convsym.reports.format import Report

if TYPE_CHECKING:
    from convsym.analysis.result import Case


def case_shown(report: Report) -> Case | None:
    """The case of the sizes asked for, else the first; what was recorded where the model runs nowhere."""
    if report.at is None or len(report.analysis.cases) < 2:
        return report.analysis.main
    return report.analysis.case_at(report.at.sizes)
