"""The sections that a report was asked for, in the order in which they are read."""

from __future__ import annotations

from convsym.reports.conventions import convention_section
from convsym.reports.fields import field_section
from convsym.reports.format import Report
from convsym.reports.roofline import roofline_section
from convsym.reports.section import Section
from convsym.reports.top_calls import top_calls


def sections(report: Report) -> tuple[Section, ...]:
    """Every section of a report; none for a report of which nothing but the totals was asked."""
    found = [top_calls(report)] if report.top else []
    found += [field_section(report)] if report.fields else []
    found += [roofline_section(report, report.device)] if report.device is not None else []
    found += [convention_section(report, convention) for convention in report.conventions]
    return tuple(found)
