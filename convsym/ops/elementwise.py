"""What element-wise operations share: broadcast operands, promoted dtypes, kept layouts, in-place forms.

Every operation costs one element-wise operation per element of the result unless its table says more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from convsym.graph.backward import Keeps, written
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor, dtype_name
from convsym.ops.broadcast import broadcast, mismatched, true_dtype
from convsym.ops.catalogue import Infer, OpRule, Outcome, Site, is_in_place
from convsym.ops.layout import elementwise_strides
from convsym.sizes.arithmetic import multiply
from convsym.sizes.condition import FALSE, TRUE, all_of, any_of, eq, le

# One letter for each kind of dtype that kernels are written for: bool, unsigned, integer, half, float, half complex, complex.
KINDS: dict[torch.dtype, str] = {
    torch.bool: "b",
    torch.uint8: "u",
    torch.int8: "i",
    torch.int16: "i",
    torch.int32: "i",
    torch.int64: "i",
    torch.float16: "h",
    torch.bfloat16: "h",
    torch.float32: "f",
    torch.float64: "f",
    torch.complex32: "x",
    torch.complex64: "c",
    torch.complex128: "c",
}
ANY = "buihfc"
REAL = "buihf"


def require_kind(site: Site, op: str, dtype: torch.dtype, kinds: str) -> bool:
    """A dtype that the operation has a kernel for; dtypes outside the table (quantised, 8-bit floats) are let pass."""
    kind = KINDS.get(dtype)
    return (
        kind is None
        or kind in kinds
        or site.require(
            "dtype-mismatch",
            FALSE,
            "{} is not implemented for {}",
            op,
            dtype_name(dtype),
            help="convert the operands with .to() first",
        )
    )


def require_tensors(site: Site, op: str, *operands: Any) -> bool:
    """Operations that take no Python number in this place."""
    return all(type(o) is Tensor for o in operands) or site.require(
        "argument-type",
        FALSE,
        "{} takes tensors only, but gets {}",
        op,
        ", ".join(str(o) for o in operands if type(o) is not Tensor),
        help="wrap the number with torch.tensor()",
    )


def real_dtype(dtype: torch.dtype) -> torch.dtype:
    """The dtype of the parts of a complex number; any other dtype itself."""
    return dtype.to_real() if dtype.is_complex else dtype


RESULTS: dict[str, Callable[[torch.dtype], torch.dtype]] = {
    "same": lambda dtype: dtype,
    "float": true_dtype,
    "bool": lambda dtype: torch.bool,
    "real": real_dtype,
    "real float": lambda dtype: real_dtype(true_dtype(dtype)),
    "number": lambda dtype: torch.int64 if dtype == torch.bool else dtype,
    "double": lambda dtype: torch.complex128 if dtype.is_complex else torch.float64,
}


def pointwise(
    site: Site, op: str, dtype: torch.dtype, *operands: Any, work: int = 1, common: torch.dtype | None = None
) -> Outcome:
    """The result of an operation on each element of operands (tensors or numbers) that broadcast to one shape.

    `common` is the dtype that the operands are converted to, where that is not the result's.
    """
    tensors = [_converted(site, o, common or dtype) for o in operands if type(o) is Tensor]
    if len(tensors) == 1:
        (only,) = tensors
        shape = only.shape
    else:
        first = tensors[0].shape
        same = all(t.shape == first for t in tensors)
        shape = first if same else broadcast(site, *(t.shape for t in tensors), op=op)
    strides = elementwise_strides(site, shape, *tensors)
    output = Tensor(shape, dtype, strides)
    return Outcome(output, Cost(elementwise=multiply(work, output.numel)))


def _converted(site: Site, operand: Tensor, dtype: torch.dtype) -> Tensor:
    # A conversion copies, which gives an expanded axis a place of its own.
    if operand.strides is None or operand.dtype == dtype:
        return operand
    return replace(operand, strides=elementwise_strides(site, operand.shape, operand))


def in_place(op: str, infer: Infer, takes_overlap: Callable[[torch.dtype], bool] = lambda dtype: False) -> Infer:
    """The form of an element-wise rule that writes into its first operand: its shape, dtype and layout stay.

    `takes_overlap` says of which dtypes torch lets it write into an expanded tensor.
    """

    def written(site: Site, input: Tensor, *args: Any, **kwargs: Any) -> Outcome:
        made = infer(site, input, *args, **kwargs)
        output: Tensor = made.output
        if not takes_overlap(input.dtype):
            require_own_memory(site, op, input)
        if mismatched(output, (input, *args, *kwargs.values())):
            return made
        grown = output.rank != input.rank
        site.require(
            "broadcast-mismatch",
            FALSE if grown else all_of(*(eq(a, b) for a, b in zip(output.shape, input.shape, strict=True))),
            "in-place {} of shape {} cannot take an operand that broadcasts it to {}",
            op,
            input.shape,
            output.shape,
            help="use the form that returns a new tensor",
        )
        if output.dtype != input.dtype:
            site.require(
                "dtype-mismatch",
                TRUE if _fits(output.dtype, input.dtype) else FALSE,
                "in-place {} makes {}, which does not fit into a tensor of dtype {}",
                op,
                dtype_name(output.dtype),
                dtype_name(input.dtype),
                help="convert the tensor first, or use the form that returns a new one",
            )
        return replace(made, output=input.without_data())

    return written


def require_own_memory(site: Site, op: str, input: Tensor) -> None:
    """What is written into must not be an expanded tensor, whose elements share their memory."""
    if input.strides is None or 0 not in input.strides:
        return
    pairs = zip(input.shape, input.strides, strict=True)
    site.require(
        "in-place-overlap",
        any_of(all_of(*(le(size, 1) for size, stride in pairs if stride == 0)), eq(input.numel, 0)),
        "in-place {} writes into an expanded tensor of shape {}, whose elements share their memory",
        op,
        input.shape,
        help="call .clone() or .contiguous() first, or use the form that returns a new tensor",
    )


def _fits(made: torch.dtype, kept: torch.dtype) -> bool:
    # Only an absolute value is real where its operand is complex, and torch does not write that back.
    return torch.can_cast(made, kept) and not (kept.is_complex and made.is_floating_point)


def rules(op: str, infer: Infer, functions: tuple[Any, ...], keeps: Keeps | None = None) -> tuple[OpRule, ...]:
    """One rule for the callables that return a new tensor, and one for those that write into their first operand."""
    fresh = tuple(f for f in functions if not is_in_place(f))
    writing = tuple(f for f in functions if is_in_place(f))
    made = (OpRule(op, infer, fresh, keeps=keeps),)
    kept = None if keeps is None else written(keeps)
    return (*made, OpRule(op, in_place(op, infer), writing, keeps=kept)) if writing else made
