"""An analysis as markdown: a table of totals and a table of modules, formulas in code spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convsym.reports.facts import facts, notes
from convsym.reports.format import Page, Report
from convsym.reports.rows import tree
from convsym.reports.section import Section
from convsym.reports.sections import sections


def render(report: Report, page: Page) -> str:
    """The analysis as a section of a document; the page plays no part."""
    at = ", ".join(f"{name}={size}" for name, size in report.at.sizes.items()) if report.at is not None else ""
    parts = [f"## `{report.target}`", _totals(report, at), _modules(report, at)]
    parts += map(section_text, sections(report))
    limits = notes(report)
    if limits:
        parts.append("\n".join(f"- {_escaped(note.strip())}" for note in limits))
    return "\n\n".join(parts) + "\n"


def _totals(report: Report, at: str) -> str:
    lines = [[fact.label, _code(fact.text), *([fact.number] if at else [])] for fact in facts(report)]
    return _table(["", "for all sizes", *([f"at {at}"] if at else [])], lines)


def _modules(report: Report, at: str) -> str:
    shown = tree(report)
    lines = []
    for row in shown.rows:
        name = "&nbsp;&nbsp;" * row.depth + (f"{row.name} ({row.kind})" if row.depth else row.kind)
        cells = [name, _code(row.output) if row.called else "not called", row.parameters, _code(row.flops)]
        lines.append([*cells, *([row.output_at, row.flops_at, row.share_at] if at else [])])
    flops = "FLOPs, both passes" if report.training else "FLOPs"
    extra = ["output", "FLOPs", "share"] if at else []
    table = _table(
        ["module", "output", "parameters", flops, *(f"{e} at {at}" if e != "share" else e for e in extra)], lines
    )
    return f"{table}\n\n{shown.hidden} modules lie deeper." if shown.hidden else table


def section_text(section: Section) -> str:
    """A section with its heading and what stands below its table."""
    lines = [
        [
            _code(cell) if column.kind in ("formula", "shape") else cell
            for column, cell in zip(section.columns, row, strict=True)
        ]
        for row in section.rows
    ]
    parts = [f"### {_escaped(section.title)}", _table([column.title for column in section.columns], lines)]
    return "\n\n".join([*parts, *(_escaped(note) for note in section.notes)])


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def _code(formula: str) -> str:
    return f"`{formula}`" if formula else ""


def _escaped(text: str) -> str:
    return text.replace("*", "\\*").replace("_", "\\_")
