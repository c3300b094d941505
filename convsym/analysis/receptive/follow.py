"""The receptive fields of a model, call by call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from convsym.analysis.receptive.field import START, Field, Fields, aligned
from convsym.analysis.receptive.rules import after
from convsym.analysis.receptive.seen import Axes, Seen
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor

#: Where tensors are joined pixel by pixel.
_JOINS = frozenset({"add", "sub", "mul", "div", "cat", "stack", "maximum", "minimum"})


@dataclass(frozen=True, slots=True)
class Misaligned:
    """A call that joins grids along one spatial axis whose pixels do not stand over the same input pixels.

    `centres` are where the first pixel of each operand stands, in input pixels, `strides` how far its neighbours are.
    """

    call: Call
    axis: int
    centres: tuple[Fraction, ...]
    strides: tuple[Fraction, ...]


def receptive_fields(calls: Sequence[Call], inputs: Sequence[Tensor]) -> Mapping[int, Fields]:
    """The receptive field of each call whose output still has grids over the input, by call index.

    There is one `Field` for each spatial axis, in their order. A call is left out after an operation that mixes all
    pixels (a flattening, global pooling, attention), or whose sampling depends on the sizes (interpolation to a given
    size), or of which it is not known what it reads.
    """
    known = _followed(calls, inputs)
    found = {}
    for call in calls:
        seen = known.get(id(call.output))
        if isinstance(seen, tuple) and any(seen) and any(id(t) in known for t in call.inputs):
            found[call.index] = tuple(field for field in seen if field is not None)
    return found


def misaligned(calls: Sequence[Call], inputs: Sequence[Tensor]) -> tuple[Misaligned, ...]:
    """Every join of grids that do not stand over the same input pixels, such as a skip past an even kernel."""
    known = _followed(calls, inputs)
    found: list[Misaligned] = []
    for call in calls:
        operands = [seen for t in call.inputs if isinstance(seen := known.get(id(t)), tuple)]
        if call.op not in _JOINS or len(operands) < 2 or not isinstance(known.get(id(call.output)), tuple):
            continue
        for axis, fields in enumerate(_by_axis(operands)):
            if not aligned(fields):
                centres = tuple(f.centre for f in fields)
                found.append(Misaligned(call, axis, centres, tuple(f.stride for f in fields)))
    return tuple(found)


def _by_axis(operands: Sequence[Axes]) -> list[list[Field]]:
    grids = [[field for field in axes if field is not None] for axes in operands]
    return [list(fields) for fields in zip(*grids, strict=False)]


def _followed(calls: Sequence[Call], inputs: Sequence[Tensor]) -> dict[int, Seen]:
    known: dict[int, Seen] = {}
    for tensor in inputs:
        spatial = tensor.rank - 2 if tensor.rank in (3, 4, 5) else 0
        known[id(tensor)] = (*(None for _ in range(tensor.rank - spatial)), *(START for _ in range(spatial)))
    for call in calls:
        given = [(tensor, known.get(id(tensor))) for tensor in call.inputs]
        if any(seen is not None for _, seen in given):
            seen = after(call, given)
            for tensor in call.outputs:
                known[id(tensor)] = seen
    return known
