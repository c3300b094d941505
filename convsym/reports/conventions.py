"""A model as another tool counts it, operation by operation, and why its number differs."""

from __future__ import annotations

from convsym.analysis.conventions import Comparison, Convention, Line, compare
from convsym.analysis.conventions.convention import SAME
from convsym.reports.format import Report
from convsym.reports.section import Column, Section
from convsym.reports.shapes import plain
from convsym.reports.shown import case_shown
from convsym.reports.units import count
from convsym.sizes.arithmetic import Size, total
from convsym.sizes.evaluate import evaluate
from convsym.sizes.text import pretty


def convention_section(report: Report, convention: Convention) -> Section:
    """What a tool counts beside what convsym counts: in numbers at a size, else the tool's formula for each line."""
    case = case_shown(report)
    kinds = {path: type(module).__name__ for path, module in report.analysis.model.named_modules()}
    found = compare(case.calls if case else (), convention, kinds)
    columns = [Column("operation"), Column("calls", "number")]
    columns += [Column("MACs", "number")] if report.at is not None else []
    columns += [Column(convention.name, "formula" if report.at is None else "number"), Column("why")]
    ours = total([line.macs for line in found.lines])
    rows = [_row(report, line) for line in found.lines]
    rows.append(("total", "", *_amounts(report, ours, found.total), _verdict(found)))
    return Section(
        key="conventions",
        title=f"as {convention.name} {convention.versions} counts, in multiply-accumulates",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=_notes(found),
        data=_data(report, found),
    )


def _row(report: Report, line: Line) -> tuple[str, ...]:
    return (line.op, str(line.calls), *_amounts(report, line.macs, line.theirs), line.why)


def _amounts(report: Report, ours: Size, theirs: Size) -> tuple[str, ...]:
    if report.at is None:
        return (pretty(theirs),)
    return tuple(count(evaluate(size, report.at.sizes)) for size in (ours, theirs))


def _verdict(found: Comparison) -> str:
    return SAME if found.difference == 0 else ""


def _notes(found: Comparison) -> tuple[str, ...]:
    name = found.convention.name
    if not found.unmodelled:
        return ()
    first = ", ".join(found.unmodelled[:3]) + (", ..." if len(found.unmodelled) > 3 else "")
    kinds = ", ".join(found.convention.unmodelled)
    return (f"{name} has formulas of its own for {kinds}, which are not known here: it differs in {first}.",)


def _data(report: Report, found: Comparison) -> dict[str, object]:
    data: dict[str, object] = {
        "name": found.convention.name,
        "versions": found.convention.versions,
        "macs": plain(found.total),
        "unmodelled": list(found.unmodelled),
        "lines": [
            {"op": x.op, "calls": x.calls, "macs": plain(x.macs), "counted": plain(x.theirs), "why": x.why}
            for x in found.lines
        ],
    }
    if report.at is not None:
        data["at"] = evaluate(found.total, report.at.sizes)
    return data
