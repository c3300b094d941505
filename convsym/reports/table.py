"""A tree of modules for a terminal: output shape, parameters and FLOPs as formulas, and numbers with them."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from convsym.reports.facts import MOST_TERMS
from convsym.reports.format import Page, Report
from convsym.reports.formula import TERM, Formula, Shape, pieces
from convsym.reports.rows import Row, Tree, tree
from convsym.reports.summary import heading, parts, remarks, totals

#: On a narrower page numbers stand under their formulas instead of beside them.
WIDE = 130


def render(report: Report, page: Page) -> str:
    """The tree, then the totals."""
    shown = tree(report)
    return page.rendered(
        *heading(report),
        _table(report, shown, page),
        *_fold(shown),
        Text(),
        totals(report),
        *parts(report),
        *remarks(report),
    )


def _table(report: Report, shown: Tree, page: Page) -> Table:
    numbers = report.at is not None
    beside = numbers and page.width >= WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False, header_style="dim")
    table.add_column("module", no_wrap=True, overflow="ellipsis", max_width=max(20, page.width // 3))
    table.add_column("output")
    if beside:
        table.add_column("", no_wrap=True, style="bold")
    table.add_column("parameters", justify="right", no_wrap=True)
    table.add_column("FLOPs, both passes" if report.training else "FLOPs")
    if beside:
        table.add_column("", justify="right", no_wrap=True, style="bold")
        table.add_column("", justify="right", no_wrap=True, style="dim")
    for row in shown.rows:
        table.add_row(*(_cells_beside(row) if beside else _cells(row)))
    return table


def _cells(row: Row) -> list[RenderableType]:
    """Formulas, and under each its number, if there is one that differs from it."""
    output: list[RenderableType] = [_output(row)]
    if row.output_at and row.output_at != row.output:
        output.append(Shape(row.output_at, style="bold"))
    flops: list[RenderableType] = [_flops(row)] if row.flops else []
    if row.flops_at:
        line = Text(row.flops_at, style="bold")
        flops.append(line.append(f"  {row.share_at}", style="not bold dim"))
    return [_module(row), Group(*output), row.parameters, Group(*flops)]


def _cells_beside(row: Row) -> list[RenderableType]:
    return [_module(row), _output(row), row.output_at, row.parameters, _flops(row), row.flops_at, row.share_at]


def _output(row: Row) -> RenderableType:
    return Shape(row.output) if row.called else Text("not called", style="dim")


def _flops(row: Row) -> RenderableType:
    whole = row.depth == 0 and len(pieces(row.flops, TERM)) > MOST_TERMS
    return Text("the sum is below", style="dim") if whole else Formula(row.flops)


def _module(row: Row) -> Text:
    line = Text("  " * row.depth)
    line.append(row.name, style="bold" if row.depth == 0 else "")
    if row.depth:
        line.append(f" {row.kind}", style="dim")
    return line


def _fold(shown: Tree) -> list[RenderableType]:
    if not shown.hidden:
        return []
    noun = "module lies" if shown.hidden == 1 else "modules lie"
    return [Text(f"{shown.hidden} {noun} deeper; --depth {shown.depth + 1} shows more.", style="dim")]
