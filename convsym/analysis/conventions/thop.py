"""thop's profile: hooks on modules of exact types; functions and operators are not seen."""

from __future__ import annotations

from convsym.analysis.conventions.convention import NOT_COUNTED, SAME, Convention, Counted, per_element
from convsym.graph.call import Call
from convsym.sizes.arithmetic import Size, add, exact_div, floor_div, multiply, product, subtract

_NORMS = frozenset({"LayerNorm", *(f"{k}Norm{axes}d" for k in ("Batch", "Instance") for axes in (1, 2, 3))})
_AVERAGES = frozenset({f"AvgPool{axes}d" for axes in (1, 2, 3)})
_UPSAMPLED = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}


def counts(call: Call) -> Counted:
    """What profile counts for a call."""
    kind = call.module
    if kind.startswith("ConvTranspose"):
        channels = exact_div(call.parameters["in_channels"], call.parameters["groups"])
        kernel = product(call.parameters["kernel_size"])
        amount = multiply(call.output.numel, multiply(channels or 0, kernel))
        return Counted(amount, "counted over the output, where most taps meet no input")
    if kind.startswith("Conv") or kind == "Linear":
        return Counted(call.cost.macs, SAME)
    if kind in _NORMS:
        return per_element(call.input.numel, 4 if call.parameters.get("affine") else 2, "input")
    if kind in _AVERAGES:
        return per_element(call.output.numel, 1, "output")
    if kind == "PReLU":
        return per_element(call.input.numel, 1, "input")
    if kind == "Softmax":
        return Counted(_softmax(call), "3 per element but one of each sum; element-wise here")
    if kind.startswith("AdaptiveAvgPool"):
        amount = add(call.input.numel, call.output.numel)
        return Counted(amount, "1 per input and 1 per output element; element-wise here")
    if kind in ("Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"):
        times = _UPSAMPLED.get(str(call.parameters.get("mode")), 0)
        return per_element(call.output.numel, times, "output")
    if call.cost.flops != 0:
        return Counted(0, f"not counted: {call.op} is called as a function or a method")
    return Counted(0, NOT_COUNTED)


def _softmax(call: Call) -> Size:
    numel = call.input.numel
    length = call.input.shape[int(call.parameters["dim"])]
    return subtract(multiply(3, numel), floor_div(numel, length))


THOP = Convention(
    "thop",
    "0.1.1",
    "thop's profile, in multiply-accumulates",
    counts,
    unmodelled=("RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell"),
)
