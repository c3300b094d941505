"""Order: sort, argsort, msort, topk, unique, searchsorted, bucketize. One operation is counted per input element."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import keeps_positions, stops
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis, number
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.layout import elementwise_strides
from convsym.ops.reduce import numpy_names
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ge, le


def _require_order(site: Site, op: str, input: Tensor, also_bool: bool = True) -> None:
    refused = input.dtype.is_complex or (input.dtype == torch.bool and not also_bool)
    site.require(
        "dtype-mismatch",
        FALSE if refused else TRUE,
        "{} does not take a tensor of {}",
        op,
        str(input.dtype).removeprefix("torch."),
        help="convert it first",
    )


def sort(site: Site, input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Outcome:
    """The elements along one axis in order, and where they stood."""
    axis(site, "sort", dim, input.rank)
    _require_order(site, "sort", input)
    strides = elementwise_strides(site, input.shape, input)
    values, indices = Tensor(input.shape, input.dtype, strides), Tensor(input.shape, torch.int64, strides)
    pair: Any = (values, indices)
    output = torch.return_types.sort(pair)
    return Outcome(output, Cost(elementwise=input.numel), {"dim": dim, "descending": descending})


def _sort(site: Site, input: Tensor, *args: Any, **named: Any) -> Outcome:
    # torch.sort(input, stable, dim, descending) exists beside torch.sort(input, dim, descending).
    if args and isinstance(args[0], bool):
        named["stable"], *rest = args
        args = tuple(rest)
    return sort(site, input, *args, **named)


def argsort(site: Site, input: Tensor, *args: Any, **named: Any) -> Outcome:
    """Where the elements stood that `sort` brings in order."""
    made = _sort(site, input, *args, **named)
    return Outcome(made.output[1], made.cost, made.parameters)


def msort(site: Site, input: Tensor) -> Outcome:
    """The elements along the first axis in order."""
    made = sort(site, input, 0)
    return Outcome(made.output[0], made.cost, backward=keeps_positions((), made.output))


def topk(site: Site, input: Tensor, k: Any, dim: int = -1, largest: bool = True, sorted: bool = True) -> Outcome:
    """The k largest or smallest elements along one axis, and where they stand."""
    count: Size = number(site, k)
    parameters = {"k": count, "dim": dim}
    at = axis(site, "topk", dim, input.rank)
    _require_order(site, "topk", input, also_bool=False)
    if at is None:
        return Outcome(_pair(input.shape, input.dtype), parameters=parameters)
    size = input.shape[at] if input.rank else 1
    fits = site.require(
        "topk-too-large",
        all_of(ge(count, 0), le(count, size)),
        "topk takes k={} elements of axis {}, which has size {}",
        count,
        str(at),
        size,
        help="choose a smaller k, such as min(k, x.shape[{1}]), or use a larger input",
    )
    shape = input.shape
    if input.rank:
        shape = (*shape[:at], count if fits else site.unknown(0), *shape[at + 1 :])
    return Outcome(_pair(shape, input.dtype), Cost(elementwise=input.numel), parameters)


def _pair(shape: tuple[Size, ...], dtype: torch.dtype) -> Any:
    pair: Any = (Tensor(shape, dtype), Tensor(shape, torch.int64))
    return torch.return_types.topk(pair)


def unique(
    site: Site,
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Outcome:
    """The different elements, or slices along one axis; how many there are depends on the data."""
    return _different(site, "unique", input, return_inverse, return_counts, dim)


def unique_consecutive(
    site: Site, input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Outcome:
    """The elements, or slices along one axis, that differ from the one before."""
    return _different(site, "unique_consecutive", input, return_inverse, return_counts, dim)


def _different(site: Site, op: str, input: Tensor, inverse: bool, counts: bool, dim: int | None) -> Outcome:
    at = None if dim is None else axis(site, op, dim, input.rank)
    if at is not None and input.rank:
        rest = [n for i, n in enumerate(input.shape) if i != at]
        empty = all_of(eq(input.shape[at], 0), *(ge(n, 1) for n in rest))
        site.require(
            "empty-input",
            any_of(empty, ge(input.numel, 1)),
            "{} along axis {} does not take the empty shape {}",
            op,
            str(at),
            input.shape,
            help="use a larger input",
        )
    count = site.unknown(1 if type(input.numel) is not int or input.numel else 0)
    if at is None:
        found, places = Tensor((count,), input.dtype), input.shape
    else:
        found = input.with_shape(*input.shape[:at], count, *input.shape[at + 1 :])
        places = input.shape[at : at + 1]
    outputs = [found]
    if inverse:
        outputs.append(Tensor(places, torch.int64))
    if counts:
        outputs.append(Tensor((count,), torch.int64))
    output = found if len(outputs) == 1 else tuple(outputs)
    return Outcome(output, Cost(elementwise=input.numel))


def searchsorted(
    site: Site, sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, **options: Any
) -> Outcome:
    """Where each value belongs in the last axis of a sorted tensor."""
    dtype = torch.int32 if out_int32 else torch.int64
    shape = input.shape if isinstance(input, Tensor) else ()
    fits: Condition = FALSE
    if sorted_sequence.rank == 1:
        fits = TRUE
    elif sorted_sequence.rank and sorted_sequence.rank == len(shape):
        fits = all_of(*(eq(a, b) for a, b in zip(sorted_sequence.shape[:-1], shape[:-1], strict=True)))
    site.require(
        "searchsorted-shape",
        fits,
        "searchsorted looks for values of shape {} in boundaries of shape {}",
        shape,
        sorted_sequence.shape,
        help="give boundaries of one axis, or of the same leading sizes as the values",
    )
    output = Tensor(shape, dtype)
    return Outcome(output, Cost(elementwise=output.numel))


def bucketize(site: Site, input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Outcome:
    """Between which boundaries each value lies."""
    site.require(
        "input-rank",
        TRUE if boundaries.rank == 1 else FALSE,
        "bucketize takes boundaries of one axis, but gets shape {}",
        boundaries.shape,
        help="flatten the boundaries",
    )
    output = Tensor(input.shape if isinstance(input, Tensor) else (), torch.int32 if out_int32 else torch.int64)
    return Outcome(output, Cost(elementwise=output.numel))


RULES = keeping(
    keeps_positions,
    OpRule("sort", numpy_names(_sort), spellings("sort")),
    OpRule("argsort", numpy_names(argsort), spellings("argsort")),
    OpRule("sort", msort, spellings("msort")),
    OpRule("topk", numpy_names(topk), spellings("topk")),
    OpRule("unique", unique, spellings("unique")),
    OpRule("unique_consecutive", unique_consecutive, spellings("unique_consecutive")),
    OpRule("searchsorted", searchsorted, spellings("searchsorted"), keeps=stops),
    OpRule("bucketize", bucketize, spellings("bucketize"), keeps=stops),
)
