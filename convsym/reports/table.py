"""A tree of modules for a terminal: output shape, parameters and FLOPs as formulas, and numbers beside them."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from convsym.reports.format import Page, Report
from convsym.reports.formula import Formula
from convsym.reports.rows import Row, Tree, tree
from convsym.reports.summary import heading, remarks, totals

#: Below this width numbers stand under their formulas instead of beside them.
WIDE = 110


def render(report: Report, page: Page) -> str:
    """The tree, then the totals."""
    shown = tree(report)
    return page.rendered(
        *heading(report), _table(report, shown, page), *_fold(shown), Text(), totals(report), *remarks(report)
    )


def _table(report: Report, shown: Tree, page: Page) -> Table:
    beside = report.at is not None and page.width >= WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False, header_style="dim")
    table.add_column("module", no_wrap=True, overflow="ellipsis", max_width=max(24, page.width // 3))
    table.add_column("output", min_width=12)
    if beside:
        table.add_column("", no_wrap=True, style="bold")
    table.add_column("parameters", justify="right", no_wrap=True)
    table.add_column("FLOPs")
    if report.at is not None:
        table.add_column("", justify="right", no_wrap=True, style="bold")
        table.add_column("", justify="right", no_wrap=True, style="dim")
    for row in shown.rows:
        table.add_row(*_cells(row, report.at is not None, beside))
    return table


def _cells(row: Row, numbers: bool, beside: bool) -> list[RenderableType]:
    if not row.called:
        return [
            _module(row),
            Text("not called", style="dim"),
            *[""] * beside,
            row.parameters,
            *[""] * (1 + 2 * numbers),
        ]
    output: RenderableType = Text(row.output)
    if numbers and not beside and row.output_at != row.output:
        output = Group(Text(row.output), Text(row.output_at, style="bold"))
    cells: list[RenderableType] = [_module(row), output]
    if beside:
        cells.append(row.output_at)
    cells += [row.parameters, Formula(row.flops)]
    if numbers:
        cells += [row.flops_at, row.share_at]
    return cells


def _module(row: Row) -> Text:
    line = Text("  " * row.depth)
    line.append(row.name, style="bold" if row.depth == 0 else "")
    if row.depth:
        line.append(f" {row.kind}", style="dim")
    return line


def _fold(shown: Tree) -> list[RenderableType]:
    if not shown.hidden:
        return []
    return [Text(f"{shown.hidden} modules lie deeper; --depth {shown.depth + 1} shows more.", style="dim")]
