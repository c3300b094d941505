"""Copies of elements in other places: repeat, tile, repeat_interleave, roll, flip, rot90, meshgrid, broadcast_tensors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from convsym.graph.backward import keeps_nothing
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axes_of, axis, number, sizes, spread_out
from convsym.ops.broadcast import broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.layout import elementwise_strides
from convsym.ops.permute import transpose
from convsym.ops.reduce import numpy_names
from convsym.ops.strides import normal, stretched, strides_of, suggested, suggests_channels_last
from convsym.sizes.arithmetic import Size, equal, multiply
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ge


def repeat(site: Site, input: Tensor, *repeats: Any, **named: Any) -> Outcome:
    """The input repeated along every axis: `x.repeat(2, 1, 3)`; more numbers than axes add axes in front."""
    counts = sizes(site, repeats or (named.get("repeats") or named["size"],))
    parameters = {"repeats": counts}
    if not site.require(
        "repeat-axes",
        TRUE if len(counts) >= input.rank else FALSE,
        "repeat is given {} numbers for the {} axes of shape {}",
        str(len(counts)),
        str(input.rank),
        input.shape,
        help="give one number for each axis",
    ):
        return Outcome(input, parameters=parameters)
    return Outcome(_repeated(site, "repeat", input, counts), parameters=parameters)


def _repeated(site: Site, op: str, input: Tensor, counts: tuple[Size, ...]) -> Tensor:
    site.require(
        "negative-size",
        all_of(*(ge(c, 0) for c in counts)),
        "{} is given a negative number of copies: {}",
        op,
        counts,
        help="give numbers of at least 0",
    )
    shape = (1,) * (len(counts) - input.rank) + input.shape
    return Tensor(tuple(multiply(s, c) for s, c in zip(shape, counts, strict=True)), input.dtype)


def tile(site: Site, input: Tensor, *repeats: Any, dims: Any = ()) -> Outcome:
    """As repeat, but numbers missing in front are 1."""
    counts = sizes(site, repeats or (dims,))
    counts = (1,) * (input.rank - len(counts)) + counts
    return Outcome(_repeated(site, "tile", input, counts), parameters={"dims": counts})


def repeat_interleave(
    site: Site, input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: Size | None = None
) -> Outcome:
    """Each element of an axis repeated on the spot, all equally often or as a tensor says."""
    parameters = {"repeats": repeats if not isinstance(repeats, Tensor) else repeats.shape, "dim": dim}
    if repeats is None:
        # torch.repeat_interleave(repeats): position i, repeats[i] times.
        _require_counts(site, input, TRUE if input.rank == 1 else FALSE, input.numel)
        return Outcome(Tensor((_sum_of(site, input, output_size),), input.dtype))
    if dim is not None:
        at = axis(site, "repeat_interleave", dim, input.rank)
        if at is None or not site.require(
            "input-rank",
            TRUE if input.rank else FALSE,
            "repeat_interleave is given axis {} of a number, which has none",
            str(dim),
            help="leave dim out",
        ):
            return Outcome(input, parameters=parameters)
        before, size, after = input.shape[:at], input.shape[at], input.shape[at + 1 :]
    else:
        before, size, after = (), input.numel, ()
    if isinstance(repeats, Tensor):
        fits = any_of(eq(repeats.numel, 1), eq(repeats.numel, size))
        _require_counts(site, repeats, all_of(TRUE if repeats.rank <= 1 else FALSE, fits), size)
        if equal(repeats.numel, 1):
            count = multiply(size, number(site, repeats))
        else:
            count = _sum_of(site, repeats, output_size)
    else:
        count = multiply(size, repeats)
        site.require(
            "negative-size",
            ge(repeats, 0),
            "repeat_interleave is given a negative number of copies: {}",
            repeats,
            help="give a number of at least 0",
        )
        site.require(
            "repeat-axes",
            TRUE if output_size is None else eq(count, output_size),
            "repeat_interleave makes {} elements, but output_size says {}",
            count,
            output_size or 0,
            help="give the right output_size, or leave it out",
        )
    return Outcome(input.with_shape(*before, count, *after), parameters=parameters)


def _require_counts(site: Site, repeats: Tensor, fits: Condition, size: Size) -> None:
    site.require(
        "repeat-axes",
        all_of(TRUE if repeats.dtype in (torch.int32, torch.int64) else FALSE, fits),
        "repeat_interleave is given {} of shape {} as numbers of copies of {} elements",
        str(repeats.dtype).removeprefix("torch."),
        repeats.shape,
        size,
        help="give one integer, or one for each element of the axis",
    )


def _sum_of(site: Site, repeats: Tensor, output_size: Size | None) -> Size:
    if isinstance(repeats.data, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return int(repeats.data.sum())
    return output_size if output_size is not None else site.unknown(0)


def roll(site: Site, input: Tensor, shifts: Any, dims: Any = None) -> Outcome:
    """The elements of some axes moved round; without axes, of the flattened input."""
    moves = tuple(shifts) if isinstance(shifts, (tuple, list)) else (shifts,)
    along = () if dims is None else tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
    parameters = {"shifts": moves, "dims": along}
    if not site.require(
        "roll-axes",
        TRUE if moves and (len(moves) == len(along) or (not along and len(moves) == 1)) else FALSE,
        "roll is given {} shifts for {} axes",
        str(len(moves)),
        str(len(along)),
        help="give one shift for each axis",
    ):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    for dim in along:
        # An empty input is copied before its axes are looked at.
        if not -input.rank <= dim < input.rank:
            site.require(
                "axis-out-of-range",
                eq(input.numel, 0),
                "roll is given axis {}, but its input has {} axes",
                str(dim),
                str(input.rank),
                help="name an axis of the input",
            )
            break
    rolled = Tensor(input.shape, input.dtype, input.strides if along else None)
    for dim, shift in zip(along, moves, strict=False):
        if rolled.strides is not None and rolled.rank:
            rolled = _joined_again(rolled, dim % rolled.rank, shift)
    return Outcome(rolled, parameters=parameters)


def _joined_again(input: Tensor, at: int, shift: Size) -> Tensor:
    """The two ends of an axis, cut and joined the other way round: torch rolls so, and lays the result out as cat does."""
    size = input.shape[at]
    if equal(input.numel, 0):
        return input
    ends = [input]
    if type(size) is int and type(shift) is int:
        # With the strides as they are, those of axes of size 1 too: they decide here.
        cuts = (-shift % size, size - -shift % size)
        ends = [replace(input, shape=(*input.shape[:at], cut, *input.shape[at + 1 :])) for cut in cuts]
    return Tensor(input.shape, input.dtype, suggested(input) if all(map(suggests_channels_last, ends)) else None)


def flip(site: Site, input: Tensor, *axes: Any, dims: Any = ()) -> Outcome:
    """Some axes turned round; a copy."""
    along = spread_out(axes or (dims,))
    axes_of(site, "flip", along, input.rank)
    return Outcome(_copied(site, input), parameters={"dims": along})


def _copied(site: Site, input: Tensor) -> Tensor:
    return Tensor(input.shape, input.dtype, elementwise_strides(site, input.shape, input))


def _flip_axis(name: str, at: int) -> Any:
    def rule(site: Site, input: Tensor) -> Outcome:
        site.require(
            "input-rank",
            TRUE if input.rank > at else FALSE,
            "{} takes at least {} axes, but gets shape {}",
            name,
            str(at + 1),
            input.shape,
            help="give it a matrix",
        )
        return Outcome(_copied(site, input))

    rule.__doc__ = f"{name}: axis {at} turned round; a copy."
    return rule


def rot90(site: Site, input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Outcome:
    """Two axes turned by 90 degrees, k times."""
    plane = tuple(dims)
    parameters = {"k": k, "dims": plane}
    if not site.require(
        "rotation-axes",
        TRUE if len(plane) == 2 and input.rank >= 2 else FALSE,
        "rot90 turns axes {} of an input of shape {}",
        str(plane),
        input.shape,
        help="name two axes of an input that has at least two",
    ):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    axes = axes_of(site, "rot90", plane, input.rank)
    if axes is None or k % 4 == 0:
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    turned = _copied(site, input)
    return Outcome(turned if k % 4 == 2 else transpose(site, turned, *axes).output, parameters=parameters)


def meshgrid(site: Site, *tensors: Any, indexing: str | None = None) -> Outcome:
    """Vectors expanded against each other: result i varies along axis i ("ij"), or with the first two swapped ("xy")."""
    given: tuple[Tensor, ...] = spread_out(tensors)
    parameters = {"indexing": indexing or "ij"}
    site.require(
        "meshgrid",
        TRUE
        if given
        and all(t.rank <= 1 for t in given)
        and len({t.dtype for t in given}) == 1
        and indexing in (None, "ij", "xy")
        else FALSE,
        "meshgrid takes vectors of one dtype and indexing 'ij' or 'xy', but gets shapes {} and indexing {}",
        tuple(t.shape for t in given),
        repr(indexing),
        help="flatten the inputs, and convert them to one dtype",
    )
    order = list(range(len(given)))
    if indexing == "xy" and len(given) > 1:
        order[:2] = [1, 0]
    shape = tuple(given[i].numel for i in order)
    grids = []
    for position, tensor in enumerate(given):
        steps: list[Size] = [0] * len(given)
        steps[order.index(position)] = strides_of(tensor)[0] if tensor.rank else 0
        grids.append(tensor.view(shape, normal(shape, tuple(steps))))
    return Outcome(tuple(grids), parameters=parameters)


def broadcast_tensors(site: Site, *tensors: Any) -> Outcome:
    """All tensors expanded to their common shape, as views."""
    given: tuple[Tensor, ...] = spread_out(tensors)
    shape = broadcast(site, *(t.shape for t in given), op="broadcast_tensors")
    return Outcome(tuple(stretched(t, shape) for t in given))


RULES = keeping(
    keeps_nothing,
    OpRule("repeat", repeat, spellings("repeat")),
    OpRule("tile", tile, spellings("tile")),
    OpRule("repeat_interleave", numpy_names(repeat_interleave), spellings("repeat_interleave")),
    OpRule("roll", roll, spellings("roll")),
    OpRule("flip", flip, spellings("flip")),
    OpRule("flip", _flip_axis("flipud", 0), spellings("flipud")),
    OpRule("flip", _flip_axis("fliplr", 1), spellings("fliplr")),
    OpRule("rot90", rot90, spellings("rot90")),
    OpRule("meshgrid", meshgrid, spellings("meshgrid")),
    OpRule("broadcast_tensors", broadcast_tensors, spellings("broadcast_tensors")),
)
