"""Operations that join tensors element by element, or move, merge, split and drop axes; the grids stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from convsym.analysis.receptive.field import Field, joined
from convsym.analysis.receptive.seen import Given, Lost, Seen, first
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import product


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


def permuted(call: Call, given: Given) -> Seen:
    seen = first(given)
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


def concatenated(call: Call, given: Given) -> Seen:
    dim = call.parameters.get("dim")
    if not isinstance(dim, int):
        return Lost.UNKNOWN
    for _, seen in given:
        if isinstance(seen, tuple) and seen[dim] is not None:
            return Lost.UNKNOWN
    return together(call, given)


def stacked(call: Call, given: Given) -> Seen:
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


def matrix_product(call: Call, given: Given) -> Seen:
    """A product with a weight mixes the last axis only; one with what depends on the input mixes everything."""
    seen = first(given)
    mixes_grid = not isinstance(seen, tuple) or seen[-1] is not None or len(seen) != call.output.rank
    others = any(other is not None for _, other in given[1:])
    return Lost.WHOLE if mixes_grid or others else seen


def normalised_over(call: Call, given: Given) -> Seen:
    seen, dim = first(given), call.parameters.get("dim")
    if isinstance(seen, tuple) and isinstance(dim, int) and seen[dim] is None:
        return seen
    return Lost.WHOLE


def reduced(call: Call, given: Given) -> Seen:
    if len(given) > 1:
        return together(call, given)
    seen, output = first(given), call.output
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


def reshaped(call: Call, given: Given) -> Seen:
    """Axes that are grids must come through unchanged; the others may be merged and split between them."""
    seen, before, after_shape = first(given), call.input.shape, call.output.shape
    if not isinstance(seen, tuple):
        return seen
    made: list[Field | None] = []
    start = 0
    for axis, field in enumerate(seen):
        if field is None:
            continue
        skipped = product(before[start:axis])
        length = next(
            (
                n
                for n in range(len(after_shape) - len(made) + 1)
                if product(after_shape[len(made) : len(made) + n]) == skipped
            ),
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


def part(call: Call, given: Given) -> Seen:
    """A part along some axes: grids must be whole, or cut where it is known."""
    seen, before, output = first(given), call.input.shape, call.output
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
        start = call.parameters.get("start")
        if not isinstance(dim, int) or dim % len(before) != axis or not isinstance(start, int) or start < 0:
            return Lost.UNKNOWN
        made.append(field.shifted(start))
    return tuple(made)


def repeated(call: Call, given: Given) -> Seen:
    seen, before, output = first(given), call.input.shape, call.output
    if not isinstance(seen, tuple):
        return seen
    offset = output.rank - len(before)
    same = all(f is None or before[i] == output.shape[i + offset] for i, f in enumerate(seen))
    return (*(None for _ in range(offset)), *seen) if same and offset >= 0 else Lost.UNKNOWN
