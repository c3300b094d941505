"""Subscripts: `x[...]` and `x[...] = value` in all their forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from convsym.graph.backward import Backward, Saved, keeps_positions
from convsym.graph.tensor import Tensor, contiguous_strides
from convsym.ops.broadcast import broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.layout import elementwise_strides
from convsym.ops.slicing import at_position, require_index, sliced
from convsym.ops.strides import normal, strides_of
from convsym.sizes.arithmetic import Size, multiply, product
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ge, gt

_MASKS = (torch.bool, torch.uint8)
_INDICES = (torch.int64, torch.int32, *_MASKS)


@dataclass
class _Walk:
    """A subscript applied item by item: the view so far, the next axis, and the tensors that pick positions."""

    site: Site
    view: Tensor
    axis: int = 0
    picks: dict[int, Tensor] = field(default_factory=dict)

    def item(self, item: Any, spare: int) -> bool:
        """Apply one item; False when torch refuses it. An ellipsis stands for `spare` axes."""
        site, view, at = self.site, self.view, self.axis
        if at + _takes(item) > view.rank:
            return _refuse(site, at + _takes(item), view)
        if item is None:
            self._new_axis()
            self.axis += 1
        elif item is Ellipsis:
            self.axis += spare
        elif item is True or item is False:
            self._new_axis()
            self.pick(Tensor((1 if item else 0,), torch.int64))
        elif isinstance(item, slice):
            return self._slice(item)
        elif isinstance(item, Tensor):
            return self._tensor(item)
        elif isinstance(item, float):
            return site.require(
                "index-dtype", FALSE, "an index must be an integer, but {} is given", str(item), help="use int() on it"
            )
        else:
            if not require_index(site, "indexing", item, view.shape[at], at):
                item = 0
            self.view = at_position(view, at)
        return True

    def _new_axis(self) -> None:
        at, view = self.axis, self.view
        shape = (*view.shape[:at], 1, *view.shape[at:])
        if view.strides is None:
            self.view = view.view(shape)
            return
        step = multiply(view.shape[at], view.strides[at]) if at < view.rank else 1
        self.view = view.view(shape, normal(shape, (*view.strides[:at], step, *view.strides[at:])))

    def pick(self, index: Tensor) -> None:
        """Let a tensor of positions, or a mask, choose along the next axis."""
        self.picks[self.axis] = index
        self.axis += _takes(index)

    def _slice(self, item: slice) -> bool:
        step = 1 if item.step is None else _element(self.site, item.step)
        start, stop = (b if b is None else _element(self.site, b) for b in (item.start, item.stop))
        if not self.site.require(
            "slice-step",
            gt(step, 0),
            "a slice has step {}, which must be at least 1",
            step,
            help="use .flip() to reverse",
        ):
            return False
        self.view = sliced(self.site, self.view, self.axis, start, stop, step)
        self.axis += 1
        return True

    def _tensor(self, index: Tensor) -> bool:
        if not self.site.require(
            "index-dtype",
            TRUE if index.dtype in _INDICES else FALSE,
            "a tensor of {} cannot be an index",
            str(index.dtype).removeprefix("torch."),
            help="convert it with .long(), or make it a mask of bool",
        ):
            return False
        if index.rank:
            self.pick(index)
        elif index.dtype in _MASKS:
            self._new_axis()
            self.pick(Tensor((_count(self.site, index),), torch.int64))
        else:
            if index.data is not None:
                require_index(self.site, "indexing", _element(self.site, index), self.view.shape[self.axis], self.axis)
            self.view = at_position(self.view, self.axis)
        return True


def _element(site: Site, value: Any) -> Any:
    from convsym.ops.arguments import number

    return number(site, value)


def _count(site: Site, mask: Tensor) -> Size:
    """How many elements of a mask are true: unknown unless its elements are known."""
    if isinstance(mask.data, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return int(mask.data.count_nonzero())
    return site.unknown(0)


def items_of(index: Any) -> tuple[Any, ...]:
    """The items of a subscript: a short list that holds more than numbers stands for a tuple."""
    if isinstance(index, tuple):
        return tuple(_item(i) for i in index)
    if isinstance(index, list) and len(index) < 32:
        special = (Tensor, slice, list, tuple, range, type(None), type(Ellipsis))
        if any(isinstance(i, special) for i in index):
            return tuple(_item(i) for i in index)
    return (_item(index),)


def _item(item: Any) -> Any:
    """A list, range or array as the tensor that torch makes of it."""
    if isinstance(item, (Tensor, str)) or not isinstance(item, (Sequence, _array_type())):
        return item
    with torch._C.DisableTorchFunction():
        try:
            elements: Any = item
            elements = elements if hasattr(elements, "dtype") else list(elements)
            data = torch.as_tensor(elements)
        except (TypeError, ValueError, RuntimeError):
            return Tensor(_nested_shape(item), torch.int64)
        if not data.numel():
            data = data.long()
    return Tensor(tuple(data.shape), data.dtype, data=data)


def _array_type() -> type:
    import numpy

    return numpy.ndarray


def _nested_shape(item: Any) -> tuple[int, ...]:
    if isinstance(item, Sequence):
        return (len(item), *(_nested_shape(item[0]) if item else ()))
    return ()


def _takes(item: Any) -> int:
    """How many axes of the input an item speaks of."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    return item.rank if isinstance(item, Tensor) and item.dtype in _MASKS else 1


def _refuse(site: Site, axes: int, input: Tensor) -> bool:
    return site.require(
        "index-axes",
        FALSE,
        "{} axes are indexed of a tensor that has {}, of shape {}",
        str(axes),
        str(input.rank),
        input.shape,
        help="give at most one index for each axis",
    )


def picked(site: Site, input: Tensor, index: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
    """What a subscript selects, and the tensors that pick it; without such it is a view."""
    items = items_of(index)
    specified = sum(map(_takes, items))
    if specified > input.rank:
        _refuse(site, specified, input)
        return input, ()
    walk = _Walk(site, input)
    for item in items:
        if not walk.item(item, input.rank - specified):
            return walk.view, ()
    if not walk.picks:
        return walk.view, ()
    return _gathered(site, walk.view, walk.picks), tuple(walk.picks.values())


def _gathered(site: Site, input: Tensor, picks: dict[int, Tensor]) -> Tensor:
    """The elements that tensors of positions pick: their common shape stands where they stood, or in front."""
    chosen: dict[int, Tensor] = {}
    for position, index in picks.items():
        chosen.update(enumerate(_positions(site, input, index, position), position))
    axes = sorted(chosen)
    if axes[-1] >= input.rank:
        _refuse(site, axes[-1] + 1, input)
        return input
    common = broadcast(site, *(chosen[a].shape for a in axes), op="indexing")
    rest = [a for a in range(input.rank) if a not in chosen]
    together = axes[-1] - axes[0] == len(axes) - 1
    before = axes[0] if together else 0
    shape = (*(input.shape[a] for a in rest[:before]), *common, *(input.shape[a] for a in rest[before:]))
    _require_inside(site, input, chosen, common, shape)
    if input.strides is None:
        return Tensor(shape, input.dtype)
    strides = strides_of(input)
    steps = (*(strides[a] for a in rest[:before]), *(0 for _ in common), *(strides[a] for a in rest[before:]))
    operands = [Tensor(shape, input.dtype, steps)]
    for axis in axes:
        index = chosen[axis]
        missing = before + len(common) - index.rank
        reshaped = ((1,) * missing) + index.shape + ((1,) * (len(rest) - before))
        operands.append(Tensor(reshaped, index.dtype, contiguous_strides(reshaped)))
    return Tensor(shape, input.dtype, elementwise_strides(site, shape, *operands))


def _positions(site: Site, input: Tensor, index: Tensor, at: int) -> list[Tensor]:
    """The tensors of positions that a tensor of positions or a mask stands for."""
    if index.dtype not in _MASKS:
        return [index]
    for axis, size in enumerate(index.shape):
        if at + axis < input.rank:
            site.require(
                "mask-mismatch",
                eq(size, input.shape[at + axis]),
                "a mask of shape {} indexes a tensor of shape {}, but on axis {} their sizes are {} and {}",
                index.shape,
                input.shape,
                str(at + axis),
                size,
                input.shape[at + axis],
                help="make the mask from the tensor that it indexes",
            )
    count = _count(site, index)
    return [Tensor((count,), torch.int64) for _ in index.shape]


def _require_inside(
    site: Site, input: Tensor, chosen: dict[int, Tensor], common: tuple[Size, ...], shape: tuple[Size, ...]
) -> None:
    empty: Condition = eq(product(common), 0)
    for axis, index in chosen.items():
        size = input.shape[axis]
        site.require(
            "index-out-of-range",
            any_of(ge(size, 1), empty),
            "indexing picks from axis {}, which has size {}",
            str(axis),
            size,
            help="use a larger input",
        )
        ends = extremes(index)
        if ends is not None:
            low, high = ends
            site.require(
                "index-out-of-range",
                any_of(all_of(gt(size, high), ge(size, -low)), eq(product(shape), 0)),
                "indexing takes positions {} to {} of axis {}, which has size {}",
                low,
                high,
                str(axis),
                size,
                help="use indices inside the axis, or a larger input",
            )


def extremes(index: Tensor) -> tuple[int, int] | None:
    """The least and the greatest element of a tensor whose elements are known, if it has any."""
    if not isinstance(index.data, torch.Tensor) or not index.data.numel():
        return None
    with torch._C.DisableTorchFunction():
        low, high = torch.aminmax(index.data)
        return int(low), int(high)


def getitem(site: Site, input: Tensor, index: Any) -> Outcome:
    """`input[index]`: a view for numbers and slices, a copy where tensors of positions or masks pick."""
    found, picks = picked(site, input, index)
    return Outcome(found, backward=Backward(tuple(map(Saved, picks))))


def setitem(site: Site, input: Tensor, index: Any, value: Any) -> Outcome:
    """`input[index] = value`: the value must broadcast to what the subscript selects."""
    if index is False:
        return Outcome(Tensor(input.shape, input.dtype, input.strides))
    target, picks = picked(site, input, None if index is True else index)
    if isinstance(value, Tensor):
        # Where one mask picks, a single element is filled in, and converted on the way.
        if picks and not (len(picks) == 1 and picks[0].dtype in _MASKS and site.holds(eq(value.numel, 1))):
            site.require(
                "dtype-mismatch",
                TRUE if value.dtype == target.dtype else FALSE,
                "elements of {} are assigned to picked positions of a tensor of {}",
                str(value.dtype).removeprefix("torch."),
                str(target.dtype).removeprefix("torch."),
                help="convert the value with .to()",
            )
        require_broadcasts_to(site, "item assignment", value.shape, target.shape)
    return Outcome(Tensor(input.shape, input.dtype, input.strides), backward=Backward(tuple(map(Saved, picks))))


def require_broadcasts_to(site: Site, op: str, given: tuple[Size, ...], target: tuple[Size, ...]) -> bool:
    """What is assigned must broadcast to its target; leading axes of size 1 too many do no harm."""
    extra = max(len(given) - len(target), 0)
    kept = given[extra:]
    pairs = zip(reversed(kept), reversed(target), strict=False)
    return site.require(
        "broadcast-mismatch",
        all_of(*(eq(s, 1) for s in given[:extra]), *(any_of(eq(a, b), eq(a, 1)) for a, b in pairs)),
        "{} puts shape {} into a place of shape {}, to which it does not broadcast",
        op,
        given,
        target,
        help="give the value the shape of its place, or size 1 where it repeats",
    )


RULES = keeping(
    keeps_positions,
    OpRule("getitem", getitem, (torch.Tensor.__getitem__,)),
    OpRule("setitem", setitem, (torch.Tensor.__setitem__,)),
)
