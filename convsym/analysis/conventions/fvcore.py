"""fvcore's FlopCountAnalysis: operators of a TorchScript trace; one multiply-accumulate is one "flop"."""

from __future__ import annotations

from convsym.analysis.conventions.convention import NOT_COUNTED, SAME, Convention, Counted, per_element
from convsym.graph.call import Call

_PRODUCTS = frozenset({"linear", "matmul", "mm", "bmm", "addmm", "einsum"})
_CONVOLUTIONS = frozenset(f"conv{t}{axes}d" for t in ("", "_transpose") for axes in (1, 2, 3))
_ROUGH = frozenset({"layer_norm", "group_norm", "instance_norm"})
_UPSAMPLED = {"nearest": 1, "bilinear": 4}


def counts(call: Call) -> Counted:
    """What FlopCountAnalysis counts for a call."""
    if call.op in _CONVOLUTIONS:
        if isinstance(call.parameters.get("padding"), str):
            # A padding in words reaches another operator, which has no formula.
            return Counted(0, f"not counted with padding={call.parameters['padding']!r}")
        return Counted(call.cost.macs, SAME)
    if call.op in _PRODUCTS:
        return Counted(call.cost.macs, SAME)
    affine = bool(call.parameters.get("affine"))
    if call.op == "batch_norm" and not call.parameters.get("training"):
        return per_element(call.input.numel, 2 if affine else 1, "input")
    if call.op == "batch_norm" or call.op in _ROUGH:
        return per_element(call.input.numel, 5 if affine else 4, "input")
    if call.op == "adaptive_avg_pool2d":
        return per_element(call.input.numel, 1, "input")
    if call.op == "grid_sample":
        return per_element(call.output.numel, 4, "output")
    times = _UPSAMPLED.get(str(call.parameters.get("mode"))) if call.op == "interpolate" else None
    if times is not None and call.output.rank == 4:
        return per_element(call.output.numel, times, "output")
    return Counted(0, NOT_COUNTED)


FVCORE = Convention("fvcore", "0.1.5", "fvcore's FlopCountAnalysis, in multiply-accumulates", counts)
