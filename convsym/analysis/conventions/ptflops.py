"""ptflops with its default backend: hooks on modules of exact types, and patches of some functions.

A module whose forward calls a patched function counts twice. Operators such as `x + y` and `x @ y` pass the patches
by, and so do the methods `x.add(y)` and `x.mul(y)` here: torch does not tell them from the operators.
"""

from __future__ import annotations

from convsym.analysis.conventions.convention import NOT_COUNTED, SAME, Convention, Counted, per_element
from convsym.graph.call import Call
from convsym.sizes.arithmetic import Size, add, multiply, product

_LAYERS = frozenset({"Linear", *(f"Conv{t}{axes}d" for t in ("", "Transpose") for axes in (1, 2, 3))})
_POOLS = frozenset(f"{kind}Pool{axes}d" for kind in ("Max", "Avg", "AdaptiveMax", "AdaptiveAvg") for axes in (1, 2, 3))
_NORMS = frozenset(
    {"GroupNorm", "LayerNorm", *(f"{k}Norm{axes}d" for k in ("Batch", "Instance") for axes in (1, 2, 3))}
)
_HOOKED_ONLY = frozenset({"ReLU6", "LeakyReLU"})
_HOOKED_AND_PATCHED = frozenset({"ReLU", "PReLU", "ELU", "GELU"})
_PATCHED_ONLY = frozenset({"SiLU", "Softmax"})
_PATCHED = frozenset(
    f"torch.nn.functional.{name}"
    for name in (
        *("relu", "prelu", "elu", "relu6", "gelu", "silu", "softmax"),
        *(f"{kind}_pool{axes}d" for kind in ("max", "avg", "adaptive_max", "adaptive_avg") for axes in (1, 2, 3)),
    )
)
_PRODUCTS = frozenset(f"{space}.{name}" for space in ("torch", "torch.Tensor") for name in ("matmul", "mm", "bmm"))
_PRODUCTS_AND_SUMS = frozenset({"torch.addmm", "torch.Tensor.addmm", "torch.baddbmm"})
_SUMS = frozenset({"torch.add", "torch.mul"})


def counts(call: Call) -> Counted:
    """What get_model_complexity_info counts for a call, in a batch of one."""
    return _module(call) if call.module else _function(call)


def _module(call: Call) -> Counted:
    kind, numel = call.module, call.input.numel
    if kind in _LAYERS:
        if len(call.inputs) < 3:
            return Counted(call.cost.macs, SAME)
        return Counted(add(call.cost.macs, call.output.numel), "and 1 per output element for the bias")
    if kind in _POOLS or kind in _HOOKED_AND_PATCHED:
        return Counted(multiply(2, numel), "1 per input element, twice: for the module and for its function")
    if kind in _NORMS:
        # LayerNorm calls its flag by another name, which the hook does not ask for.
        affine = bool(call.parameters.get("affine")) and kind != "LayerNorm"
        return per_element(numel, 2 if affine else 1, "input")
    if kind in _HOOKED_ONLY or kind in _PATCHED_ONLY:
        return per_element(numel, 1, "input")
    if kind == "Upsample":
        return Counted(_upsampled(call), "1 per output element, twice: for the module and for its function")
    return Counted(0, NOT_COUNTED)


def _upsampled(call: Call) -> Size:
    # The hook looks at the first image of the batch alone.
    return add(call.output.numel, product(call.output.shape[1:]))


def _function(call: Call) -> Counted:
    name = call.function
    if name in _PATCHED:
        return per_element(call.input.numel, 1, "input")
    if name in _PRODUCTS:
        return Counted(call.cost.macs, SAME)
    if name in _PRODUCTS_AND_SUMS:
        return Counted(add(call.cost.macs, call.input.numel), "and 1 per element of what is added")
    if name in _SUMS:
        return per_element(call.output.numel, 1, "output")
    if name == "torch.nn.functional.interpolate":
        return per_element(call.output.numel, 1, "output")
    if call.cost.flops != 0:
        return Counted(0, f"not counted: {name.rpartition('.')[2]} is not patched")
    return Counted(0, NOT_COUNTED)


PTFLOPS = Convention(
    "ptflops",
    "0.7",
    "ptflops' get_model_complexity_info, in multiply-accumulates",
    counts,
    unmodelled=(
        "MultiheadAttention",
        "Attention",
        "RNN",
        "GRU",
        "LSTM",
        "RNNCell",
        "GRUCell",
        "LSTMCell",
        "DeformConv2d",
    ),
)
