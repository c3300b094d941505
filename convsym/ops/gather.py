"""Picking and placing by tensors of positions: gather, scatter, index_select, take, index_add, index_copy, index_fill.

Picking and placing cost nothing; what is added up on the way is one element-wise operation per element placed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch

from convsym.graph.backward import Backward, Saved, keeps_all, keeps_everything, keeps_positions
from convsym.graph.call import FREE, Cost
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis
from convsym.ops.broadcast import broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.dtypes import require_dtype
from convsym.ops.index import extremes, picked, require_broadcasts_to
from convsym.ops.layout import elementwise_strides
from convsym.ops.reduce import numpy_names
from convsym.sizes.arithmetic import Size, product
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ge, gt, le

_INDEX = (torch.int64, torch.int32)


def _axes(input: Tensor) -> tuple[Size, ...]:
    """A shape, a number standing for a vector of one element."""
    return input.shape or (1,)


def require_inside(
    site: Site, op: str, index: Tensor, size: Size, negative: bool = False, unless: Condition = FALSE
) -> None:
    """Positions whose numbers are known must lie on the axis; there can be none on an empty one."""
    ends = extremes(index)
    low, high = (0, 0) if ends is None else ends
    first = ge(size, -low) if negative and low < 0 else ge(low, 0)
    site.require(
        "index-out-of-range",
        any_of(all_of(gt(size, high), first), eq(index.numel, 0), unless),
        "{} takes positions {} to {} of an axis of size {}",
        op,
        low,
        high,
        size,
        help="use indices inside the axis, or a larger input",
    )


def _require_index(site: Site, op: str, index: Tensor) -> None:
    # Torch does not look at the dtype of an empty index.
    if eq(index.numel, 0) is not TRUE:
        require_dtype(site, op, "an index", index, *_INDEX)


def _require_within(site: Site, op: str, name: str, index: Tensor, limit: Tensor, but: int | None) -> bool:
    """An index no larger than another tensor, on every axis but one; an empty index is never too large."""
    fits: Condition = FALSE
    if len(_axes(index)) == len(_axes(limit)):
        pairs = zip(_axes(index), _axes(limit), strict=True)
        fits = all_of(*(le(a, b) for position, (a, b) in enumerate(pairs) if position != but))
    return site.require(
        "index-shape",
        any_of(fits, eq(index.numel, 0)),
        "{} takes an index no larger than {} of shape {} on {}, but gets {}",
        op,
        name,
        limit.shape,
        "every axis" if but is None else f"every axis but {but}",
        index.shape,
        help="give an index of as many axes, cut to size",
    )


def gather(site: Site, input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Outcome:
    """Elements of `input` whose positions on one axis `index` says: the result has the shape of `index`."""
    output = Tensor(index.shape, input.dtype)
    at = axis(site, "gather", dim, input.rank)
    _require_index(site, "gather", index)
    if at is not None:
        _require_within(site, "gather", "the input", index, input, at)
        if max(index.rank, 1) == max(input.rank, 1):
            require_inside(site, "gather", index, _axes(input)[at])
    return Outcome(output, parameters={"dim": dim}, backward=keeps_all((input, index), ()))


def scatter(
    adds: bool,
    site: Site,
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    reduce: str | None = None,
    **named: Any,
) -> Outcome:
    """`input` with elements of `src`, or one number, placed where `index` says on one axis."""
    op = "scatter_add" if adds else "scatter"
    value = named.get("value", src)
    at = axis(site, op, dim, input.rank)
    _require_index(site, op, index)
    if at is not None:
        _require_within(site, op, "the input", index, input, at)
        if max(index.rank, 1) == max(input.rank, 1):
            require_inside(site, op, index, _axes(input)[at])
    if isinstance(value, Tensor):
        _require_within(site, op, "the source", index, value, None)
        _require_same_dtype(site, op, input, value)
    if reduce is not None:
        allowed = ("sum", "prod", "mean", "amax", "amin") if named.get("two") else ("add", "multiply")
        site.require(
            "reduction",
            TRUE if reduce in allowed else FALSE,
            "{} is asked to reduce by {}",
            op,
            repr(reduce),
            help="take one of " + ", ".join(allowed),
        )
    cost = Cost(elementwise=index.numel) if adds or reduce is not None else FREE
    return Outcome(input.with_shape(*input.shape), cost, {"dim": dim})


def scatter_reduce(
    site: Site, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Outcome:
    """`input` with elements of `src` added, multiplied or compared in where `index` says."""
    made = scatter(False, site, input, dim, index, src, reduce, two=True)
    return replace(made, backward=keeps_everything((input, index, src), (made.output,)))


def _require_same_dtype(site: Site, op: str, input: Tensor, source: Tensor) -> bool:
    return site.require(
        "dtype-mismatch",
        TRUE if input.dtype == source.dtype else FALSE,
        "{} places elements of {} into a tensor of {}",
        op,
        str(source.dtype).removeprefix("torch."),
        str(input.dtype).removeprefix("torch."),
        help="convert one with .to()",
    )


def _require_vector(site: Site, op: str, index: Tensor) -> bool:
    return site.require(
        "index-rank",
        TRUE if index.rank <= 1 else FALSE,
        "{} takes a vector of positions, but gets shape {}",
        op,
        index.shape,
        help="flatten it, or use gather or a subscript",
    )


def index_select(site: Site, input: Tensor, dim: int, index: Tensor) -> Outcome:
    """The positions of one axis that a vector names, in its order."""
    parameters = {"dim": dim}
    at = axis(site, "index_select", dim, input.rank)
    require_dtype(site, "index_select", "an index", index, *_INDEX)
    if not _require_vector(site, "index_select", index) or at is None:
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    if not input.rank:
        site.require(
            "index-shape",
            eq(index.numel, 1),
            "index_select takes {} elements of a number",
            index.numel,
            help="give it one position",
        )
        require_inside(site, "index_select", index, 1)
        return Outcome(input.with_shape(), parameters=parameters)
    require_inside(site, "index_select", index, input.shape[at])
    return Outcome(input.with_shape(*input.shape[:at], index.numel, *input.shape[at + 1 :]), parameters=parameters)


def take(site: Site, input: Tensor, index: Tensor) -> Outcome:
    """Elements of the flattened input, in the shape of `index`."""
    require_dtype(site, "take", "an index", index, torch.int64)
    require_inside(site, "take", index, input.numel, negative=True)
    return Outcome(Tensor(index.shape, input.dtype), backward=keeps_all((input, index), ()))


def take_along_dim(site: Site, input: Tensor, indices: Tensor, dim: int | None = None) -> Outcome:
    """As gather, but both broadcast on the other axes; without axis, of the flattened input."""
    require_dtype(site, "take_along_dim", "an index", indices, *_INDEX)
    if dim is None:
        return Outcome(Tensor((indices.numel,), input.dtype), backward=keeps_all((input, indices), ()))
    at = axis(site, "take_along_dim", dim, input.rank)
    if at is None or not site.require(
        "index-shape",
        TRUE if indices.rank == input.rank > 0 else FALSE,
        "take_along_dim takes an index of as many axes as its input of shape {}, but gets {}",
        input.shape,
        indices.shape,
        help="add the missing axes with .unsqueeze()",
    ):
        return Outcome(Tensor(indices.shape, input.dtype))
    # Positions are taken modulo the size, so any will do that is not taken of nothing.
    site.require(
        "index-out-of-range",
        any_of(ge(input.shape[at], 1), eq(indices.numel, 0)),
        "take_along_dim takes positions of axis {}, which has size {}",
        str(at),
        input.shape[at],
        help="use a larger input",
    )
    rest = [(*t.shape[:at], 1, *t.shape[at + 1 :]) for t in (input, indices)]
    shape = broadcast(site, *rest, op="take_along_dim")
    output = Tensor((*shape[:at], indices.shape[at], *shape[at + 1 :]), input.dtype)
    return Outcome(output, parameters={"dim": dim}, backward=keeps_all((input, indices), ()))


def index_add(
    adds: bool, op: str, site: Site, input: Tensor, dim: int, index: Tensor, source: Tensor, *args: Any, **named: Any
) -> Outcome:
    """`input` with slices of `source` added to, or put in place of, the positions of one axis that a vector names."""
    at = axis(site, op, dim, input.rank)
    require_dtype(site, op, "an index", index, *((torch.int64,) if op == "index_copy" else _INDEX))
    _require_same_dtype(site, op, input, source)
    if at is not None and _require_vector(site, op, index):
        mine, theirs = _axes(input), _axes(source)
        fits: Condition = FALSE
        if len(mine) == len(theirs):
            fits = all_of(*(eq(a, b) for i, (a, b) in enumerate(zip(mine, theirs, strict=True)) if i != at))
            fits = all_of(fits, eq(theirs[at], index.numel))
        site.require(
            "index-shape",
            fits,
            "{} places a source of shape {} at {} positions of axis {} of shape {}",
            op,
            source.shape,
            index.numel,
            str(at),
            input.shape,
            help="give the source the shape of the input, with one slice for each position",
        )
        require_inside(site, op, index, mine[at], unless=_nothing(input, at, adds))
    cost = Cost(elementwise=source.numel) if adds else FREE
    kept = Backward((Saved(index), Saved(source, (source,))))
    return Outcome(input.with_shape(*input.shape), cost, {"dim": dim}, None if op == "index_reduce" else kept)


def _nothing(input: Tensor, at: int, whole: bool) -> Condition:
    """Where there is nothing to place, so that torch does not look at positions: no elements at all, or none beside."""
    rest = [size for axis, size in enumerate(input.shape) if axis != at]
    return eq(product(input.shape if whole and rest else rest), 0)


def index_fill(site: Site, input: Tensor, dim: int, index: Tensor, value: Any) -> Outcome:
    """`input` with one number at the positions of one axis that a vector names."""
    at = axis(site, "index_fill", dim, input.rank)
    require_dtype(site, "index_fill", "an index", index, torch.int64)
    if _require_vector(site, "index_fill", index) and at is not None:
        require_inside(site, "index_fill", index, _axes(input)[at], negative=True, unless=_nothing(input, at, False))
    if isinstance(value, Tensor):
        site.require(
            "input-rank",
            TRUE if value.rank == 0 else FALSE,
            "index_fill takes a number or a tensor without axes, but gets shape {}",
            value.shape,
            help="take one element of it",
        )
    return Outcome(_copied(site, input), parameters={"dim": dim})


def _copied(site: Site, input: Tensor) -> Tensor:
    return Tensor(input.shape, input.dtype, elementwise_strides(site, input.shape, input))


def index_put(site: Site, input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Outcome:
    """`input` with `values` where tensors of positions or masks point, one for each of the first axes."""
    target, picks = picked(site, input, tuple(slice(None) if i is None else i for i in indices))
    filled = len(picks) == 1 and picks[0].dtype in (torch.bool, torch.uint8) and site.holds(eq(values.numel, 1))
    if not filled:
        _require_same_dtype(site, "index_put", input, values)
    require_broadcasts_to(site, "index_put", values.shape, target.shape)
    return Outcome(_copied(site, input), Cost(elementwise=target.numel) if accumulate else FREE)


def masked_scatter(site: Site, input: Tensor, mask: Tensor, source: Tensor) -> Outcome:
    """The elements where `mask` holds taken from `source` in order; whether it has enough depends on the data."""
    _require_same_dtype(site, "masked_scatter", input, source)
    require_dtype(site, "masked_scatter", "a mask", mask, torch.bool)
    shape = broadcast(site, input.shape, mask.shape, op="masked_scatter")
    return Outcome(Tensor(shape, input.dtype))


def masked_select(site: Site, input: Tensor, mask: Tensor) -> Outcome:
    """The elements where `mask` holds: a vector whose length depends on the data."""
    require_dtype(site, "masked_select", "a mask", mask, torch.bool)
    broadcast(site, input.shape, mask.shape, op="masked_select")
    return Outcome(Tensor((site.unknown(0),), input.dtype))


def _rule(name: str, infer: Any, *names: str) -> OpRule:
    return OpRule(name, numpy_names(infer), spellings(*(names or (name,))))


RULES = keeping(
    keeps_positions,
    _rule("gather", gather),
    _rule("scatter", partial(scatter, False)),
    _rule("scatter_add", partial(scatter, True)),
    _rule("scatter_reduce", scatter_reduce),
    _rule("index_select", index_select),
    _rule("take", take),
    _rule("take_along_dim", take_along_dim),
    _rule("index_add", partial(index_add, True, "index_add")),
    _rule("index_reduce", partial(index_add, True, "index_reduce")),
    _rule("index_copy", partial(index_add, False, "index_copy")),
    _rule("index_fill", index_fill),
    _rule("index_put", index_put),
    _rule("masked_scatter", masked_scatter),
    _rule("masked_select", masked_select),
)
