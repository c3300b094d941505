"""How torch reads axes, sizes and numbers among the arguments of a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import Site
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, all_of, ge
from convsym.sizes.polynomial import NotASize
from convsym.sizes.ratio import is_real


def axis(site: Site, op: str, dim: int, rank: int) -> int | None:
    """The axis that `dim` names, counted from the front; None when there is none, which torch refuses.

    A tensor without axes is treated as if it had one, as most of torch's operations do.
    """
    dim = number(site, dim)
    axes = max(rank, 1)
    if -axes <= dim < axes:
        return dim % axes
    site.require(
        "axis-out-of-range",
        FALSE,
        "{} is given axis {}, but its input has {} axes",
        op,
        str(dim),
        str(rank),
        str(axes),
        str(axes - 1),
        help="name an axis from -{3} to {4}",
    )
    return None


def axes_of(site: Site, op: str, dims: Any, rank: int) -> tuple[int, ...] | None:
    """The axes that one number or several name; None when torch refuses one of them, or a repeated one."""
    found = [axis(site, op, d, rank) for d in (dims if isinstance(dims, (tuple, list)) else (dims,))]
    if None in found:
        return None
    if not site.require(
        "axis-repeated",
        TRUE if len(set(found)) == len(found) else FALSE,
        "{} is given axes {}, of which one stands twice",
        op,
        str(dims),
        help="name every axis once",
    ):
        return None
    return tuple(a for a in found if a is not None)


def spread_out(values: Sequence[Any]) -> tuple[Any, ...]:
    """The numbers of `f(2, 3)` and of `f((2, 3))` alike."""
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        return tuple(values[0])
    return tuple(values)


def number(site: Site, value: Any) -> Any:
    """A number that may be given as a tensor of one element: the element, or an unknown size."""
    if not isinstance(value, Tensor):
        return value
    if value.data is None:
        return site.unknown(0)
    if isinstance(value.data, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return value.data.item()
    element = value.data.reshape(-1)[0]
    return getattr(element, "size", element)


def sizes(site: Site, values: Sequence[Any]) -> tuple[Size, ...]:
    """Sizes given as `f(2, 3)` or `f((2, 3))`, each a number or a tensor of one element."""
    return tuple(whole(number(site, v)) for v in spread_out(values))


def whole(value: Any) -> Any:
    """A number that torch takes as an integer only; a fraction raises NotASize."""
    if is_real(value):
        raise NotASize(f"{value} is not a size, which must be an integer")
    return value


def require_sizes(site: Site, op: str, shape: tuple[Size, ...]) -> bool:
    """Sizes of a new tensor: none may be negative."""
    return site.require(
        "negative-size",
        all_of(*(ge(s, 0) for s in shape)),
        "{} is asked for shape {}, which has a negative size",
        op,
        shape,
        help="give sizes of at least 0",
    )
