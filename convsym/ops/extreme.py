"""Values that are chosen with their positions: max, min, median, mode, kthvalue, cummax, cummin, aminmax."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from convsym.graph.backward import Backward, Saved, keeps_both, keeps_positions
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.binary import binary
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.elementwise import REAL, require_kind
from convsym.ops.reduce import EVERY, numpy_names, one_axis, require_some, without
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import all_of, ge, le


def _all(op: str, site: Site, input: Tensor, kinds: str, needs_some: bool) -> Outcome:
    require_kind(site, op, input.dtype, kinds)
    if needs_some:
        require_some(site, op, input.shape)
    output = Tensor((), input.dtype)
    return Outcome(output, Cost(elementwise=input.numel), backward=keeps_both((input,), (output,)))


def _along(op: str, kinds: str, site: Site, input: Tensor, dim: int, keepdim: bool, k: Size | None = None) -> Outcome:
    axes = (one_axis(site, op, input, dim),)
    require_kind(site, op, input.dtype, kinds)
    sizes = tuple(input.shape[a] for a in axes) if input.rank else ()
    require_some(site, op, sizes)
    if k is not None:
        site.require(
            "index-out-of-range",
            all_of(ge(k, 1), *(le(k, size) for size in sizes or (1,))),
            "{} asks for element {} of {}",
            op,
            k,
            sizes[0] if sizes else 1,
            help="choose k from 1 to the size of the axis",
        )
    values = Tensor(without(input.shape, axes, bool(keepdim)), input.dtype)
    made = (values, values.as_dtype(torch.int64))
    return Outcome(getattr(torch.return_types, op)(made), Cost(elementwise=input.numel))


def largest(
    op: str, site: Site, input: Tensor, dim: Any = EVERY, keepdim: bool = False, *, other: Any = None
) -> Outcome:
    """max and min: of all elements, along one axis with positions, or of two tensors element by element."""
    if isinstance(dim, Tensor) or other is not None:
        other = dim if other is None else other
        return binary("maximum" if op == "max" else "minimum", REAL, "same", "none", site, input, other)
    if dim is EVERY:
        return _all(op, site, input, REAL, True)
    return _along(op, REAL, site, input, dim, keepdim)


def median(op: str, site: Site, input: Tensor, dim: Any = EVERY, keepdim: bool = False) -> Outcome:
    """median and nanmedian: of all elements, or along one axis with positions."""
    return _all(op, site, input, "uihf", False) if dim is EVERY else _along(op, "uihf", site, input, dim, keepdim)


def mode(site: Site, input: Tensor, dim: int = -1, keepdim: bool = False) -> Outcome:
    """The most frequent value along one axis, with its position."""
    return _along("mode", REAL, site, input, dim, keepdim)


def kthvalue(site: Site, input: Tensor, k: Size, dim: int = -1, keepdim: bool = False) -> Outcome:
    """The k-th smallest value along one axis, counted from 1, with its position."""
    return _along("kthvalue", "uihf", site, input, dim, keepdim, k)


def running(op: str, site: Site, input: Tensor, dim: int) -> Outcome:
    """cummax and cummin: the running extreme along one axis, with positions; of no elements along any axis."""
    if not (isinstance(dim, int) and 0 in input.shape):
        one_axis(site, op, input, dim)
    require_kind(site, op, input.dtype, REAL)
    values = input.with_shape(*input.shape)
    indices = values.as_dtype(torch.int64)
    made = getattr(torch.return_types, op)((values, indices))
    return Outcome(made, Cost(elementwise=input.numel), backward=Backward((Saved(input), Saved(indices))))


def aminmax(site: Site, input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Outcome:
    """Smallest and largest together, along one axis or of all elements."""
    axes = tuple(range(input.rank)) if dim is None else (one_axis(site, "aminmax", input, dim),)
    require_kind(site, "aminmax", input.dtype, REAL)
    require_some(site, "aminmax", tuple(input.shape[a] for a in axes) if input.rank else ())
    shape = without(input.shape, axes, bool(keepdim))
    made = (Tensor(shape, input.dtype), Tensor(shape, input.dtype))
    backward = Backward(tuple(map(Saved, (input, *made))))
    return Outcome(torch.return_types.aminmax(made), Cost(elementwise=input.numel), backward=backward)  # type: ignore[arg-type]


RULES = keeping(
    keeps_positions,
    *(OpRule(op, numpy_names(partial(largest, op)), spellings(op)) for op in ("max", "min")),
    *(OpRule(op, numpy_names(partial(median, op)), spellings(op)) for op in ("median", "nanmedian")),
    OpRule("mode", numpy_names(mode), spellings("mode")),
    OpRule("kthvalue", numpy_names(kthvalue), spellings("kthvalue")),
    *(OpRule(op, numpy_names(partial(running, op)), spellings(op)) for op in ("cummax", "cummin")),
    OpRule("aminmax", numpy_names(aminmax), spellings("aminmax")),
)
