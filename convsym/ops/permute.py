"""Views that move, drop, add or repeat axes: permute, transpose, squeeze, unsqueeze, expand, unfold and the like."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import of_first, passes_on
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axes_of, axis, sizes, spread_out
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.reduce import numpy_names
from convsym.ops.strides import normal, strides_of, view_of
from convsym.sizes.arithmetic import Size, add, floor_div, multiply, subtract
from convsym.sizes.condition import FALSE, TRUE, any_of, eq, ge, gt, le


def _moved(input: Tensor, order: tuple[int, ...]) -> Tensor:
    if order == tuple(range(len(order))):
        return input.view(input.shape, input.strides)
    strides = strides_of(input)
    return view_of(input, tuple(input.shape[i] for i in order), tuple(strides[i] for i in order))


def permute(site: Site, input: Tensor, *axes: Any, dims: Any = ()) -> Outcome:
    """The axes in another order: `x.permute(0, 2, 1)` or `torch.permute(x, (0, 2, 1))`."""
    order = spread_out(axes or (dims,))
    parameters = {"dims": order}
    if not site.require(
        "permute-axes",
        TRUE if len(order) == input.rank else FALSE,
        "permute is given {} axes, but its input of shape {} has {}",
        str(len(order)),
        input.shape,
        str(input.rank),
        help="name every axis of the input once",
    ):
        return Outcome(Tensor(tuple(site.unknown(1) for _ in order), input.dtype), parameters=parameters)
    found = axes_of(site, "permute", order, input.rank)
    return Outcome(input if found is None else _moved(input, found), parameters=parameters)


def transpose(site: Site, input: Tensor, dim0: int, dim1: int) -> Outcome:
    """Two axes exchanged."""
    first, second = axis(site, "transpose", dim0, input.rank), axis(site, "transpose", dim1, input.rank)
    parameters = {"dim0": dim0, "dim1": dim1}
    if first is None or second is None or not input.rank:
        return Outcome(input.without_data(), parameters=parameters)
    order = list(range(input.rank))
    order[first], order[second] = second, first
    return Outcome(_moved(input, tuple(order)), parameters=parameters)


def swap(site: Site, input: Tensor, axis0: int, axis1: int) -> Outcome:
    """Two axes exchanged, under NumPy's names."""
    return transpose(site, input, axis0, axis1)


def t(site: Site, input: Tensor) -> Outcome:
    """A matrix transposed; a vector or a number as it is."""
    if not site.require(
        "input-rank",
        TRUE if input.rank <= 2 else FALSE,
        "t takes at most 2 axes, but gets {} of shape {}",
        str(input.rank),
        input.shape,
        help="use .transpose(-2, -1)",
    ):
        return Outcome(input)
    return Outcome(_moved(input, (1, 0)) if input.rank == 2 else input)


def adjoint(site: Site, input: Tensor) -> Outcome:
    """The last two axes exchanged, of complex numbers also conjugated."""
    if not site.require(
        "input-rank",
        TRUE if input.rank != 1 else FALSE,
        "adjoint takes matrices, but gets shape {}",
        input.shape,
        help="give it at least 2 axes",
    ):
        return Outcome(input)
    return transpose(site, input, -2, -1) if input.rank else Outcome(input)


def movedim(site: Site, input: Tensor, source: Any, destination: Any) -> Outcome:
    """Some axes moved to other positions; the others keep their order."""
    froms, tos = axes_of(site, "movedim", source, input.rank), axes_of(site, "movedim", destination, input.rank)
    parameters = {"source": source, "destination": destination}
    if froms is None or tos is None:
        return Outcome(input, parameters=parameters)
    if not site.require(
        "permute-axes",
        TRUE if len(froms) == len(tos) else FALSE,
        "movedim is given {} source and {} destination axes",
        str(len(froms)),
        str(len(tos)),
        help="give as many destinations as sources",
    ):
        return Outcome(input, parameters=parameters)
    if not input.rank:
        return Outcome(input, parameters=parameters)
    left = iter([i for i in range(input.rank) if i not in froms])
    placed = dict(zip(tos, froms, strict=True))
    order = tuple(placed[i] if i in placed else next(left) for i in range(input.rank))
    return Outcome(_moved(input, order), parameters=parameters)


def squeeze(site: Site, input: Tensor, dim: Any = None) -> Outcome:
    """Axes of size 1 dropped: all of them, or those among `dim`. A size that may be 1 is looked at both ways."""
    axes = tuple(range(input.rank)) if dim is None else axes_of(site, "squeeze", dim, input.rank)
    parameters = {} if dim is None else {"dim": dim}
    if axes is None or not input.rank:
        return Outcome(input, parameters=parameters)
    kept = [i for i, s in enumerate(input.shape) if i not in axes or not site.holds(eq(s, 1))]
    shape = tuple(input.shape[i] for i in kept)
    if input.strides is None:
        return Outcome(input.view(shape), parameters=parameters)
    return Outcome(view_of(input, shape, tuple(input.strides[i] for i in kept)), parameters=parameters)


def unsqueeze(site: Site, input: Tensor, dim: int) -> Outcome:
    """An axis of size 1 put in at position `dim`."""
    at = axis(site, "unsqueeze", dim, input.rank + 1)
    parameters = {"dim": dim}
    if at is None:
        return Outcome(input, parameters=parameters)
    shape = (*input.shape[:at], 1, *input.shape[at:])
    if input.strides is None:
        return Outcome(input.view(shape), parameters=parameters)
    step = multiply(input.shape[at], input.strides[at]) if at < input.rank else 1
    strides = (*input.strides[:at], step, *input.strides[at:])
    return Outcome(input.view(shape, normal(shape, strides)), parameters=parameters)


def expanded(site: Site, op: str, input: Tensor, asked: tuple[Size, ...]) -> Tensor:
    """The input repeated, without a copy, along new leading axes and axes of size 1; -1 keeps a size."""
    extra = len(asked) - input.rank
    if not site.require(
        "expand",
        TRUE if extra >= 0 else FALSE,
        "{} is asked for shape {}, which has fewer axes than its input of shape {}",
        op,
        asked,
        input.shape,
        help="give at least one size for each axis of the input",
    ):
        return input if -1 in asked else input.with_shape(*asked)
    strides = strides_of(input)
    shape: list[Size] = []
    steps: list[Size] = []
    for position, size in enumerate(asked):
        if position < extra:
            site.require(
                "expand",
                ge(size, 0),
                "{} is asked for size {} on new axis {}; only axes of the input can keep their size with -1",
                op,
                size,
                str(position),
                help="give the size of the new axis",
            )
            shape.append(size)
            steps.append(0)
            continue
        given = input.shape[position - extra]
        if type(size) is int and size == -1:
            shape.append(given)
            steps.append(strides[position - extra])
            continue
        same = eq(given, size)
        fits = site.require(
            "expand",
            any_of(same, eq(given, 1)),
            "{} cannot stretch size {} on axis {} to {}; only an axis of size 1 can be stretched",
            op,
            given,
            str(position),
            size,
            help="give the axis size 1, or use .repeat()",
        )
        shape.append(size)
        keeps = not fits or same is TRUE or (given != 1 and site.holds(same))
        steps.append(strides[position - extra] if keeps else 0)
    return input.view(tuple(shape), normal(tuple(shape), tuple(steps)))


def expand(site: Site, input: Tensor, *size: Any, implicit: bool = False, **named: Any) -> Outcome:
    """`x.expand(-1, 4)` or `x.expand((-1, 4))`."""
    asked = sizes(site, size or named.get("size", ()))
    return Outcome(expanded(site, "expand", input, asked), parameters={"size": asked})


def expand_as(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """The input expanded to the shape of another tensor."""
    return Outcome(expanded(site, "expand_as", input, other.shape))


def broadcast_to(site: Site, input: Tensor, size: Any) -> Outcome:
    """The input expanded to a shape."""
    asked = tuple(size)
    return Outcome(expanded(site, "broadcast_to", input, asked), parameters={"size": asked})


def unfold(site: Site, input: Tensor, dimension: int, size: Size, step: Size) -> Outcome:
    """Windows of `size` elements, `step` apart, along one axis, as a new last axis; a view."""
    at = axis(site, "unfold", dimension, input.rank)
    parameters = {"dimension": dimension, "size": size, "step": step}
    if at is None:
        return Outcome(input, parameters=parameters)
    length = input.shape[at] if input.rank else 1
    strides = strides_of(input)
    stride = strides[at] if input.rank else 1
    valid = site.require(
        "window", gt(step, 0), "unfold has step={}, which must be at least 1", step, help="choose a larger step"
    )
    valid &= site.require(
        "window", ge(size, 0), "unfold has size={}, which is negative", size, help="choose a larger size"
    )
    valid &= site.require(
        "kernel-too-large",
        le(size, length),
        "unfold takes windows of {} elements, but axis {} has only {}",
        size,
        str(at),
        length,
        help="use smaller windows, or a larger input",
    )
    if not input.rank:
        return Outcome(view_of(input, (size,), (stride,)), parameters=parameters)
    count = add(floor_div(subtract(length, size), step), 1) if valid else site.unknown(1)
    shape = (*input.shape[:at], count, *input.shape[at + 1 :], size)
    steps = (*strides[:at], multiply(stride, step), *strides[at + 1 :], stride)
    return Outcome(view_of(input, shape, steps), parameters=parameters)


RULES = keeping(
    passes_on,
    OpRule("permute", permute, spellings("permute")),
    OpRule("transpose", transpose, spellings("transpose")),
    OpRule("transpose", swap, spellings("swapaxes", "swapdims")),
    OpRule("transpose", t, spellings("t")),
    OpRule("transpose", adjoint, spellings("adjoint")),
    OpRule("permute", movedim, spellings("movedim", "moveaxis")),
    OpRule("squeeze", numpy_names(squeeze), spellings("squeeze")),
    OpRule("unsqueeze", numpy_names(unsqueeze), spellings("unsqueeze")),
    OpRule("expand", expand, spellings("expand")),
    OpRule("expand", expand_as, spellings("expand_as"), keeps=of_first(passes_on)),
    OpRule("expand", broadcast_to, spellings("broadcast_to")),
    OpRule("unfold", unfold, (torch.Tensor.unfold,)),
)
