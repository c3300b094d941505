"""What an operation does to the axes of a tensor: which of them are still grids over the input, and which grids.

A tensor that depends on the input has a `Field` for each axis that is a grid over it and None for the others (batch,
channels); or it is `Lost.WHOLE`, where every element may depend on every pixel, or `Lost.UNKNOWN`, where that cannot be
told. Statistics of a normalisation are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from fractions import Fraction
from typing import Any, TypeAlias

from convsym.analysis.receptive.field import Field, joined
from convsym.analysis.receptive.parameters import window_arguments
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.ops import (
    activation,
    batch_norm,
    binary,
    compare,
    convert,
    dropout,
    memory,
    normalise,
    special,
    ternary,
    unary,
)
from convsym.sizes.arithmetic import product


class Lost(Enum):
    """What is known of a tensor whose axes are no grids over the input."""

    WHOLE = "every element may depend on the whole input"
    UNKNOWN = "what an element depends on is not known"


Axes: TypeAlias = tuple[Field | None, ...]
Seen: TypeAlias = Axes | Lost
Given: TypeAlias = Sequence[tuple[Tensor, Seen | None]]

_FAMILIES = (
    *(activation, batch_norm, binary, compare, convert, dropout, memory, normalise, special, ternary, unary),
)
LOCAL = frozenset(rule.name for family in _FAMILIES for rule in family.RULES) | {"channel_shuffle", "where", "detach"}


def after(call: Call, given: Given) -> Seen:
    """What is known of a call's outputs; `given` pairs its inputs with what is known of them, None where they do not
    depend on the input."""
    known = [seen for _, seen in given if seen is not None]
    if Lost.UNKNOWN in known:
        return Lost.UNKNOWN
    rule = RULES.get(call.op)
    if rule is not None:
        return rule(call, given)
    return together(call, given) if call.op in LOCAL else Lost.UNKNOWN


def together(call: Call, given: Given) -> Seen:
    """Element by element, broadcast against each other from the last axis."""
    shape = call.output.shape
    by_axis: list[list[Field]] = [[] for _ in shape]
    for tensor, seen in given:
        if not isinstance(seen, tuple):
            continue
        if len(seen) > len(shape):
            return Lost.UNKNOWN
        offset = len(shape) - len(seen)
        for axis, field in enumerate(seen):
            if field is not None:
                if tensor.shape[axis] != shape[axis + offset]:
                    return Lost.UNKNOWN
                by_axis[axis + offset].append(field)
    if not any(by_axis):
        return Lost.WHOLE
    whole = any(seen is Lost.WHOLE for _, seen in given)
    made = [joined(fields) if fields else None for fields in by_axis]
    return tuple(replace(f, sees_all=True) if f is not None and whole else f for f in made)


def _first(given: Given) -> Seen:
    seen = given[0][1] if given else None
    return Lost.UNKNOWN if seen is None else seen


def _window(call: Call, given: Given) -> Seen:
    return _each_window(call, given, Field.windowed)


def _transposed_window(call: Call, given: Given) -> Seen:
    return _each_window(call, given, Field.transposed)


def _each_window(call: Call, given: Given, change: Callable[..., Field]) -> Seen:
    seen = _first(given)
    count = int(call.op[-2])
    if seen is Lost.WHOLE:
        return seen
    arguments = window_arguments(call.parameters, count)
    # A window over an axis that is no grid, or a weight computed from the input, mixes what is not followed.
    if arguments is None or not isinstance(seen, tuple) or any(other is not None for _, other in given[1:]):
        return Lost.UNKNOWN
    below = seen[-count:]
    if any(field is None for field in below) or any(field is not None for field in seen[:-count]):
        return Lost.UNKNOWN
    fields = [change(f, *numbers) for f, numbers in zip(below, arguments, strict=True) if f is not None]
    return (*(None for _ in range(call.output.rank - count)), *fields)


def _pooled_to_size(call: Call, given: Given) -> Seen:
    sizes = call.parameters.get("output_size")
    return Lost.WHOLE if isinstance(sizes, tuple) and all(size == 1 for size in sizes) else Lost.UNKNOWN


def _padded(call: Call, given: Given) -> Seen:
    seen, pads = _first(given), call.parameters.get("pad")
    if not isinstance(seen, tuple) or not isinstance(pads, (tuple, list)):
        return seen if seen is Lost.WHOLE else Lost.UNKNOWN
    made = list(seen)
    for position, before in enumerate(pads[::2]):
        field = made[-1 - position]
        if field is not None:
            if not isinstance(before, int):
                return Lost.UNKNOWN
            made[-1 - position] = field.shifted(-before)
    return tuple(made)


#: How many coarse pixels each side of the point that is interpolated, along one axis.
_NEIGHBOURS = {"linear": 2, "bilinear": 2, "trilinear": 2, "bicubic": 4}


def _interpolated(call: Call, given: Given) -> Seen:
    seen, factor = _first(given), call.parameters.get("scale_factor")
    if not isinstance(seen, tuple) or call.parameters.get("align_corners"):
        return seen if seen is Lost.WHOLE else Lost.UNKNOWN
    axes = [axis for axis, field in enumerate(seen) if field is not None]
    factors = factor if isinstance(factor, (tuple, list)) else (factor,) * len(axes)
    if len(factors) != len(axes) or any(f is None or f != int(f) or f < 1 for f in factors):
        return Lost.UNKNOWN
    made = list(seen)
    for axis, each in zip(axes, map(int, factors), strict=True):
        neighbours = _NEIGHBOURS.get(str(call.parameters.get("mode")), 1)
        # Between pixels, an odd factor hits the coarse ones themselves.
        reach = neighbours * each - (each % 2 if neighbours > 1 else 0)
        centred = Fraction(reach - each, 2)
        field = made[axis]
        assert field is not None
        made[axis] = field.transposed(reach, each, centred, 1)
    return tuple(made)


def _shuffled(call: Call, given: Given) -> Seen:
    return _on_all(given, lambda field: field.transposed(factor, factor, 0, 1)) if (
        factor := _whole_number(call.parameters.get("upscale_factor"))
    ) else Lost.UNKNOWN


def _unshuffled(call: Call, given: Given) -> Seen:
    return _on_all(given, lambda field: field.windowed(factor, factor, 0, 1)) if (
        factor := _whole_number(call.parameters.get("downscale_factor"))
    ) else Lost.UNKNOWN


def _whole_number(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 1 else None


def _on_all(given: Given, change: Callable[[Field], Field]) -> Seen:
    seen = _first(given)
    if not isinstance(seen, tuple):
        return seen
    return tuple(None if field is None else change(field) for field in seen)


def _permuted(call: Call, given: Given) -> Seen:
    seen = _first(given)
    order = _order(call.parameters, call.input.rank)
    if not isinstance(seen, tuple):
        return seen
    return Lost.UNKNOWN if order is None else tuple(seen[axis] for axis in order)


def _order(parameters: Mapping[str, Any], rank: int) -> list[int] | None:
    axes = list(range(rank))
    if "dims" in parameters:
        return [axes[d] for d in parameters["dims"]]
    if "dim0" in parameters:
        a, b = axes[parameters["dim0"]], axes[parameters["dim1"]]
        axes[a], axes[b] = axes[b], axes[a]
        return axes
    if "source" not in parameters:
        return None
    source, target = parameters["source"], parameters["destination"]
    sources = [source] if isinstance(source, int) else list(source)
    targets = [target] if isinstance(target, int) else list(target)
    moved = {axes[t]: axes[s] for s, t in zip(sources, targets, strict=True)}
    rest = iter(axis for axis in axes if axis not in moved.values())
    return [moved[axis] if axis in moved else next(rest) for axis in axes]


def _concatenated(call: Call, given: Given) -> Seen:
    dim = call.parameters.get("dim")
    if not isinstance(dim, int):
        return Lost.UNKNOWN
    for _, seen in given:
        if isinstance(seen, tuple) and seen[dim] is not None:
            return Lost.UNKNOWN
    return together(call, given)


def _stacked(call: Call, given: Given) -> Seen:
    dim = call.parameters.get("dim")
    if not isinstance(dim, int):
        return Lost.UNKNOWN
    at = dim % call.output.rank
    wider: list[tuple[Tensor, Seen | None]] = []
    for tensor, seen in given:
        if isinstance(seen, tuple):
            shape = (*tensor.shape[:at], 1, *tensor.shape[at:])
            wider.append((tensor.with_shape(*shape), (*seen[:at], None, *seen[at:])))
        else:
            wider.append((tensor, seen))
    return together(call, wider)


def _product(call: Call, given: Given) -> Seen:
    """A product with a weight mixes the last axis only; one with what depends on the input mixes everything."""
    seen = _first(given)
    mixes_grid = not isinstance(seen, tuple) or seen[-1] is not None or len(seen) != call.output.rank
    others = any(other is not None for _, other in given[1:])
    return Lost.WHOLE if mixes_grid or others else seen


def _normalised_over(call: Call, given: Given) -> Seen:
    seen, dim = _first(given), call.parameters.get("dim")
    if isinstance(seen, tuple) and isinstance(dim, int) and seen[dim] is None:
        return seen
    return Lost.WHOLE


def _reduced(call: Call, given: Given) -> Seen:
    seen, output = _first(given), call.output
    if not isinstance(seen, tuple):
        return seen
    before = call.input.shape
    if len(before) == output.rank:
        pairs = zip(seen, before, output.shape, strict=True)
        return Lost.WHOLE if any(f is not None and a != b for f, a, b in pairs) else seen
    grids = [axis for axis, field in enumerate(seen) if field is not None]
    kept = len(before) - min(grids, default=0)
    # Channels are reduced before the grids, which then still stand at the end.
    if output.rank == len(before) - 1 and output.rank >= kept and output.shape[-kept:] == before[-kept:]:
        return (*(None for _ in range(output.rank - kept)), *seen[-kept:])
    return Lost.WHOLE


def _reshaped(call: Call, given: Given) -> Seen:
    """Axes that are grids must come through unchanged; the others may be merged and split between them."""
    seen, before, after_shape = _first(given), call.input.shape, call.output.shape
    if not isinstance(seen, tuple):
        return seen
    made: list[Field | None] = []
    start = 0
    for axis, field in enumerate(seen):
        if field is None:
            continue
        skipped = product(before[start:axis])
        length = next(
            (n for n in range(len(after_shape) - len(made) + 1) if product(after_shape[len(made) : len(made) + n]) == skipped),
            None,
        )
        if length is None:
            return Lost.UNKNOWN
        if axis == start:
            length = 0
        made += [None] * length
        if len(made) >= len(after_shape) or after_shape[len(made)] != before[axis]:
            return Lost.UNKNOWN
        made.append(field)
        start = axis + 1
    if product(before[start:]) != product(after_shape[len(made) :]):
        return Lost.UNKNOWN
    return (*made, *(None for _ in after_shape[len(made) :]))


def _part(call: Call, given: Given) -> Seen:
    """A part along some axes: grids must be whole, or cut where it is known."""
    seen, before, output = _first(given), call.input.shape, call.output
    if not isinstance(seen, tuple):
        return seen
    dim = call.parameters.get("dim")
    if output.rank == len(before) - 1 and isinstance(dim, int) and seen[dim] is None:
        at = dim % len(before)
        return (*seen[:at], *seen[at + 1 :])
    if output.rank != len(before) or len(given) > 1:
        return Lost.UNKNOWN
    made: list[Field | None] = []
    for axis, (field, a, b) in enumerate(zip(seen, before, output.shape, strict=True)):
        if field is None or a == b:
            made.append(field)
            continue
        first = call.parameters.get("start")
        if not isinstance(dim, int) or dim % len(before) != axis or not isinstance(first, int) or first < 0:
            return Lost.UNKNOWN
        made.append(field.shifted(first))
    return tuple(made)


def _repeated(call: Call, given: Given) -> Seen:
    seen, before, output = _first(given), call.input.shape, call.output
    if not isinstance(seen, tuple):
        return seen
    offset = output.rank - len(before)
    same = all(f is None or before[i] == output.shape[i + offset] for i, f in enumerate(seen))
    return (*(None for _ in range(offset)), *seen) if same and offset >= 0 else Lost.UNKNOWN


RULES: Mapping[str, Callable[[Call, Given], Seen]] = {
    **{f"{name}{n}d": _window for name in ("conv", "max_pool", "avg_pool", "lp_pool") for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": _transposed_window for n in (1, 2, 3)},
    **{f"adaptive_{kind}_pool{n}d": _pooled_to_size for kind in ("avg", "max") for n in (1, 2, 3)},
    **dict.fromkeys(("chunk", "split", "tensor_split", "unbind", "select", "narrow", "getitem"), _part),
    **dict.fromkeys(("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as"), _reshaped),
    **dict.fromkeys(("mean", "sum", "amax", "amin", "max", "min", "std", "var", "norm", "logsumexp", "prod"), _reduced),
    **dict.fromkeys(("linear", "matmul", "bmm", "mm", "einsum", "scaled_dot_product_attention"), _product),
    **dict.fromkeys(("softmax", "log_softmax", "softmin"), _normalised_over),
    **dict.fromkeys(("permute", "transpose"), _permuted),
    **dict.fromkeys(("expand", "repeat"), _repeated),
    "cat": _concatenated,
    "stack": _stacked,
    "pad": _padded,
    "interpolate": _interpolated,
    "pixel_shuffle": _shuffled,
    "pixel_unshuffle": _unshuffled,
}
