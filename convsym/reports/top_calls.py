"""The most expensive calls of a model at one size."""

from __future__ import annotations

from convsym.graph.call import Call
from convsym.reports.format import Report
from convsym.reports.paths import shown_path
from convsym.reports.section import Column, Section
from convsym.reports.shapes import plain, shape_text
from convsym.reports.shown import case_shown
from convsym.reports.units import count, share
from convsym.sizes.arithmetic import Size, add
from convsym.sizes.evaluate import evaluate
from convsym.sizes.text import pretty


def top_calls(report: Report) -> Section:
    """The calls with the most FLOPs, those of both passes in a report of training; none without sizes to rank them at."""
    passes = "both passes" if report.training else "forward"
    ranked = _ranked(report)
    whole = sum(number for _, _, number in ranked)
    shown = ranked[: report.top]
    rest = sum(number for _, _, number in ranked[report.top :])
    rows = [
        (call_text(call), _output(report, call), pretty(flops), count(number, "FLOP"), share(number, whole))
        for call, flops, number in shown
    ]
    if rest:
        rows.append((f"{len(ranked) - report.top} others", "", "", count(rest, "FLOP"), share(rest, whole)))
    return Section(
        key="top",
        title=f"the most expensive calls, {passes}",
        columns=(
            Column("call"),
            Column("output", "shape"),
            Column("FLOPs", "formula"),
            Column("", "number"),
            Column("", "number"),
        ),
        rows=tuple(rows),
        data=[{"call": call.index, "flops": plain(flops), "at": number} for call, flops, number in shown],
    )


def _ranked(report: Report) -> list[tuple[Call, Size, int]]:
    case = case_shown(report)
    if case is None or report.at is None:
        return []
    backward = case.short_gradients if report.training else {}
    costs = [(call, add(call.cost.flops, backward.get(call.index, 0))) for call in case.simplest.calls]
    found = [(call, flops, evaluate(flops, report.at.sizes)) for call, flops in costs if flops != 0]
    return sorted(found, key=lambda each: -each[2])


def call_text(call: Call) -> str:
    """The module for a layer, else the operation and its line."""
    if call.module or call.place is None:
        return f"{call.path} {call.module or call.op}".strip()
    return f"{call.op} at {shown_path(call.place.file)}:{call.place.line}"


def _output(report: Report, call: Call) -> str:
    assert report.at is not None
    return shape_text([evaluate(size, report.at.sizes) for size in call.output.shape])
