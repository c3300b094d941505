"""What analyses and diagnostics look like; one file per format.

The table of built-in formats stands here; plug-ins bring tables of the same `Format`.
"""

from __future__ import annotations

from convsym.plugins import tables
from convsym.reports.format import Format, Page, Report, Shows

FORMATS = (
    Format("table", "analysis", "a tree of modules with formulas", "convsym.reports.table:render"),
    Format("summary", "analysis", "totals and valid sizes only", "convsym.reports.summary:render"),
    Format("markdown", "analysis", "tables for a document", "convsym.reports.markdown:render"),
    Format("json", "analysis", "everything, for programs", "convsym.reports.json:render_analysis"),
    Format("table", "difference", "what changed, module by module", "convsym.reports.differences:render_table"),
    Format("markdown", "difference", "the same for a document", "convsym.reports.differences:render_markdown"),
    Format("json", "difference", "for programs", "convsym.reports.differences:render_json"),
    Format("full", "diagnostics", "with the lines of code", "convsym.reports.full:render"),
    Format("concise", "diagnostics", "one line each", "convsym.reports.concise:render"),
    Format("json", "diagnostics", "for programs", "convsym.reports.json:render_diagnostics"),
    Format("sarif", "diagnostics", "for code scanning", "convsym.reports.sarif:render"),
    Format("github", "diagnostics", "commands for GitHub Actions", "convsym.reports.github:render"),
    Format("gitlab", "diagnostics", "a Code Quality report for GitLab", "convsym.reports.gitlab:render"),
    Format("junit", "diagnostics", "tests, as other servers read them", "convsym.reports.junit:render"),
)


def formats(shows: Shows) -> list[Format]:
    """The formats that show one or the other, those of plug-ins after the built-in ones.

    >>> [f.name for f in formats("diagnostics")][:3]
    ['full', 'concise', 'json']
    """
    return [found for _, table in tables("reports") for found in table if found.shows == shows]


__all__ = ["FORMATS", "Format", "Page", "Report", "formats"]
