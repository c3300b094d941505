"""Diagonals and triangles: diag, diagonal, diag_embed, diagflat, tril, triu, tril_indices, triu_indices."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from convsym.graph.backward import keeps_nothing
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis, require_sizes
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.slicing import greatest, least
from convsym.ops.strides import normal, strides_of
from convsym.sizes.arithmetic import Size, absolute, add, floor_div, multiply, subtract
from convsym.sizes.condition import FALSE, TRUE


def _length(site: Site, rows: Size, columns: Size, offset: int) -> Size:
    if offset >= 0:
        return greatest(site, least(site, rows, subtract(columns, offset)), 0)
    return greatest(site, least(site, add(rows, offset), columns), 0)


def diagonal(site: Site, input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1, **named: Any) -> Outcome:
    """The diagonal over two axes, as a new last axis; a view."""
    parameters = {"offset": offset, "dim1": dim1, "dim2": dim2}
    first, second = axis(site, "diagonal", dim1, input.rank), axis(site, "diagonal", dim2, input.rank)
    if first is None or second is None or not _require_two(site, "diagonal", first, second):
        return Outcome(input, parameters=parameters)
    length = _length(site, input.shape[first], input.shape[second], offset)
    rest = [i for i in range(input.rank) if i not in (first, second)]
    strides = strides_of(input)
    shape = (*(input.shape[i] for i in rest), length)
    steps = (*(strides[i] for i in rest), add(strides[first], strides[second]))
    return Outcome(input.view(shape, normal(shape, steps)), parameters=parameters)


def _require_two(site: Site, op: str, first: int, second: int) -> bool:
    return site.require(
        "axis-repeated",
        TRUE if first != second else FALSE,
        "{} is given axis {} twice",
        op,
        str(first),
        help="name two different axes",
    )


def diag(site: Site, input: Tensor, diagonal: int = 0) -> Outcome:
    """The diagonal of a matrix, or the matrix that has a vector as its diagonal; a copy."""
    parameters = {"diagonal": diagonal}
    if not site.require(
        "input-rank",
        TRUE if input.rank in (1, 2) else FALSE,
        "diag takes a vector or a matrix, but gets shape {}",
        input.shape,
        help="use diagonal or diag_embed",
    ):
        return Outcome(input, parameters=parameters)
    if input.rank == 1:
        side = add(input.shape[0], absolute(diagonal))
        return Outcome(input.with_shape(side, side), parameters=parameters)
    return Outcome(input.with_shape(_length(site, input.shape[0], input.shape[1], diagonal)), parameters=parameters)


def diag_embed(site: Site, input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Outcome:
    """Matrices that have the last axis as their diagonal, on two new axes."""
    parameters = {"offset": offset, "dim1": dim1, "dim2": dim2}
    rank = input.rank + 1
    if not input.rank or not -rank <= min(dim1, dim2) <= max(dim1, dim2) < rank:
        site.require(
            "axis-out-of-range",
            FALSE,
            "diag_embed of shape {} is given axes {} and {} of its result",
            input.shape,
            str(dim1),
            str(dim2),
            help="give it a tensor with axes, and name two axes of the result",
        )
        return Outcome(input, parameters=parameters)
    first, second = dim1 % rank, dim2 % rank
    if not _require_two(site, "diag_embed", first, second):
        return Outcome(input, parameters=parameters)
    side = add(input.shape[-1], absolute(offset))
    rest = iter(input.shape[:-1])
    shape = tuple(side if i in (first, second) else next(rest) for i in range(rank))
    return Outcome(input.with_shape(*shape), parameters=parameters)


def diagflat(site: Site, input: Tensor, offset: int = 0) -> Outcome:
    """The matrix that has all elements as its diagonal."""
    side = add(input.numel, absolute(offset))
    return Outcome(input.with_shape(side, side), parameters={"offset": offset})


def triangle(op: str, site: Site, input: Tensor, diagonal: int = 0) -> Outcome:
    """The elements on one side of a diagonal of the last two axes; zeros elsewhere."""
    site.require(
        "input-rank",
        TRUE if input.rank >= 2 else FALSE,
        "{} takes at least 2 axes, but gets shape {}",
        op,
        input.shape,
        help="give it a matrix",
    )
    return Outcome(input.with_shape(*input.shape), parameters={"diagonal": diagonal})


def triangle_indices(
    lower: bool, site: Site, row: Size, col: Size, offset: int = 0, *, dtype: torch.dtype = torch.int64, **options: Any
) -> Outcome:
    """The positions (2, count) of the elements of a (row, col) matrix that tril or triu keeps."""
    require_sizes(site, "tril_indices" if lower else "triu_indices", (row, col))
    below = _below(site, row, col, offset if lower else offset - 1)
    count = below if lower else subtract(multiply(row, col), below)
    return Outcome(Tensor((2, count), dtype), parameters={"row": row, "col": col, "offset": offset})


def _below(site: Site, rows: Size, columns: Size, offset: int) -> Size:
    """How many elements lie on a diagonal or below it: row i has min(max(i + offset + 1, 0), columns) of them."""
    # Rows before `first` have none; from `full` on they have all; in between one more each.
    first = least(site, max(-offset, 0), rows)
    full = least(site, greatest(site, subtract(columns, offset + 1), first), rows)
    growing = subtract(full, first)
    start = add(first, offset + 1)
    middle = add(multiply(growing, start), floor_div(multiply(growing, subtract(growing, 1)), 2))
    return add(middle, multiply(subtract(rows, full), columns))


RULES = keeping(
    keeps_nothing,
    OpRule("diagonal", diagonal, spellings("diagonal")),
    OpRule("diag", diag, spellings("diag")),
    OpRule("diag_embed", diag_embed, spellings("diag_embed")),
    OpRule("diagflat", diagflat, spellings("diagflat")),
    OpRule("tril", partial(triangle, "tril"), spellings("tril")),
    OpRule("triu", partial(triangle, "triu"), spellings("triu")),
    OpRule("tril_indices", partial(triangle_indices, True), (torch.tril_indices,)),
    OpRule("triu_indices", partial(triangle_indices, False), (torch.triu_indices,)),
)
