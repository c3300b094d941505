"""Reductions: sum, mean, prod, amax, argmax, any, count_nonzero, var, std, logsumexp, in all their call forms.

A reduction costs one element-wise operation per element of its input.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import torch

from convsym.graph.backward import Keeps, keeps_both, keeps_input, keeps_nothing, stops
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axes_of, axis
from convsym.ops.catalogue import Infer, OpRule, Outcome, Site, spellings
from convsym.ops.elementwise import ANY, REAL, RESULTS, real_dtype, require_kind
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ge

Sizes = tuple[Size, ...]

# In place of a `dim` that was not given, where torch tells that from None.
EVERY: Any = object()


def numpy_names(infer: Infer) -> Infer:
    """A rule whose `dim` and `keepdim` may be called `axis` and `keepdims`, as torch allows it in all reductions."""

    @wraps(infer)
    def renamed(*args: Any, **kwargs: Any) -> Outcome:
        if "axis" in kwargs:
            kwargs["dim"] = kwargs.pop("axis")
        if "keepdims" in kwargs:
            kwargs["keepdim"] = kwargs.pop("keepdims")
        return infer(*args, **kwargs)

    return renamed


def reduced_axes(site: Site, op: str, input: Tensor, dim: Any) -> tuple[int, ...]:
    """The axes that are reduced: those named by `dim`, or all of them for None and for an empty list."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(input.rank))
    found = axes_of(site, op, dim, input.rank)
    # After an axis that is not there the analysis goes on as if the last one had been meant.
    return (max(input.rank - 1, 0),) if found is None else found


def without(shape: Sizes, axes: tuple[int, ...], keepdim: bool) -> Sizes:
    """A shape whose reduced axes are left out, or kept with size 1."""
    if len(axes) == len(shape) and not keepdim:
        return ()
    if keepdim:
        return tuple(1 if i in axes else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in axes)


def require_some(site: Site, op: str, sizes: Sizes) -> None:
    """Axes that an extreme is taken over must not be empty."""
    site.require(
        "empty-input",
        all_of(*(ge(size, 1) for size in sizes)),
        "{} over axes of sizes {} has nothing to choose from",
        op,
        sizes,
        help="reduce over axes that have at least one element",
    )


def reduction(
    op: str,
    kinds: str,
    result: str,
    site: Site,
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Outcome:
    """A number for all elements along some axes: `dim` is an axis, several, or None for all."""
    axes = reduced_axes(site, op, input, dim)
    require_kind(site, op, input.dtype if dtype is None else dtype, kinds)
    made = dtype or RESULTS[result](input.dtype)
    return _reduced(input, axes, keepdim, made)


def _reduced(input: Tensor, axes: tuple[int, ...], keepdim: bool, dtype: torch.dtype) -> Outcome:
    return Outcome(Tensor(without(input.shape, axes, bool(keepdim)), dtype), Cost(elementwise=input.numel))


def integral_sum(dtype: torch.dtype) -> torch.dtype:
    """Sums and products of integers are 64 bits wide."""
    return dtype if dtype.is_floating_point or dtype.is_complex else torch.int64


def total(
    op: str, kinds: str, site: Site, input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Outcome:
    """Sums: of integers they are 64 bits wide."""
    require_kind(site, op, dtype or input.dtype, kinds)
    axes = reduced_axes(site, op, input, dim)
    return _reduced(input, axes, keepdim, dtype or integral_sum(input.dtype))


def prod(site: Site, input: Tensor, dim: Any = EVERY, keepdim: bool = False, *, dtype: Any = None) -> Outcome:
    """The product of all elements, or of those along one axis."""
    axes = tuple(range(input.rank)) if dim is EVERY else (one_axis(site, "prod", input, dim),)
    return _reduced(input, axes, keepdim, dtype or integral_sum(input.dtype))


def one_axis(site: Site, op: str, input: Tensor, dim: Any) -> int:
    """The axis that `dim` names, where torch takes one number only."""
    if site.require(
        "argument-type",
        TRUE if isinstance(dim, int) and not isinstance(dim, bool) else FALSE,
        "{} takes the number of one axis, but gets {}",
        op,
        str(dim),
        help="name one axis, or reduce one axis after the other",
    ):
        found = axis(site, op, dim, input.rank)
        if found is not None:
            return found
    return max(input.rank - 1, 0)


def extreme(op: str, site: Site, input: Tensor, dim: Any = (), keepdim: bool = False) -> Outcome:
    """amax and amin: the largest or smallest along some axes, none of them empty."""
    axes = reduced_axes(site, op, input, dim)
    require_kind(site, op, input.dtype, REAL)
    require_some(site, op, tuple(input.shape[a] for a in axes) if input.rank else ())
    return _reduced(input, axes, keepdim, input.dtype)


def argument(op: str, site: Site, input: Tensor, dim: int | None = None, keepdim: bool = False) -> Outcome:
    """argmax and argmin: the position along one axis, or among all elements in order."""
    axes = tuple(range(input.rank)) if dim is None else (one_axis(site, op, input, dim),)
    require_kind(site, op, input.dtype, "uihf")
    require_some(site, op, tuple(input.shape[a] for a in axes) if input.rank else ())
    return _reduced(input, axes, keepdim, torch.int64)


def logical(op: str, site: Site, input: Tensor, dim: Any = None, keepdim: bool = False) -> Outcome:
    """any and all; over an empty list of axes they reduce nothing."""
    dtype = torch.uint8 if input.dtype == torch.uint8 else torch.bool
    if isinstance(dim, (tuple, list)) and not dim:
        return _reduced(input, (), False, dtype)
    return _reduced(input, reduced_axes(site, op, input, dim), keepdim, dtype)


def count_nonzero(site: Site, input: Tensor, dim: Any = None) -> Outcome:
    """How many elements differ from zero."""
    return _reduced(input, reduced_axes(site, "count_nonzero", input, dim), False, torch.int64)


def logsumexp(site: Site, input: Tensor, dim: Any, keepdim: bool = False) -> Outcome:
    """The logarithm of a sum of exponentials along given axes.

    torch refuses None for all axes, and squeezes one axis too few for an empty list of them.
    """
    none_named = isinstance(dim, (tuple, list)) and not dim
    site.require(
        "argument-type",
        FALSE if dim is None else any_of(TRUE if keepdim or not none_named else FALSE, _is_trivial(input)),
        "logsumexp takes the axes to reduce, but gets dim={}",
        str(dim),
        help="name the axes, such as tuple(range(x.dim()))",
    )
    return reduction("logsumexp", ANY, "float", site, input, dim, keepdim)


def _is_trivial(input: Tensor) -> Condition:
    return eq(input.numel, 0) if input.rank else TRUE


def variance(
    op: str,
    with_mean: bool,
    site: Site,
    input: Tensor,
    dim: Any = None,
    unbiased: Any = None,
    keepdim: bool = False,
    *,
    correction: Any = None,
) -> Outcome:
    """var, std and the forms that give the mean too; `x.var(False)` and `x.var(dim, False)` name `unbiased`."""
    if isinstance(dim, bool):
        dim = None
    require_kind(site, op, input.dtype, "hfc")
    axes = reduced_axes(site, op, input, dim)
    made = _reduced(input, axes, keepdim, real_dtype(input.dtype))
    if not with_mean:
        return made
    return Outcome((made.output, made.output.as_dtype(input.dtype)), made.cost + made.cost)


def cumulative(op: str, kinds: str, site: Site, input: Tensor, dim: int, *, dtype: Any = None) -> Outcome:
    """The running sum, product or logarithm of sums along one axis."""
    one_axis(site, op, input, dim)
    require_kind(site, op, dtype or input.dtype, kinds)
    return Outcome(Tensor(input.shape, dtype or integral_sum(input.dtype)), Cost(elementwise=input.numel))


def logcumsumexp(site: Site, input: Tensor, dim: int) -> Outcome:
    """The running logarithm of a sum of exponentials along one axis."""
    return cumulative("logcumsumexp", "hfc", site, input, dim)


def nanmean(site: Site, input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Outcome:
    """The mean of all elements that are numbers."""
    require_kind(site, "nanmean", input.dtype, "hf")
    return reduction("nanmean", "hf", "same", site, input, dim, keepdim, dtype=dtype)


def _rule(op: str, keeps: Keeps, infer: Callable[..., Outcome]) -> OpRule:
    return OpRule(op, numpy_names(infer), spellings(op), keeps=keeps)


RULES = (
    _rule("sum", keeps_nothing, partial(total, "sum", ANY)),
    _rule("nansum", keeps_input, partial(total, "nansum", REAL)),
    _rule("mean", keeps_nothing, partial(reduction, "mean", "hfc", "same")),
    _rule("nanmean", keeps_input, nanmean),
    _rule("prod", keeps_both, prod),
    _rule("amax", keeps_both, partial(extreme, "amax")),
    _rule("amin", keeps_both, partial(extreme, "amin")),
    _rule("argmax", stops, partial(argument, "argmax")),
    _rule("argmin", stops, partial(argument, "argmin")),
    _rule("any", stops, partial(logical, "any")),
    _rule("all", stops, partial(logical, "all")),
    _rule("count_nonzero", stops, count_nonzero),
    _rule("logsumexp", keeps_both, logsumexp),
    _rule("var", keeps_input, partial(variance, "var", False)),
    _rule("std", keeps_both, partial(variance, "std", False)),
    _rule("var_mean", keeps_input, partial(variance, "var_mean", True)),
    _rule("std_mean", keeps_both, partial(variance, "std_mean", True)),
    _rule("cumsum", keeps_nothing, partial(cumulative, "cumsum", ANY)),
    _rule("cumprod", keeps_both, partial(cumulative, "cumprod", ANY)),
    _rule("logcumsumexp", keeps_both, logcumsumexp),
)
