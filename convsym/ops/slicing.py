"""Parts of one axis: slices with bounds from either end, single positions, and narrow views."""

from __future__ import annotations

from typing import Any

from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import Site
from convsym.ops.strides import normal, strides_of
from convsym.sizes.arithmetic import Size, add, ceil_div, maximum, minimum, multiply, subtract
from convsym.sizes.condition import all_of, ge, gt, le, lt
from convsym.sizes.truth import Truth


def least(site: Site, a: Size, b: Size) -> Size:
    """The smaller of two sizes: one of them where it surely is, else their symbolic minimum."""
    if type(a) is int and type(b) is int:
        return min(a, b)
    if site.decide(le(a, b)) is Truth.YES:
        return a
    if site.decide(le(b, a)) is Truth.YES:
        return b
    return minimum(a, b)


def greatest(site: Site, a: Size, b: Size) -> Size:
    """The larger of two sizes: one of them where it surely is, else their symbolic maximum."""
    if type(a) is int and type(b) is int:
        return max(a, b)
    if site.decide(ge(a, b)) is Truth.YES:
        return a
    if site.decide(ge(b, a)) is Truth.YES:
        return b
    return maximum(a, b)


def bound(site: Site, value: Size, size: Size) -> Size:
    """A slice bound brought into 0 .. size; below zero it counts from the end."""
    if type(value) is int:
        if value == 0:
            return 0
        if value < 0:
            return greatest(site, add(size, value), 0)
        return least(site, value, size)
    if site.holds(ge(value, 0)):
        return least(site, value, size)
    return greatest(site, add(size, value), 0)


def slice_bounds(site: Site, size: Size, start: Size | None, stop: Size | None) -> tuple[Size, Size]:
    """Where a slice of an axis starts, and how many elements it spans."""
    first = 0 if start is None else bound(site, start, size)
    last = size if stop is None else bound(site, stop, size)
    return first, greatest(site, subtract(last, first), 0)


def sliced(site: Site, input: Tensor, axis: int, start: Size | None, stop: Size | None, step: Size = 1) -> Tensor:
    """`input[..., start:stop:step]` on one axis, as a view."""
    size = input.shape[axis]
    if start in (None, 0) and stop is None and step == 1:
        return input
    _, span = slice_bounds(site, size, start, stop)
    return part(input, axis, ceil_div(span, step), step)


def part(input: Tensor, axis: int, size: Size, step: Size = 1) -> Tensor:
    """A view of `size` elements of one axis, `step` apart."""
    shape = (*input.shape[:axis], size, *input.shape[axis + 1 :])
    strides = strides_of(input)
    if step != 1:
        strides = (*strides[:axis], multiply(strides[axis], step), *strides[axis + 1 :])
    return input.view(shape, normal(shape, strides))


def at_position(input: Tensor, axis: int) -> Tensor:
    """A view without one axis: one position of it."""
    shape = (*input.shape[:axis], *input.shape[axis + 1 :])
    if input.strides is None and axis == 0:
        return input.view(shape)
    strides = strides_of(input)
    return input.view(shape, normal(shape, (*strides[:axis], *strides[axis + 1 :])))


def require_index(site: Site, op: str, index: Any, size: Size, axis: int) -> bool:
    """A position on an axis: from -size to size - 1."""
    if type(index) is int:
        inside = gt(size, index) if index >= 0 else ge(size, -index)
    else:
        inside = all_of(lt(index, size), ge(add(index, size), 0))
    return site.require(
        "index-out-of-range",
        inside,
        "{} takes position {} of axis {}, which has size {}",
        op,
        index,
        str(axis),
        size,
        help="use an index inside the axis, or a larger input",
    )
