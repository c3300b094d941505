"""How long a model takes at least on a device, and which calls take the most."""

from __future__ import annotations

from convsym.analysis.roofline import Bound, Device, time_bounds
from convsym.reports.format import Report
from convsym.reports.section import Column, Section
from convsym.reports.shown import case_shown
from convsym.reports.top_calls import call_text
from convsym.reports.units import count, memory, seconds, share

#: How many calls are listed where no number is asked for.
CALLS = 10


def roofline_section(report: Report, device: Device) -> Section:
    """The calls with the largest lower bounds at the sizes asked for, and the bound of the whole forward pass."""
    case = case_shown(report)
    sizes = report.at.sizes if report.at is not None else {}
    found = time_bounds(case.calls if case is not None and report.at is not None else (), device, sizes)
    ranked = sorted(found.calls, key=lambda bound: -bound.seconds)
    shown = ranked[: report.top or CALLS]
    rows = [_row(call_text(bound.call), bound, found.seconds) for bound in shown]
    rest = ranked[len(shown) :]
    if rest:
        amount = sum(bound.seconds for bound in rest)
        rows.append((f"{len(rest)} others", *_totals(rest), "", seconds(amount), share(amount, found.seconds)))
    rows.append(("all, one after the other", *_totals(found.calls), "", seconds(found.seconds), ""))
    notes = [
        "A lower bound, no prediction: for kernels that do these FLOPs and move each operand and result through memory.",
        *(f"{device.name} has no rate for {dtype}, whose FLOPs are left out." for dtype in found.unrated),
        f"Peaks: {device.source}.",
    ]
    return Section(
        key="roofline",
        title=f"at least, on {device.name}",
        columns=(
            Column("call"),
            Column("FLOP", "number"),
            Column("moves", "number"),
            Column("FLOP/B", "number"),
            Column("bound by"),
            Column("at least", "number"),
            Column("", "number"),
        ),
        rows=tuple(rows),
        notes=tuple(notes),
        data={
            "device": device.name,
            "seconds_at_least": found.seconds,
            "flops": found.flops,
            "moved_bytes": found.moved,
            "unrated": list(found.unrated),
            "calls": [
                {
                    "call": bound.call.index,
                    "flops": bound.flops,
                    "moved_bytes": bound.moved,
                    "intensity": bound.intensity,
                    "bound_by": bound.limit,
                    "seconds_at_least": bound.seconds,
                }
                for bound in found.calls
            ],
        },
    )


def _row(name: str, bound: Bound, whole: float) -> tuple[str, ...]:
    return (name, *_totals([bound]), bound.limit, seconds(bound.seconds), share(bound.seconds, whole))


def _totals(bounds: tuple[Bound, ...] | list[Bound]) -> tuple[str, str, str]:
    flops, moved = sum(b.flops for b in bounds), sum(b.moved for b in bounds)
    ratio = flops / moved if moved else 0
    return count(flops), memory(moved), f"{ratio:.0f}" if ratio >= 100 or not ratio else f"{ratio:.3g}"
