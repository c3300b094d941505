"""The module tree of an analysis as rows of text and numbers, folded at a depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from convsym.analysis.totals import ModuleTotal, by_module
from convsym.reports.format import Report
from convsym.reports.shapes import shape_text, tensor_text
from convsym.reports.shown import case_shown
from convsym.reports.units import count, share
from convsym.sizes.arithmetic import Size, add
from convsym.sizes.evaluate import evaluate
from convsym.sizes.text import pretty

#: A tree without a given depth is folded to at most this many rows, which are twice as many lines with numbers.
MOST_ROWS = 40


@dataclass(frozen=True)
class Row:
    """One module: formulas, and their numbers at the sizes asked for ("" where none are).

    In a report of training, the FLOPs are those of the forward and the backward pass together.
    """

    path: str
    kind: str
    depth: int
    output: str
    parameters: str
    flops: str
    called: bool
    output_at: str = ""
    flops_at: str = ""
    share_at: str = ""

    @property
    def name(self) -> str:
        """The last part of the path; the class for the model itself."""
        return self.path.rpartition(".")[2] or self.kind


@dataclass(frozen=True)
class Tree:
    """The rows in the order of the module tree, and how many modules lie below the fold."""

    rows: tuple[Row, ...]
    depth: int
    hidden: int


def tree(report: Report) -> Tree:
    """The module tree of a report, down to its depth or to one that fits."""
    modules = modules_shown(report)
    deepest = max((_depth(path) for path in modules), default=0)
    depth = min(deepest, report.depth) if report.depth is not None else _fitting(modules, deepest)
    shown = [total for path, total in modules.items() if _depth(path) <= depth]
    sizes = report.at.sizes if report.at is not None else None
    whole = modules.get("")
    rows = tuple(_row(total, sizes, whole, report.training) for total in shown)
    return Tree(rows, depth, len(modules) - len(rows))


def modules_shown(report: Report) -> Mapping[str, ModuleTotal]:
    """The totals by module of the case that is shown: the one of the sizes asked for, else the first."""
    analysis, case = report.analysis, case_shown(report)
    if case is None or case is analysis.main:
        return analysis.by_module
    kinds = {path: total.kind for path, total in analysis.by_module.items()}
    parameters = {path: total.parameters for path, total in analysis.by_module.items()}
    return by_module(case.simplest.calls, kinds, parameters, case.short_gradients)


def _depth(path: str) -> int:
    return path.count(".") + 1 if path else 0


def _fitting(modules: Mapping[str, ModuleTotal], deepest: int) -> int:
    fitting = [d for d in range(1, deepest + 1) if sum(_depth(path) <= d for path in modules) <= MOST_ROWS]
    return max(fitting, default=min(1, deepest))


def _row(total: ModuleTotal, sizes: Mapping[str, int] | None, whole: ModuleTotal | None, training: bool) -> Row:
    called = total.calls > 0
    flops = _flops(total, training)
    row = Row(
        path=total.path,
        kind=total.kind,
        depth=_depth(total.path),
        output=tensor_text(total.output) if total.output is not None else "",
        parameters=pretty(total.parameters) if total.parameters != 0 else "",
        flops=pretty(flops) if flops != 0 else "",
        called=called,
    )
    if sizes is None or not called:
        return row
    number = evaluate(flops, sizes)
    everything = evaluate(_flops(whole, training), sizes) if whole is not None else 0
    return replace(
        row,
        output_at=shape_text([evaluate(s, sizes) for s in total.output.shape]) if total.output is not None else "",
        flops_at=count(number, "FLOP") if number else "",
        share_at=share(number, everything) if number else "",
    )


def _flops(total: ModuleTotal, training: bool) -> Size:
    return add(total.flops, total.backward_flops) if training else total.flops
