"""What windows read of a tensor, and what nobody does."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from convsym.analysis.flow import Flow
from convsym.graph.call import FREE, Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.windows import positions_read, reach, unread_at_the_end

_SLIDING = re.compile(r"(?:conv|max_pool|avg_pool|lp_pool)([123])d")
_MOST_POSITIONS = 1 << 14


@dataclass(frozen=True, slots=True)
class Window:
    """A window along one axis; whether it may hang over the end is `ceil_mode`."""

    kernel_size: int
    stride: int
    before: int
    after: int
    dilation: int
    ceil_mode: bool


def windows(call: Call) -> tuple[Window, ...] | None:
    """The windows of a convolution or pool, one for each axis; None for other calls and for symbolic arguments."""
    match = _SLIDING.fullmatch(call.op)
    if match is None:
        return None
    axes, given = int(match[1]), call.parameters
    kernel = _spread(given.get("kernel_size"), axes)
    stride = _spread(given.get("stride"), axes)
    dilation = _spread(given.get("dilation", 1), axes)
    if kernel is None or stride is None or dilation is None:
        return None
    padding = _padding(given.get("padding", 0), kernel, dilation, axes)
    if padding is None:
        return None
    ceil_mode = bool(given.get("ceil_mode", False))
    rows = zip(kernel, stride, padding, dilation, strict=True)
    return tuple(Window(k, s, before, after, d, ceil_mode) for k, s, (before, after), d in rows)


def _spread(value: Any, axes: int) -> tuple[int, ...] | None:
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    values = values * axes if len(values) == 1 else values
    return values if len(values) == axes and all(type(v) is int for v in values) else None


def _padding(value: Any, kernel: Sequence[int], dilation: Sequence[int], axes: int) -> list[tuple[int, int]] | None:
    if value == "valid":
        return [(0, 0)] * axes
    if value == "same":
        whole = [reach_of - 1 for reach_of in map(_reach, kernel, dilation)]
        return [(w // 2, w - w // 2) for w in whole]
    both = _spread(value, axes)
    return None if both is None else [(p, p) for p in both]


def _reach(kernel_size: int, dilation: int) -> int:
    spanned = reach(kernel_size, dilation)
    assert isinstance(spanned, int)
    return spanned


def sole_windows(tensor: Tensor, flow: Flow) -> list[tuple[Window, ...]] | None:
    """The windows through which alone a tensor is read; None where it is read or used in any other way.

    Also None for a tensor that was not computed but rearranged.
    """
    found: list[tuple[Window, ...]] = []
    if flow.is_returned(tensor) or _is_rearranged(tensor, flow):
        return None
    for reader in flow.readers(tensor):
        through = windows(reader)
        if through is None or reader.input is not tensor or tensor.rank != len(through) + 2:
            return None
        found.append(through)
    return found or None


def _is_rearranged(tensor: Tensor, flow: Flow) -> bool:
    """Whether a tensor only moves the elements of others, which those may show elsewhere: a crop, a shift by padding."""
    maker = flow.maker(tensor)
    return maker is not None and maker.cost == FREE


def share_read(readers: Sequence[tuple[Window, ...]]) -> tuple[int, int]:
    """How many of how many positions are read at all, in the pattern that the strides repeat."""
    axes = list(zip(*readers, strict=True))
    periods = [math.lcm(*(w.stride for w in axis)) for axis in axes]
    if math.prod(periods) > _MOST_POSITIONS:
        return 1, 1
    read: set[tuple[int, ...]] = set()
    for windows_ in readers:
        along = [
            positions_read(period, w.kernel_size, w.stride, w.before, w.dilation)
            for w, period in zip(windows_, periods, strict=True)
        ]
        read.update(product(*along))
    return len(read), math.prod(periods)


def unread_end(sizes: Sequence[Size], readers: Sequence[tuple[Window, ...]], axis: int) -> list[Size]:
    """For each reader, how many elements at the end of an axis it does not reach."""
    return [
        0
        if (w := through[axis]).ceil_mode
        else unread_at_the_end(sizes[axis], w.kernel_size, w.stride, w.before, w.after, w.dilation)
        for through in readers
    ]
