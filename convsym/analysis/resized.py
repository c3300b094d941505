"""Which argument of a convolution would give its result the size of what it is joined with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, equal
from convsym.sizes.windows import reach, transposed_out, window_out

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.trace.paths import Finding

#: No network enlarges by more in one step, or looks further.
_MOST = 64
#: The arguments that may be wrong, the likeliest first, and their least values. A stride is meant where it stands.
_OF_TRANSPOSED = {"output_padding": 0, "stride": 1, "padding": 0, "kernel_size": 1}
_OF_CONVOLUTION = {"padding": 0, "kernel_size": 1}


def resizing_arguments(analysis: Analysis, found: Finding) -> Iterator[tuple[Call, str, int]]:
    """Each convolution, its argument, and the one value with which tensors of unlike sizes would be alike.

    The tensors are those of the call that a finding is about; the layer is the one that made one of them, or made what
    activations and normalisations have changed since.
    """
    way = analysis.way_of(found)
    if way is not None:
        yield from _solutions(way.calls[found.call], way.calls[: found.call])


def _solutions(joined: Call, before: Sequence[Call]) -> Iterator[tuple[Call, str, int]]:
    for tensor in joined.inputs:
        layer = _maker(tensor, before)
        others = [t for t in joined.inputs if t is not tensor and t.rank == tensor.rank]
        if layer is None or not others:
            continue
        wanted = others[0].shape[2:]
        for argument, least in (_OF_TRANSPOSED if "transpose" in layer.op else _OF_CONVOLUTION).items():
            fitting = [value for value in range(least, _MOST + 1) if _fits(layer, argument, value, wanted)]
            if len(fitting) == 1:
                yield layer, argument, fitting[0]


def _maker(tensor: Tensor, before: Sequence[Call]) -> Call | None:
    """The convolution that a tensor comes from, through calls that keep its shape."""
    for call in reversed(before):
        if not any(made is tensor for made in call.outputs):
            continue
        if call.op.startswith("conv"):
            return call if call.module else None
        if not call.inputs or call.output.shape != call.input.shape:
            return None
        tensor = call.input
    return None


def _fits(layer: Call, argument: str, value: int, wanted: Sequence[Size]) -> bool:
    names = ("kernel_size", "stride", "padding", "dilation", "output_padding")
    if argument == "kernel_size" and set(layer.parameters[argument]) == {1}:
        return False  # A kernel of one pixel is meant.
    given: dict[str, Any] = {"output_padding": 0, **layer.parameters, argument: value}
    if any(isinstance(given[name], str) for name in names):
        return False
    columns = [v if isinstance(v := given[name], (tuple, list)) else (v,) * len(wanted) for name in names]
    rows = list(zip(layer.input.shape[-len(wanted) :], wanted, *columns, strict=True))
    if "transpose" not in layer.op:
        # More padding than half of the kernel is nothing but padding.
        usual = all(2 * p <= reach(k, d) for _, _, k, _, p, d, _ in rows)
        return usual and all(equal(window_out(size, k, s, p, p, d), want) for size, want, k, s, p, d, _ in rows)
    possible = all(extra < max(s, d) for _, _, _, s, _, d, extra in rows)
    return possible and all(equal(transposed_out(size, *arguments), want) for size, want, *arguments in rows)
