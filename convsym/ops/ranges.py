"""Numbers in a row: arange, range, linspace, logspace."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from convsym.graph.backward import stops
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import number
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.sizes import ratio
from convsym.sizes.arithmetic import Size, add, ceil_div, negate, subtract
from convsym.sizes.condition import FALSE, TRUE, all_of, any_of, ge, gt, le, lt, ne


def _is_float(value: Any) -> bool:
    return value.dtype.is_floating_point if isinstance(value, Tensor) else ratio.is_real(value)


def arange(site: Site, *args: Any, dtype: torch.dtype | None = None, **named: Any) -> Outcome:
    """`torch.arange(end)` or `torch.arange(start, end, step)`: ceil((end - start) / step) numbers."""
    start, end, step = _ends(args, named)
    if dtype is None:
        dtype = torch.get_default_dtype() if any(map(_is_float, (start, end, step))) else torch.int64
    first, last, by = (number(site, v) for v in (start, end, step))
    parameters = {"start": first, "end": last, "step": by}
    valid = _require_step(site, by) and _require_sign(site, first, last, by) and _require_dtype(site, dtype)
    if valid and dtype == torch.int64:
        # Torch truncates the numbers themselves for this dtype alone.
        first, last, by = (ratio.truncate(v) if ratio.is_real(v) else v for v in (first, last, by))
        valid = _require_step(site, by)
    if not valid:
        return Outcome(Tensor((site.unknown(1),), dtype), parameters=parameters)
    if any(map(ratio.is_real, (first, last, by))):
        size = ratio.ceil(ratio.divide(ratio.subtract(last, first), by))
    else:
        size = _count(site, subtract(last, first), by)
    return Outcome(Tensor((size,), dtype), parameters=parameters)


def _ends(args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, Any]:
    start, end, step = named.get("start", 0), named.get("end"), named.get("step", 1)
    if len(args) == 1 and "end" not in named:
        end = args[0]
    elif args:
        start, end, step = (*args, *(end, step)[len(args) - 1 :])[:3]
    return start, end, step


def _count(site: Site, distance: Size, step: Size) -> Size:
    if site.holds(gt(step, 0)):
        return ceil_div(distance, step)
    return ceil_div(negate(distance), negate(step))


def _require_step(site: Site, step: Any) -> bool:
    return site.require("range", ne(step, 0), "arange is given the step 0", help="give a step that is not 0")


def _require_sign(site: Site, start: Any, end: Any, step: Any) -> bool:
    return site.require(
        "range",
        any_of(all_of(gt(step, 0), ge(end, start)), all_of(lt(step, 0), le(end, start))),
        "arange from {} to {} cannot be reached with steps of {}",
        _shown(start),
        _shown(end),
        _shown(step),
        help="let the step lead from start to end, or use a larger input",
    )


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, float) else value


def _require_dtype(site: Site, dtype: torch.dtype) -> bool:
    return site.require(
        "dtype-mismatch",
        TRUE if dtype != torch.bool and not dtype.is_complex else FALSE,
        "arange makes no tensor of {}",
        str(dtype).removeprefix("torch."),
        help="make integers and convert them",
    )


def inclusive_range(
    site: Site, start: Any, end: Any, step: Any = 1, *, dtype: torch.dtype | None = None, **options: Any
) -> Outcome:
    """torch.range, which includes its end: floor((end - start) / step) + 1 numbers."""
    first, last, by = (number(site, v) for v in (start, end, step))
    dtype = dtype or torch.get_default_dtype()
    if not (_require_step(site, by) and _require_sign(site, first, last, by)):
        return Outcome(Tensor((site.unknown(1),), dtype))
    size = add(ratio.floor(ratio.divide(ratio.subtract(last, first), by)), 1)
    return Outcome(Tensor((size,), dtype))


def spaced(
    op: str, site: Site, start: Any, end: Any, steps: Any, *args: Any, dtype: torch.dtype | None = None, **options: Any
) -> Outcome:
    """`steps` numbers from `start` to `end`, both included."""
    count = number(site, steps)
    ends = [v for v in (start, end) if isinstance(v, Tensor)]
    site.require(
        "input-rank",
        TRUE if all(v.rank == 0 for v in ends) else FALSE,
        "{} takes numbers or tensors without axes, but gets shapes {}",
        op,
        tuple(v.shape for v in ends),
        help="take one element of them",
    )
    site.require(
        "negative-size", ge(count, 0), "{} is asked for {} numbers", op, count, help="ask for at least 0 numbers"
    )
    if dtype is None:
        dtype = torch.get_default_dtype()
        if any(isinstance(v, complex) or (isinstance(v, Tensor) and v.dtype.is_complex) for v in (start, end)):
            dtype = torch.promote_types(dtype, torch.complex64)
    return Outcome(Tensor((count,), dtype), parameters={"steps": count})


RULES = keeping(
    stops,
    OpRule("arange", arange, (torch.arange,)),
    OpRule("range", inclusive_range, (torch.range,)),
    OpRule("linspace", partial(spaced, "linspace"), (torch.linspace,)),
    OpRule("logspace", partial(spaced, "logspace"), (torch.logspace,)),
)
