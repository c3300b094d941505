"""Element-wise choice and mixing: where, clamp, masked_fill, lerp, addcmul, addcdiv."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch

from convsym.graph.backward import NOTHING, Backward, Saved, Tensors, keeps_all, keeps_others, keeps_positions
from convsym.graph.tensor import Tensor, dtype_name
from convsym.ops.broadcast import result_dtype
from convsym.ops.catalogue import OpRule, Outcome, Site, spellings
from convsym.ops.dtypes import require_dtype, require_one_dtype
from convsym.ops.elementwise import REAL, in_place, pointwise, require_kind, require_tensors, rules
from convsym.sizes.condition import FALSE, TRUE


def where(site: Site, condition: Tensor, input: Any = None, other: Any = None) -> Outcome:
    """Each element from `input` where `condition` holds, else from `other`.

    With the condition alone: the positions where it holds, whose number depends on the data.
    """
    if input is None and other is None:
        count = site.unknown(0)
        return Outcome(tuple(Tensor((count,), torch.int64) for _ in range(max(condition.rank, 1))))
    require_dtype(site, "where", "a condition", condition, torch.bool, torch.uint8)
    dtype = result_dtype(input, other)
    # The condition is not converted to the dtype of the others.
    return pointwise(site, "where", dtype, condition.as_dtype(dtype), input, other)


def _method_where(site: Site, input: Any, condition: Tensor, other: Any) -> Outcome:
    return where(site, condition, input, other)


def clamp(op: str, site: Site, input: Tensor, min: Any = None, max: Any = None) -> Outcome:
    """Each element kept between two numbers or tensors, of which one may be missing."""
    bounds = [bound for bound in (min, max) if bound is not None]
    site.require(
        "argument-missing",
        TRUE if bounds else FALSE,
        "{} needs min or max",
        op,
        help="give at least one of them",
    )
    by_tensors = any(type(bound) is Tensor for bound in bounds)
    if by_tensors:
        require_tensors(site, op, *bounds)
    dtype = result_dtype(input, *bounds)
    require_kind(site, op, dtype, REAL if by_tensors and len(bounds) == 1 else "uihf")
    return pointwise(site, op, dtype, input, *bounds)


def clamp_min(site: Site, input: Tensor, min: Any) -> Outcome:
    """Each element, or `min` where that is larger."""
    return clamp("clamp_min", site, input, min)


def clamp_max(site: Site, input: Tensor, max: Any) -> Outcome:
    """Each element, or `max` where that is smaller."""
    return clamp("clamp_max", site, input, None, max)


def lerp(site: Site, input: Tensor, end: Tensor, weight: Any) -> Outcome:
    """`input + weight * (end - input)`; operands are not promoted."""
    require_tensors(site, "lerp", input, end)
    operands = [o for o in (input, end, weight) if type(o) is Tensor]
    # A weight without axes counts as a number.
    require_one_dtype(site, "lerp", input, end, weight if type(weight) is Tensor and weight.rank else None)
    dtype = result_dtype(*operands)
    require_kind(site, "lerp", dtype, "hfc")
    return pointwise(site, "lerp", dtype, *operands, work=3)


def addc(
    op: str, kinds: str, site: Site, input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1
) -> Outcome:
    """`input + value * tensor1 * tensor2`, or with a quotient in place of the last product."""
    if op == "addcdiv":
        # What is refused is a quotient of integers, whatever it is added to.
        require_kind(site, op, result_dtype(tensor1, tensor2), kinds)
    dtype = result_dtype(input, tensor1, tensor2)
    require_kind(site, op, dtype, kinds)
    return pointwise(site, op, dtype, input, tensor1, tensor2, work=3)


def masked_fill(site: Site, input: Tensor, mask: Tensor, value: Any) -> Outcome:
    """`input` with a number where `mask` holds; the number must fit the dtype."""
    require_dtype(site, "masked_fill", "a mask", mask, torch.bool)
    if isinstance(value, Tensor):
        site.require(
            "input-rank",
            TRUE if value.rank == 0 else FALSE,
            "masked_fill takes one value, but gets a tensor of shape {}",
            value.shape,
            help="use torch.where to fill with more than one value",
        )
    else:
        require_fits(site, "masked_fill", input.dtype, value)
    made = pointwise(site, "masked_fill", input.dtype, input, mask)
    # The kernel fills a contiguous copy.
    return replace(made, output=made.output.with_shape(*made.output.shape))


def require_fits(site: Site, op: str, dtype: torch.dtype, value: Any) -> bool:
    """A number within the range of a dtype; infinities fit floating point only."""
    if isinstance(value, bool) or dtype == torch.bool or not isinstance(value, (int, float, complex)):
        return True
    if isinstance(value, complex):
        fits = dtype.is_complex
    elif dtype.is_floating_point or dtype.is_complex:
        fits = value != value or value in (float("inf"), float("-inf")) or abs(value) <= torch.finfo(dtype).max
    else:
        info = torch.iinfo(dtype)
        # torch lets a negative number wrap around in an unsigned dtype.
        low = -info.max if info.min == 0 else info.min
        fits = value == value and low <= value <= info.max
    return fits or site.require(
        "value-overflow",
        FALSE,
        "{} writes {} into a tensor of dtype {}, which cannot hold it",
        op,
        str(value),
        dtype_name(dtype),
        help="use torch.finfo(dtype).min or max, or float('inf')",
    )


def _keeps_weight(inputs: Tensors, outputs: Tensors) -> Backward:
    return keeps_all(inputs, outputs) if len(inputs) == 3 else NOTHING


def _keeps_factors(inputs: Tensors, outputs: Tensors) -> Backward:
    """The factors, each for the gradient of the other."""
    return keeps_others(inputs[1:], outputs)


def _keeps_fraction(inputs: Tensors, outputs: Tensors) -> Backward:
    """As for a quotient, where something in it needs a gradient."""
    if len(inputs) != 3:
        return NOTHING
    _, above, below = inputs
    return Backward((Saved(above, (below,)), Saved(below, (above, below))))


_WHERE = (torch.where,)
RULES = (
    OpRule("where", where, _WHERE, keeps=keeps_positions),
    OpRule("where", _method_where, (torch.Tensor.where,), keeps=keeps_positions),
    *rules("clamp", partial(clamp, "clamp"), spellings("clamp", "clip"), keeps_all),
    *rules("clamp_min", clamp_min, spellings("clamp_min"), keeps_all),
    *rules("clamp_max", clamp_max, spellings("clamp_max"), keeps_all),
    *rules("lerp", lerp, spellings("lerp"), _keeps_weight),
    *rules("addcmul", partial(addc, "addcmul", "uihfc"), spellings("addcmul"), _keeps_factors),
    *rules("addcdiv", partial(addc, "addcdiv", "hfc"), spellings("addcdiv"), _keeps_fraction),
    OpRule("masked_fill", masked_fill, (torch.masked_fill, torch.Tensor.masked_fill), keeps=keeps_positions),
    OpRule(
        "masked_fill",
        in_place("masked_fill", masked_fill, takes_overlap=lambda dtype: True),
        (torch.Tensor.masked_fill_,),
        keeps=keeps_positions,
    ),
)
