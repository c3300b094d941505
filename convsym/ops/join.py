"""Several tensors made one: cat, stack, hstack, vstack, dstack, column_stack, block_diag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from convsym.graph.backward import passes_on
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.layout import channels_last_strides
from convsym.ops.reduce import numpy_names
from convsym.ops.strides import normal, suggests_channels_last
from convsym.sizes.arithmetic import Size, add, multiply, total
from convsym.sizes.condition import FALSE, TRUE, eq

_HELP = "crop, pad or interpolate one of them, or choose input sizes for which they agree"


def cat(site: Site, tensors: Sequence[Tensor], dim: int = 0) -> Outcome:
    """Tensors joined along one axis; all other sizes must agree. An empty vector may stand anywhere, and counts nothing."""
    return Outcome(joined(site, "cat", list(tensors), dim), parameters={"dim": dim})


def joined(site: Site, op: str, tensors: list[Tensor], dim: int) -> Tensor:
    """What `cat` gives."""
    if not _require_some(site, op, tensors):
        return Tensor((site.unknown(0),), torch.get_default_dtype())
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        if tensor.dtype != dtype:
            dtype = torch.promote_types(dtype, tensor.dtype)
    rank = max(t.rank for t in tensors)
    kept = [t for t in tensors if t.rank == rank or not _is_empty_vector(site, t)]
    whole = [t for t in kept if t.shape != (0,)]
    first = whole[0] if whole else tensors[0]
    at = axis(site, op, dim, first.rank) if whole else 0
    if at is None or not _require_ranks(site, op, kept):
        return Tensor(first.shape, dtype)
    sizes, fits = _common(site, op, first, kept[1:], at)
    # What does not fit may be joined along the wrong axis, unless that is the axis of the channels.
    along = total(t.shape[at] for t in kept) if fits or at == 1 else site.unknown(1)
    shape = (*sizes[:at], along, *sizes[at + 1 :])
    if all(map(suggests_channels_last, tensors)):
        return Tensor(shape, dtype, normal(shape, channels_last_strides(shape)))
    return Tensor(shape, dtype)


def _require_some(site: Site, op: str, tensors: Sequence[Tensor]) -> bool:
    return site.require(
        "cat-mismatch",
        TRUE if tensors else FALSE,
        "{} is given no tensors",
        op,
        help="give it at least one tensor",
    )


def _is_empty_vector(site: Site, tensor: Tensor) -> bool:
    return tensor.rank == 1 and site.holds(eq(tensor.shape[0], 0))


def _require_ranks(site: Site, op: str, tensors: list[Tensor]) -> bool:
    ranks = {t.rank for t in tensors}
    return site.require(
        "cat-mismatch",
        TRUE if len(ranks) == 1 and 0 not in ranks else FALSE,
        "{} joins shapes {}, which must all have the same number of axes, at least one",
        op,
        tuple(t.shape for t in tensors),
        help="add the missing axes with .unsqueeze(), or reshape",
    )


def _common(site: Site, op: str, first: Tensor, others: Sequence[Tensor], along: int) -> tuple[list[Size], bool]:
    """The sizes off the axis of joining, and whether all agree; one that the tensors do not share is unknown then."""
    sizes = list(first.shape)
    fits = True
    for other in others:
        for position in _require_same(site, op, first, other, along) if other is not first else ():
            a, b = first.shape[position], other.shape[position]
            sizes[position] = site.unknown(min(a, b) if isinstance(a, int) and isinstance(b, int) else 1)
            fits = False
    return sizes, fits


def _require_same(site: Site, op: str, first: Tensor, other: Tensor, along: int) -> list[int]:
    """The axes on which two tensors differ though they must not."""
    differing = []
    for position, (a, b) in enumerate(zip(first.shape, other.shape, strict=True)):
        if position != along and a is not b:
            same = site.require(
                "cat-mismatch",
                eq(a, b),
                "{} joins shapes {} and {} along axis {}, but on axis {} their sizes are {} and {}",
                op,
                first.shape,
                other.shape,
                str(along),
                str(position),
                a,
                b,
                help=_HELP,
            )
            if not same:
                differing.append(position)
    return differing


def stack(site: Site, tensors: Sequence[Tensor], dim: int = 0) -> Outcome:
    """Tensors of one shape put side by side along a new axis."""
    parameters = {"dim": dim}
    given = list(tensors)
    if not _require_some(site, "stack", given):
        return Outcome(Tensor((0,), torch.get_default_dtype()), parameters=parameters)
    first = given[0]
    at = axis(site, "stack", dim, first.rank + 1)
    if at is None:
        return Outcome(first, parameters=parameters)
    for tensor in given[1:]:
        if tensor.rank != first.rank:
            site.require(
                "cat-mismatch",
                FALSE,
                "stack takes tensors of one shape, but gets {} and {}",
                first.shape,
                tensor.shape,
                help="add the missing axes with .unsqueeze(), or use cat",
            )
            continue
    common, _ = _common(site, "stack", first, [t for t in given[1:] if t.rank == first.rank], -1)
    dtype = first.dtype
    for tensor in given[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    shape = (*common[:at], len(given), *common[at:])
    strides = None
    if at < first.rank and all(map(suggests_channels_last, given)):
        # torch joins along the axis itself and then splits it, so the channels stay innermost.
        whole = (*first.shape[:at], multiply(first.shape[at], len(given)), *first.shape[at + 1 :])
        steps = channels_last_strides(whole)
        strides = normal(shape, (*steps[:at], multiply(steps[at], first.shape[at]), *steps[at:]))
    return Outcome(Tensor(shape, dtype, strides), parameters=parameters)


def _at_least(input: Tensor, axes: int) -> Tensor:
    """The axes that atleast_1d, atleast_2d and atleast_3d add."""
    shape = input.shape
    if axes >= 1 and len(shape) == 0:
        shape = (1,)
    if axes >= 2 and len(shape) == 1:
        shape = (1, *shape)
    if axes == 3 and len(shape) == 2:
        shape = (*shape, 1)
    return Tensor(shape, input.dtype, input.strides if shape == input.shape else None)


def hstack(site: Site, tensors: Sequence[Tensor]) -> Outcome:
    """Joined along axis 1, vectors along axis 0."""
    given = [_at_least(t, 1) for t in tensors]
    return Outcome(joined(site, "hstack", given, 0 if given and given[0].rank == 1 else 1))


def vstack(site: Site, tensors: Sequence[Tensor]) -> Outcome:
    """Joined along axis 0, vectors as rows."""
    return Outcome(joined(site, "vstack", [_at_least(t, 2) for t in tensors], 0))


def dstack(site: Site, tensors: Sequence[Tensor]) -> Outcome:
    """Joined along axis 2; vectors and matrices get it as a new one."""
    return Outcome(joined(site, "dstack", [_at_least(t, 3) for t in tensors], 2))


def column_stack(site: Site, tensors: Sequence[Tensor]) -> Outcome:
    """Joined along axis 1, vectors as columns."""
    given = [t if t.rank > 1 else t.with_shape(t.numel, 1) for t in tensors]
    return Outcome(joined(site, "column_stack", given, 1))


def block_diag(site: Site, *tensors: Any) -> Outcome:
    """Matrices along a diagonal, zeros elsewhere; vectors stand for rows."""
    given: list[Tensor] = (
        list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else list(tensors)
    )
    rows: Size = 0
    columns: Size = 0
    dtype: torch.dtype | None = None
    for position, tensor in enumerate(given):
        site.require(
            "input-rank",
            TRUE if tensor.rank <= 2 else FALSE,
            "block_diag takes tensors of at most 2 axes, but tensor {} has shape {}",
            str(position),
            tensor.shape,
            help="give it matrices",
        )
        row, column = (1, 1, *tensor.shape)[-2:]
        rows, columns = add(rows, row), add(columns, column)
        dtype = tensor.dtype if dtype is None else torch.promote_types(dtype, tensor.dtype)
    return Outcome(Tensor((rows, columns), dtype or torch.get_default_dtype()))


RULES = keeping(
    passes_on,
    OpRule("cat", numpy_names(cat), spellings("cat", "concat", "concatenate")),
    OpRule("stack", numpy_names(stack), spellings("stack")),
    OpRule("hstack", hstack, spellings("hstack")),
    OpRule("vstack", vstack, spellings("vstack", "row_stack")),
    OpRule("dstack", dstack, spellings("dstack")),
    OpRule("column_stack", column_stack, spellings("column_stack")),
    OpRule("block_diag", block_diag, spellings("block_diag")),
)
