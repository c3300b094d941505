"""Which argument of a transposed convolution would give its result the size of what it is joined with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, equal
from convsym.sizes.windows import transposed_out

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.trace.paths import Finding

#: No network enlarges by more in one step.
_MOST_STRIDE = 64


def resizing_argument(analysis: Analysis, found: Finding) -> tuple[Call, str, int] | None:
    """The transposed convolution, its argument, and the value with which tensors of unlike sizes would be alike.

    The tensors are those of the call that a finding is about; the layer is the one that made one of them, or made what
    activations and normalisations have changed since. None where no one value does it.
    """
    for way in analysis.ways:
        if any(f is found for f in way.findings) and found.call < len(way.calls):
            return next(_solutions(way.calls[found.call], way.calls), None)
    return None


def _solutions(joined: Call, calls: Sequence[Call]) -> Iterator[tuple[Call, str, int]]:
    makers = {id(tensor): call for call in calls for tensor in call.outputs}
    for tensor in joined.inputs:
        layer = _maker(tensor, makers)
        others = [t for t in joined.inputs if t is not tensor and t.rank == tensor.rank]
        if layer is None or not others:
            continue
        wanted = others[0].shape[2:]
        for argument, values in (("output_padding", range(_MOST_STRIDE)), ("stride", range(1, _MOST_STRIDE + 1))):
            fitting = [value for value in values if _fits(layer, argument, value, wanted)]
            if len(fitting) == 1:
                yield layer, argument, fitting[0]


def _maker(tensor: Tensor, makers: dict[int, Call]) -> Call | None:
    """The transposed convolution that a tensor comes from, through calls that keep its shape."""
    call = makers.get(id(tensor))
    while call is not None and call.inputs:
        if call.op.startswith("conv_transpose"):
            return call if call.module else None
        if call.output.shape != call.input.shape:
            return None
        call = makers.get(id(call.input))
    return None


def _fits(layer: Call, argument: str, value: int, wanted: Sequence[Size]) -> bool:
    given: dict[str, Any] = {**layer.parameters, argument: (value,) * len(wanted)}
    names = ("kernel_size", "stride", "padding", "dilation", "output_padding")
    if argument == "output_padding" and not all(
        value < max(s, d) for s, d in zip(given["stride"], given["dilation"], strict=True)
    ):
        return False
    sizes = layer.input.shape[2:]
    rows = zip(sizes, wanted, *(given[name] for name in names), strict=True)
    return all(equal(transposed_out(size, *arguments), want) for size, want, *arguments in rows)
