"""The receptive field of every call that changes it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from convsym.analysis.receptive import padding_share
from convsym.reports.format import Report
from convsym.reports.section import Column, Section
from convsym.reports.shapes import across

if TYPE_CHECKING:
    from convsym.analysis.receptive import Fields
    from convsym.graph.call import Call


def field_section(report: Report) -> Section:
    """Size, stride and centre in input pixels, axis by axis, and at a size the share of padding among all taps."""
    columns = [Column("call"), Column("sees"), Column("one every"), Column("first centred on")]
    columns += [Column("padding", "number")] if report.at is not None else []
    rows = [
        (
            f"{call.path} {call.module or call.op}".strip(),
            _sizes(fields),
            across([f.stride for f in fields]),
            _centres(fields),
            *([_padding(report, call)] if report.at is not None else []),
        )
        for call, fields in _changing(report)
    ]
    return Section("fields", "receptive fields, in input pixels", tuple(columns), tuple(rows))


def _changing(report: Report) -> Iterator[tuple[Call, Fields]]:
    """The calls after which a pixel sees something else than the pixels it was computed from."""
    known: dict[int, Fields] = {}
    by_index = report.analysis.receptive_fields
    for call in report.analysis.calls:
        fields = by_index.get(call.index)
        if fields is None:
            continue
        given = [known[id(tensor)] for tensor in call.inputs if id(tensor) in known]
        if not given or any(before != fields for before in given):
            yield call, fields
        known |= {id(tensor): fields for tensor in call.outputs}


def _sizes(fields: Fields) -> str:
    text = across([f.size for f in fields])
    if any(f.smallest != f.size for f in fields):
        text = f"{across([f.smallest for f in fields])} to {text}"
    return text + (", or all" if any(f.sees_all for f in fields) else "")


def _centres(fields: Fields) -> str:
    low, high = across([f.lowest for f in fields]), across([f.highest for f in fields])
    return low if low == high else f"{low} to {high}"


def _padding(report: Report, call: Call) -> str:
    assert report.at is not None
    part = padding_share(call, report.at.sizes)
    return "" if part is None or part == 0 else f"{float(100 * part):.1f} %"


def field_data(report: Report) -> list[dict[str, Any]]:
    """The receptive fields of all calls that have one, for programs."""
    calls = {call.index: call for call in report.analysis.calls}
    return [
        {
            "call": index,
            "axes": [
                {
                    "size": f.size,
                    "smallest": f.smallest,
                    "sees_all": f.sees_all,
                    "stride": _number(f.stride),
                    "centre": _number(f.centre),
                    "centres": [_number(f.lowest), _number(f.highest)],
                }
                for f in fields
            ],
            **_padding_data(report, calls[index]),
        }
        for index, fields in report.analysis.receptive_fields.items()
    ]


def _padding_data(report: Report, call: Call) -> dict[str, float]:
    part = padding_share(call, report.at.sizes) if report.at is not None else None
    return {} if part is None else {"padding_share": float(part)}


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
