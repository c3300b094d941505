"""The totals of an analysis, one line each: what `convsym layer` prints, and the head of the table."""

from __future__ import annotations

from collections.abc import Callable

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from convsym.reports.facts import facts, notes
from convsym.reports.format import Page, Report
from convsym.reports.formula import Formula, Shape
from convsym.reports.section import Section
from convsym.reports.sections import sections


def render(report: Report, page: Page) -> str:
    """The totals as text."""
    return page.rendered(*heading(report), totals(report), *parts(report), *remarks(report))


def heading(report: Report) -> list[RenderableType]:
    """The name of what is shown, and the sizes it is shown at."""
    line = Text(report.target, style="bold")
    if report.at is not None and report.at.sizes:
        line.append("  at " + ", ".join(f"{name}={size}" for name, size in report.at.sizes.items()), style="dim")
    return [line, Text()]


def totals(report: Report) -> RenderableType:
    """The facts as a table: label, formula, and the number where there is one."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    if report.at is not None:
        table.add_column(justify="right", style="bold")
    for fact in facts(report):
        cells: list[RenderableType] = [fact.label, Formula(fact.text) if fact.is_formula else Text(fact.text)]
        if report.at is not None:
            cells.append(fact.number)
        table.add_row(*cells)
    return table


def parts(report: Report) -> list[RenderableType]:
    """The sections that were asked for, each below an empty line."""
    found: list[RenderableType] = []
    for section in sections(report):
        found += [Text(), Text(section.title, style="bold"), section_table(section)]
        found += [Text(note, style="dim") for note in section.notes]
    return found


def section_table(section: Section) -> RenderableType:
    """The table of a section."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False, header_style="dim")
    for column in section.columns:
        right = column.kind == "number"
        table.add_column(column.title, justify="right" if right else "left", no_wrap=right)
    for row in section.rows:
        table.add_row(*(CELLS[column.kind](cell) for column, cell in zip(section.columns, row, strict=True)))
    return table


CELLS: dict[str, Callable[[str], RenderableType]] = {"text": Text, "number": Text, "formula": Formula, "shape": Shape}


def remarks(report: Report) -> list[RenderableType]:
    """What limits the totals, if anything does."""
    found = notes(report)
    return [Text(), Group(*(Text(note, style="yellow") for note in found))] if found else []
