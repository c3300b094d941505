"""What a plug-in is written with: everything in it may import from here, from `convsym.plugins` and `convsym.testing`.

    rules of operations   OpRule, Outcome, Site, Tensor, Cost, spellings, the sizes and conditions they are stated in
    lint rules            Rule, Diagnostic, Severity, Place
    report formats        Format, Report, Page
    devices               Device

Names are loaded when they are first used, so that a report format needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis as Analysis
    from convsym.analysis.result import Case as Case
    from convsym.analysis.roofline.device import Device as Device
    from convsym.diagnostics import Diagnostic as Diagnostic
    from convsym.diagnostics import RelatedPlace as RelatedPlace
    from convsym.diagnostics import Severity as Severity
    from convsym.graph.call import FREE as FREE
    from convsym.graph.call import Call as Call
    from convsym.graph.call import Cost as Cost
    from convsym.graph.place import Place as Place
    from convsym.graph.tensor import Tensor as Tensor
    from convsym.graph.tensor import dtype_name as dtype_name
    from convsym.ops.broadcast import broadcast as broadcast
    from convsym.ops.broadcast import result_dtype as result_dtype
    from convsym.ops.catalogue import OpRule as OpRule
    from convsym.ops.catalogue import Outcome as Outcome
    from convsym.ops.catalogue import Site as Site
    from convsym.ops.catalogue import spellings as spellings
    from convsym.ops.windowed import per_axis as per_axis
    from convsym.plugins import Plugin as Plugin
    from convsym.reports.format import Format as Format
    from convsym.reports.format import Page as Page
    from convsym.reports.format import Report as Report
    from convsym.rules.rule import Rule as Rule
    from convsym.sizes.arithmetic import Size as Size
    from convsym.sizes.arithmetic import add as add
    from convsym.sizes.arithmetic import ceil_div as ceil_div
    from convsym.sizes.arithmetic import equal as equal
    from convsym.sizes.arithmetic import exact_div as exact_div
    from convsym.sizes.arithmetic import floor_div as floor_div
    from convsym.sizes.arithmetic import maximum as maximum
    from convsym.sizes.arithmetic import minimum as minimum
    from convsym.sizes.arithmetic import modulo as modulo
    from convsym.sizes.arithmetic import multiply as multiply
    from convsym.sizes.arithmetic import power as power
    from convsym.sizes.arithmetic import product as product
    from convsym.sizes.arithmetic import subtract as subtract
    from convsym.sizes.arithmetic import total as total
    from convsym.sizes.condition import FALSE as FALSE
    from convsym.sizes.condition import TRUE as TRUE
    from convsym.sizes.condition import Condition as Condition
    from convsym.sizes.condition import all_of as all_of
    from convsym.sizes.condition import any_of as any_of
    from convsym.sizes.condition import divides as divides
    from convsym.sizes.condition import eq as eq
    from convsym.sizes.condition import ge as ge
    from convsym.sizes.condition import gt as gt
    from convsym.sizes.condition import le as le
    from convsym.sizes.condition import lt as lt
    from convsym.sizes.condition import ne as ne
    from convsym.sizes.condition import negate as negate
    from convsym.sizes.truth import Truth as Truth
    from convsym.sizes.windows import transposed_out as transposed_out
    from convsym.sizes.windows import window_out as window_out
    from convsym.sizes.windows import window_out_ceil_mode as window_out_ceil_mode

_HOMES = {
    name: home
    for home, names in {
        "convsym.analysis.result": "Analysis Case",
        "convsym.analysis.roofline.device": "Device",
        "convsym.diagnostics": "Diagnostic RelatedPlace Severity",
        "convsym.graph.call": "FREE Call Cost",
        "convsym.graph.place": "Place",
        "convsym.graph.tensor": "Tensor dtype_name",
        "convsym.ops.broadcast": "broadcast result_dtype",
        "convsym.ops.catalogue": "OpRule Outcome Site spellings",
        "convsym.ops.windowed": "per_axis",
        "convsym.plugins": "Plugin",
        "convsym.reports.format": "Format Page Report",
        "convsym.rules.rule": "Rule",
        "convsym.sizes.arithmetic": (
            "Size add ceil_div equal exact_div floor_div maximum minimum modulo multiply power product subtract total"
        ),
        "convsym.sizes.condition": "FALSE TRUE Condition all_of any_of divides eq ge gt le lt ne negate",
        "convsym.sizes.truth": "Truth",
        "convsym.sizes.windows": "transposed_out window_out window_out_ceil_mode",
    }.items()
    for name in names.split()
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'convsym.extend' has no attribute {name!r}")
    found = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
