"""How much of the input an output pixel sees.

Along every axis a spatial tensor is a grid over the input: neighbouring pixels stand `stride` input pixels apart, each
sees `size` of them, and the first one's centre lies at `centre`. A window of kernel_size k, stride s, padding p and
dilation d makes of it (Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", 2019)

    size' = size + d (k - 1) stride      stride' = stride s      centre' = centre + (d (k - 1) / 2 - p) stride

and its transpose, with the fine grid's stride being stride / s, sees at most ceil((d (k - 1) + 1) / s) coarse pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from convsym.graph.call import Call
from convsym.graph.tensor import Tensor

WINDOWS = frozenset(f"{name}{axes}d" for name in ("conv", "max_pool", "avg_pool", "lp_pool") for axes in (1, 2, 3))
TRANSPOSED = frozenset(f"conv_transpose{axes}d" for axes in (1, 2, 3))


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field along one axis, in input pixels; `smallest` differs from `size` where branches join."""

    size: int
    smallest: int
    stride: Fraction
    centre: Fraction


Fields = tuple[Field, ...]


def receptive_fields(calls: Sequence[Call], inputs: Sequence[Tensor]) -> Mapping[int, Fields]:
    """The receptive field of each spatial call, by call index, one `Field` for each spatial axis.

    A call is left out where the field is not defined: after an operation that mixes all pixels (a flattening, global
    pooling, attention), or whose sampling depends on the sizes (interpolation to a given size).
    """
    known: dict[int, Fields] = {}
    found: dict[int, Fields] = {}
    for tensor in inputs:
        if tensor.rank in (3, 4, 5):
            start = Field(1, 1, Fraction(1), Fraction(0))
            known[id(tensor)] = (start,) * (tensor.rank - 2)
    for call in calls:
        fields = _after(call, [known[id(t)] for t in call.inputs if id(t) in known])
        if fields is not None and call.output.rank >= len(fields) + 1:
            found[call.index] = fields
            for tensor in call.outputs:
                known[id(tensor)] = fields
    return found


def _after(call: Call, given: list[Fields]) -> Fields | None:
    if not given:
        return None
    if call.op in WINDOWS:
        return _windowed(given[0], call.parameters)
    if call.op in TRANSPOSED:
        return _transposed(given[0], call.parameters)
    same_axes = call.output.rank == call.input.rank and call.output.shape[2:] == call.input.shape[2:]
    if same_axes and call.op not in ("matmul", "linear", "softmax") and len({len(g) for g in given}) == 1:
        return tuple(_joined(axis) for axis in zip(*given, strict=True))
    return None


def _numbers(value: Any, axes: int) -> tuple[int, ...] | None:
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
    if len(values) == 1:
        values = values * axes
    return values if len(values) == axes and all(isinstance(v, int) for v in values) else None


def _arguments(fields: Fields, parameters: Mapping[str, Any]) -> list[tuple[int, ...]] | None:
    axes = len(fields)
    kernel = _numbers(parameters.get("kernel_size"), axes)
    stride = _numbers(parameters.get("stride") or kernel, axes)
    dilation = _numbers(parameters.get("dilation", 1), axes)
    padding = parameters.get("padding", 0)
    if kernel is None or stride is None or dilation is None:
        return None
    if padding == "valid":
        pads: tuple[int, ...] | None = (0,) * axes
    elif padding == "same":
        pads = tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    else:
        pads = _numbers(padding, axes)
    return None if pads is None else list(zip(kernel, stride, dilation, pads, strict=True))


def _windowed(fields: Fields, parameters: Mapping[str, Any]) -> Fields | None:
    arguments = _arguments(fields, parameters)
    if arguments is None:
        return None
    return tuple(
        Field(
            size=f.size + int(d * (k - 1) * f.stride),
            smallest=f.smallest + int(d * (k - 1) * f.stride),
            stride=f.stride * s,
            centre=f.centre + (Fraction(d * (k - 1), 2) - p) * f.stride,
        )
        for f, (k, s, d, p) in zip(fields, arguments, strict=True)
    )


def _transposed(fields: Fields, parameters: Mapping[str, Any]) -> Fields | None:
    arguments = _arguments(fields, parameters)
    if arguments is None:
        return None
    return tuple(
        Field(
            size=f.size + int((-(-(d * (k - 1) + 1) // s) - 1) * f.stride),
            smallest=f.smallest,
            stride=f.stride / s,
            centre=f.centre - (Fraction(d * (k - 1), 2) - p) * f.stride / s,
        )
        for f, (k, s, d, p) in zip(fields, arguments, strict=True)
    )


def _joined(fields: tuple[Field, ...]) -> Field:
    largest = max(fields, key=lambda f: f.size)
    return Field(largest.size, min(f.smallest for f in fields), largest.stride, largest.centre)
