"""Single positions and stretches of an axis, and the positions of what is not zero: select, narrow, nonzero and kin."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import keeps_nothing
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis, number
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.layout import elementwise_strides
from convsym.ops.reduce import numpy_names
from convsym.ops.slicing import at_position, part, require_index, sliced
from convsym.ops.triangle import diagonal
from convsym.sizes.arithmetic import Size, add
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ge, le


def _require_axes(site: Site, op: str, input: Tensor) -> bool:
    return site.require(
        "input-rank",
        TRUE if input.rank else FALSE,
        "{} takes a tensor of at least one axis, but gets a number",
        op,
        help="give it a tensor with axes",
    )


def select(site: Site, input: Tensor, dim: int, index: Any) -> Outcome:
    """One position of an axis, as a view without that axis."""
    parameters = {"dim": dim, "index": index}
    at = axis(site, "select", dim, input.rank)
    if at is None or not _require_axes(site, "select", input):
        return Outcome(input, parameters=parameters)
    if not isinstance(index, Tensor) or index.data is not None:
        require_index(site, "select", number(site, index), input.shape[at], at)
    return Outcome(at_position(input, at), parameters=parameters)


def narrow(site: Site, input: Tensor, dim: int, start: Any, length: Size) -> Outcome:
    """`length` positions of an axis from `start` on, as a view; a negative start counts from the end."""
    parameters = {"dim": dim, "start": start, "length": length}
    at = axis(site, "narrow", dim, input.rank)
    if at is None or not _require_axes(site, "narrow", input):
        return Outcome(input, parameters=parameters)
    size = input.shape[at]
    known = not isinstance(start, Tensor) or start.data is not None
    if known:
        first = number(site, start)
        inside: Condition = any_of(
            all_of(ge(first, 0), le(add(first, length), size)),
            all_of(ge(-1, first), ge(add(first, size), 0), le(add(first, length), 0)),
        )
    else:
        first, inside = 0, le(length, size)
    fits = site.require(
        "index-out-of-range",
        all_of(inside, ge(length, 0)),
        "narrow takes {} positions from {} on, of axis {} of size {}",
        length,
        first,
        str(at),
        size,
        help="take fewer positions, or use a larger input",
    )
    return Outcome(part(input, at, length if fits else site.unknown(0)), parameters=parameters)


def narrow_copy(site: Site, input: Tensor, dim: int, start: Any, length: Size) -> Outcome:
    """As narrow, but a copy."""
    made: Tensor = narrow(site, input, dim, start, length).output
    return Outcome(made.with_shape(*made.shape), parameters={"dim": dim, "start": start, "length": length})


def _placed(site: Site, op: str, input: Tensor, src: Tensor, place: Tensor) -> Outcome:
    fits: Condition = FALSE
    if src.rank == place.rank:
        fits = all_of(*(eq(a, b) for a, b in zip(src.shape, place.shape, strict=True)))
    site.require(
        "index-shape",
        fits,
        "{} places a source of shape {} where shape {} is taken out",
        op,
        src.shape,
        place.shape,
        help="give the source the shape of its place",
    )
    # Torch copies the whole memory, gaps too, unless elements share it.
    strides = input.strides
    if strides is not None and any(s == 0 and n != 1 for s, n in zip(strides, input.shape, strict=True)):
        strides = elementwise_strides(site, input.shape, input)
    return Outcome(Tensor(input.shape, input.dtype, strides))


def select_scatter(site: Site, input: Tensor, src: Tensor, dim: int, index: Any) -> Outcome:
    """A copy of `input` with one position of an axis replaced."""
    return _placed(site, "select_scatter", input, src, select(site, input, dim, index).output)


def slice_scatter(
    site: Site, input: Tensor, src: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: Size = 1
) -> Outcome:
    """A copy of `input` with a slice of an axis replaced."""
    at = axis(site, "slice_scatter", dim, input.rank)
    if at is None:
        return Outcome(input)
    return _placed(site, "slice_scatter", input, src, sliced(site, input, at, start, end, step))


def diagonal_scatter(site: Site, input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Outcome:
    """A copy of `input` with a diagonal replaced."""
    return _placed(site, "diagonal_scatter", input, src, diagonal(site, input, offset, dim1, dim2).output)


def nonzero(site: Site, input: Tensor, *, as_tuple: bool = False) -> Outcome:
    """The positions of the elements that are not zero; how many depends on the data, unless it is known."""
    if isinstance(input.data, torch.Tensor):
        with torch._C.DisableTorchFunction():
            count: Size = int(input.data.count_nonzero())
    else:
        count = site.unknown(0)
    if as_tuple:
        return Outcome(tuple(Tensor((count,), torch.int64) for _ in range(max(input.rank, 1))))
    shape = (count, input.rank)
    return Outcome(Tensor(shape, torch.int64, (1, count) if input.rank > 1 else None))


RULES = keeping(
    keeps_nothing,
    OpRule("select", numpy_names(select), spellings("select")),
    OpRule("narrow", numpy_names(narrow), spellings("narrow")),
    OpRule("narrow", numpy_names(narrow_copy), spellings("narrow_copy")),
    OpRule("select_scatter", numpy_names(select_scatter), spellings("select_scatter")),
    OpRule("slice_scatter", numpy_names(slice_scatter), spellings("slice_scatter")),
    OpRule("diagonal_scatter", diagonal_scatter, spellings("diagonal_scatter")),
    OpRule("nonzero", nonzero, spellings("nonzero", "argwhere")),
)
