"""Arguments that convolutions and pools share: one number for all axes or one per axis, and unbatched input."""

from __future__ import annotations

from typing import Any

from convsym.graph.tensor import Tensor
from convsym.ops.arguments import whole
from convsym.ops.catalogue import Site
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, all_of, ge


def per_axis(value: Any, axes: int) -> tuple[Any, ...]:
    """One value for each spatial axis, as torch expands a single number.

    >>> per_axis(3, 2), per_axis((2, 1), 2)
    ((3, 3), (2, 1))
    """
    if isinstance(value, (tuple, list)):
        return tuple(value) * axes if len(value) == 1 else tuple(value)
    return (value,) * axes


def spread(site: Site, op: str, name: str, value: Any, axes: int, takes_one: bool = True) -> tuple[Any, ...]:
    """One value for each spatial axis; torch refuses any other count of them, and then each axis takes the first.

    `takes_one` says whether a list of one value stands for all axes, as a number does.
    """
    values = per_axis(value, axes) if takes_one or not isinstance(value, (tuple, list)) else tuple(value)
    if name != "output_ratio":
        values = tuple(map(whole, values))
    # Of several numbers torch looks at the type of the first.
    site.require(
        "whole-number",
        FALSE if values and type(values[0]) is bool else TRUE,
        "{} has {}={}, but takes no bool in place of a number",
        op,
        name,
        str(value),
        help=f"write {name}=1 for True, {name}=0 for False",
    )
    values = tuple(int(v) if type(v) is bool else v for v in values)
    if site.require(
        "argument-length",
        TRUE if len(values) == axes else FALSE,
        "{} takes one {} or {}, but gets {}",
        op,
        name,
        str(axes),
        values,
        help="give one number for all axes, or one for each",
    ):
        return values
    return (values[0] if values else 1,) * axes


def require_rank(site: Site, x: Tensor, axes: int, op: str) -> bool:
    """Batched or unbatched input of the right rank: `axes` spatial axes, a channel axis, perhaps a batch axis."""
    return site.require(
        "input-rank",
        TRUE if x.rank in (axes + 1, axes + 2) else FALSE,
        "{} takes input of {} or {} axes, but gets {} of shape {}",
        op,
        str(axes + 1),
        str(axes + 2),
        str(x.rank),
        x.shape,
        help="give it (N, C, ...) or (C, ...): reshape the input, or take the layer for this number of axes",
    )


def require_positive(site: Site, kind: str, name: str, value: tuple[Any, ...], least: int, op: str) -> bool:
    """An argument that torch wants at least so large on every axis."""
    return site.require(
        kind,
        all_of(*(ge(v, least) for v in value)),
        "{} has {}={}, which must be at least {}",
        op,
        name,
        value,
        str(least),
        help="choose a larger value",
    )


def require_elements(site: Site, op: str, sizes: tuple[Size, ...]) -> bool:
    """No axis but the batch may be empty."""
    return site.require(
        "empty-input",
        all_of(*(ge(size, 1) for size in sizes)),
        "{} takes no input with an empty axis, but gets {}",
        op,
        sizes,
        help="the input must have at least one element on every axis but the batch",
    )


def positive(site: Site, size: Size, is_valid: bool) -> Size:
    """A computed size, or one that is not known when the window did not fit: so one mistake is reported once."""
    return size if is_valid else site.unknown(1)
