"""How operands of different shapes and dtypes meet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import Site
from convsym.sizes.arithmetic import Size, Unknown, equal, maximum
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import TRUE, all_of, any_of, eq, ge
from convsym.sizes.truth import Truth

Shape = tuple[Size, ...]


def broadcast(site: Site, *shapes: Shape, op: str = "the operation") -> Shape:
    """The common shape of some operands: aligned at the last axis, where a size of one stretches.

    Requires of each pair of sizes that they are equal or that one of them is 1. After a mismatch the size is unknown,
    so that what follows is judged by itself.
    """
    rank = max(map(len, shapes), default=0)
    result: list[Size] = []
    for axis in range(-rank, 0):
        out: Size = 1
        for shape in shapes:
            if len(shape) >= -axis:
                out = _meet(site, out, shape[axis], axis, op)
        result.append(out)
    return tuple(result)


def _meet(site: Site, a: Size, b: Size, axis: int, op: str) -> Size:
    if b == 1 or equal(a, b):
        return a
    if a == 1:
        return b
    a, b = site.settled(a), site.settled(b)
    same = eq(a, b)
    if not site.require(
        "broadcast-mismatch",
        any_of(same, eq(a, 1), eq(b, 1)),
        "{} meets sizes {} and {} on axis {}, which must be equal, or one of them 1",
        op,
        a,
        b,
        str(axis),
        help="bring both operands to one size: pad, crop or interpolate one of them, or change its layer",
    ):
        return site.unknown(min(a, b) if isinstance(a, int) and isinstance(b, int) else 1)
    if isinstance(b, int):
        return b
    if isinstance(a, int) or site.decide(same) is Truth.YES:
        return a
    if site.decide(all_of(ge(a, 1), ge(b, 1))) is not Truth.YES:
        # Nothing stretched stays nothing; a rare case, which is followed by itself.
        if site.holds(same):
            return a
        return piecewise([(eq(a, 1), b), (TRUE, a)])
    # Where one of them may be 1 the result is the larger of the two; mostly it cannot be.
    if site.decide(ge(a, b)) is Truth.YES:
        return a
    if site.decide(ge(b, a)) is Truth.YES:
        return b
    return maximum(a, b)


def mismatched(output: Tensor, operands: Iterable[Any]) -> bool:
    """Whether a size of the common shape is unknown though it is of no operand: they did not fit."""
    given: set[Size] = {size for operand in operands if isinstance(operand, Tensor) for size in operand.shape}
    return any(isinstance(size, Unknown) and size not in given for size in output.shape)


def result_dtype(*operands: Any) -> torch.dtype:
    """The dtype of an operation on tensors and Python numbers, by torch's rules of promotion.

    A tensor with axes outranks a tensor without, which outranks a number, unless of a higher kind.
    """
    with_axes = [o.dtype for o in operands if isinstance(o, Tensor) and o.rank]
    without = [o.dtype for o in operands if isinstance(o, Tensor) and not o.rank]
    numbers = [_number_dtype(o) for o in operands if not isinstance(o, Tensor) and o is not None]
    result: torch.dtype | None = None
    for group in (with_axes, without, numbers):
        if not group:
            continue
        joined = group[0]
        for dtype in group[1:]:
            joined = torch.promote_types(joined, dtype)
        if result is None:
            result = joined
        elif _kind(joined) > _kind(result):
            # A number brings its kind, not its width: int tensor + 1.5 is the default float.
            result = _default_of(joined, result) if group is not with_axes else torch.promote_types(joined, result)
    return result if result is not None else torch.get_default_dtype()


def _number_dtype(value: Any) -> torch.dtype:
    if isinstance(value, bool):
        return torch.bool
    if isinstance(value, complex):
        return torch.complex64
    if isinstance(value, float):
        return torch.get_default_dtype()
    if isinstance(value, int) or getattr(value, "is_integer", None):
        return torch.int64
    return torch.get_default_dtype()


def _kind(dtype: torch.dtype) -> int:
    if dtype == torch.bool:
        return 0
    if dtype.is_complex:
        return 3
    return 2 if dtype.is_floating_point else 1


def _default_of(dtype: torch.dtype, below: torch.dtype) -> torch.dtype:
    if dtype.is_complex:
        return below.to_complex() if below.is_floating_point else dtype
    return dtype


def true_dtype(dtype: torch.dtype) -> torch.dtype:
    """The dtype of operations that always give a float: integers become the default float."""
    return dtype if dtype.is_floating_point or dtype.is_complex else torch.get_default_dtype()
