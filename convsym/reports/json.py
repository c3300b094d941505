"""Analyses and diagnostics for programs.

A size is an integer where it is constant, else a string: Python source in the names of the input sizes that gives the
number ("2*N*(H//2)"). The layout is versioned by "schema"; a key is never renamed without a new number.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import convsym
from convsym.diagnostics import Diagnostic, Fix, RelatedPlace
from convsym.graph.place import Place
from convsym.reports.format import Page, Report

if TYPE_CHECKING:
    from convsym.graph.call import Call
    from convsym.graph.tensor import Tensor

SCHEMA = 1


def render_analysis(report: Report, page: Page) -> str:
    """An analysis with everything that is known of every module and call; the page plays no part."""
    return dumped(analysis_data(report))


def render_diagnostics(diagnostics: Sequence[Diagnostic], page: Page) -> str:
    """Diagnostics as a list of objects; the page plays no part."""
    return dumped({"diagnostics": [diagnostic_data(d) for d in diagnostics]})


def analysis_data(report: Report) -> dict[str, Any]:
    """The analysis as dicts, lists, strings and numbers."""
    from convsym.reports.fields import field_data
    from convsym.reports.rows import modules_shown
    from convsym.reports.sections import sections
    from convsym.reports.shapes import plain

    analysis, at = report.analysis, report.at
    data: dict[str, Any] = {
        "target": report.target,
        "inputs": list(analysis.inputs),
        "inferred": analysis.inferred,
        "autocast": analysis.autocast or None,
        "domain": analysis.domain.describe() if analysis.cases else None,
        "cases": [case.domain.describe() for case in analysis.cases],
        "outputs": _outputs(analysis.outputs),
        "parameters": plain(analysis.parameters),
        "flops": plain(analysis.flops),
        "macs": plain(analysis.macs),
        "elementwise": plain(analysis.elementwise),
        "backward_flops": plain(analysis.backward_flops),
        "saved_bytes": plain(analysis.saved_bytes),
        "activation_bytes": plain(analysis.activation_bytes),
        "gradient_bytes": plain(analysis.gradient_bytes),
        "peak_bytes": plain(analysis.peak_bytes),
        "training_peak_bytes": plain(analysis.training_peak_bytes),
        "uncounted": list(analysis.uncounted),
        "uncounted_backward": list(analysis.uncounted_backward),
        "unsaved": list(analysis.unsaved),
        "uneven": list(analysis.uneven),
        "memory_exceptions": list(map(str, analysis.memory_exceptions)),
        "pinned": [{"size": plain(p.size), "value": p.value, "place": place_data(p.place)} for p in analysis.pins],
        "modules": [
            {
                "path": total.path,
                "kind": total.kind,
                "output": _tensor(total.output) if total.output is not None else None,
                "parameters": plain(total.parameters),
                "flops": plain(total.flops),
                "elementwise": plain(total.elementwise),
                "backward_flops": plain(total.backward_flops),
                "activation_bytes": plain(total.activation_bytes),
                "calls": total.calls,
            }
            for total in modules_shown(report).values()
        ],
        "calls": [_call(call) for call in analysis.calls],
        "receptive_fields": field_data(report),
        "diagnostics": [diagnostic_data(d) for d in analysis.diagnostics],
    }
    if at is not None:
        data["at"] = {
            "sizes": dict(at.sizes),
            "outputs": [list(shape) for shape in at.outputs],
            "parameters": at.parameters,
            "flops": at.flops,
            "macs": at.macs,
            "elementwise": at.elementwise,
            "backward_flops": at.backward_flops,
            "saved_bytes": at.saved_bytes,
            "activation_bytes": at.activation_bytes,
            "gradient_bytes": at.gradient_bytes,
            "peak_bytes": at.peak_bytes,
            "training_peak_bytes": at.training_peak_bytes,
            "layers": [
                {"path": c.path, "index": c.index, "input": list(c.input), "output": list(c.output)} for c in at.layers
            ],
        }
    if report.optimizer is not None:
        chosen = (report.optimizer, report.master_weights)
        data["optimizer"] = {
            "name": report.optimizer.name,
            "master_weights": report.master_weights,
            "optimizer_bytes": plain(analysis.optimizer_bytes(*chosen)),
        }
        if at is not None:
            data["at"]["optimizer_bytes"] = at.optimizer_bytes(*chosen)
            data["at"]["training_bytes"] = at.training_bytes(*chosen)
    for section in sections(report):
        if section.data is not None:
            data.setdefault(section.key, []).append(section.data)
    return data


def diagnostic_data(found: Diagnostic) -> dict[str, Any]:
    """One diagnostic as dicts, lists, strings and numbers."""
    return {
        "code": found.code,
        "name": found.name,
        "severity": found.severity.value,
        "message": found.message,
        "help": found.help,
        "place": place_data(found.place),
        "related": [place_data(place) for place in found.related],
        "witness": dict(found.witness) if found.witness is not None else None,
        "path": found.path,
        "fix": _fix_data(found.fix),
    }


def _fix_data(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    return {
        "title": fix.title,
        "file": fix.file,
        "line": fix.line,
        "column": fix.column,
        "old": fix.old,
        "new": fix.new,
    }


def place_data(place: Place | None) -> dict[str, Any] | None:
    """A line of a file; "label" says what happens there, where it is known."""
    if place is None:
        return None
    data: dict[str, Any] = {"file": place.file, "line": place.line, "column": place.column}
    if isinstance(place, RelatedPlace):
        data["label"] = place.label
    return data


def _call(call: Call) -> dict[str, Any]:
    from convsym.analysis.roofline.traffic import traffic
    from convsym.reports.shapes import plain

    moved = traffic(call)
    return {
        "index": call.index,
        "op": call.op,
        "path": call.path,
        "module": call.module,
        "inputs": [_tensor(t) for t in call.inputs],
        "outputs": [_tensor(t) for t in call.outputs],
        "flops": plain(call.cost.flops),
        "elementwise": plain(call.cost.elementwise),
        "read_bytes": plain(moved.read),
        "written_bytes": plain(moved.written),
        "counted": call.counted,
        "place": place_data(call.place),
        "definition": place_data(call.definition),
    }


def _outputs(result: Any) -> list[dict[str, Any]]:
    from torch.utils import _pytree as pytree

    from convsym.graph.tensor import Tensor
    from convsym.reports.shapes import leaf_text

    leaves, _ = pytree.tree_flatten_with_path(result)
    return [
        {"key": pytree.keystr(key), **(_tensor(leaf) if isinstance(leaf, Tensor) else {"value": leaf_text(leaf)})}
        for key, leaf in leaves
    ]


def _tensor(tensor: Tensor) -> dict[str, Any]:
    from convsym.graph.tensor import dtype_name
    from convsym.reports.shapes import plain

    return {"shape": [plain(size) for size in tensor.shape], "dtype": dtype_name(tensor.dtype)}


def dumped(data: dict[str, Any]) -> str:
    """The data with the versions of its layout and of convsym."""
    versions = {"schema": SCHEMA, "convsym": convsym.__version__}
    return json.dumps({**versions, **data}, indent=2, ensure_ascii=False) + "\n"
