"""Conversions and copies: dtype, device and layout, and the in-place fills."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch

from convsym.graph.tensor import Tensor
from convsym.ops.broadcast import broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.layout import channels_last_strides, elementwise_strides
from convsym.sizes.condition import FALSE, all_of, eq


def to(site: Site, input: Tensor, *args: Any, **kwargs: Any) -> Outcome:
    """`x.to(dtype)`, `x.to(device, dtype)`, `x.to(other)`: the same shape in another dtype or layout; no cost.

    The device is not looked at: nothing runs on it.
    """
    dtype, memory_format = kwargs.get("dtype"), kwargs.get("memory_format")
    for value in (*args, kwargs.get("other")):
        if isinstance(value, torch.dtype):
            dtype = value
        elif isinstance(value, Tensor):
            dtype = value.dtype
        elif isinstance(value, torch.memory_format):
            memory_format = value
        elif value in _PYTHON_TYPES and isinstance(value, type):
            dtype = _PYTHON_TYPES[value]
    return Outcome(_formatted(input.as_dtype(dtype or input.dtype), memory_format), parameters=_shown(dtype))


_PYTHON_TYPES: dict[Any, torch.dtype] = {float: torch.float64, int: torch.int64, bool: torch.bool}


def _shown(dtype: torch.dtype | None) -> dict[str, Any]:
    return {} if dtype is None else {"dtype": str(dtype).removeprefix("torch.")}


def _formatted(input: Tensor, memory_format: torch.memory_format | None) -> Tensor:
    if memory_format is None or memory_format == torch.preserve_format:
        return input
    if memory_format == torch.contiguous_format:
        return replace(input, strides=None)
    return replace(input, strides=channels_last_strides(input.shape))


def as_type(dtype: torch.dtype, site: Site, input: Tensor, memory_format: Any = None, **_: Any) -> Outcome:
    """`x.float()` and its kin."""
    return Outcome(_formatted(input.as_dtype(dtype), memory_format), parameters=_shown(dtype))


def type_(site: Site, input: Tensor, dtype: Any = None, non_blocking: bool = False) -> Outcome:
    """`x.type(torch.int64)` or `x.type("torch.FloatTensor")`; without a dtype the name of the present one."""
    if dtype is None:
        return Outcome(torch.empty(0, dtype=input.dtype).type())
    if isinstance(dtype, str) or isinstance(dtype, type):
        dtype = _PYTHON_TYPES.get(dtype) or torch.empty(0).type(dtype).dtype
    return Outcome(input.as_dtype(dtype), parameters=_shown(dtype))


def type_as(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """The input in the dtype of another tensor."""
    return Outcome(input.as_dtype(other.dtype), parameters=_shown(other.dtype))


def moved(site: Site, input: Tensor, *_: Any, **__: Any) -> Outcome:
    """To another device, or off the autograd graph: the same tensor to a shape analysis."""
    return Outcome(input)


def contiguous(site: Site, input: Tensor, memory_format: Any = torch.contiguous_format) -> Outcome:
    """The elements row by row, or in another memory format."""
    return Outcome(_formatted(input, memory_format))


def clone(site: Site, input: Tensor, *, memory_format: Any = torch.preserve_format) -> Outcome:
    """A copy; a dense layout is kept, a layout with gaps or overlaps becomes contiguous in the same order."""
    if memory_format == torch.preserve_format and input.strides is not None:
        return Outcome(replace(input, strides=elementwise_strides(site, input.shape, input)))
    return Outcome(_formatted(input, memory_format))


def written(site: Site, input: Tensor, *_: Any, **__: Any) -> Outcome:
    """Filled in place with a number or with random ones: shape and dtype stay."""
    return Outcome(input.without_data())


def copied(site: Site, input: Tensor, src: Tensor, non_blocking: bool = False) -> Outcome:
    """Filled in place from another tensor, which must broadcast to it."""
    shape = broadcast(site, input.shape, src.shape, op="copy_")
    same = FALSE if len(shape) != input.rank else all_of(*(eq(a, b) for a, b in zip(shape, input.shape, strict=True)))
    site.require(
        "broadcast-mismatch",
        same,
        "copy_ cannot write shape {} into shape {}",
        src.shape,
        input.shape,
        help="bring the source to shape {1}",
    )
    return Outcome(input.without_data())


def is_contiguous(site: Site, input: Tensor, *_: Any, **__: Any) -> Outcome:
    """Whether the elements lie row by row."""
    return Outcome(input.strides is None)


def is_kind(question: str, site: Site, input: Tensor) -> Outcome:
    """Questions about the dtype."""
    return Outcome(bool(getattr(torch.empty(0, dtype=input.dtype), question)()))


def _named(*names: str) -> tuple[Any, ...]:
    """The functions and methods of these very names, no in-place forms."""
    return tuple(dict.fromkeys(getattr(s, n) for n in names for s in (torch, torch.Tensor) if hasattr(s, n)))


_DTYPES = {
    "float": torch.float32,
    "double": torch.float64,
    "half": torch.float16,
    "bfloat16": torch.bfloat16,
    "long": torch.int64,
    "int": torch.int32,
    "short": torch.int16,
    "char": torch.int8,
    "byte": torch.uint8,
    "bool": torch.bool,
    "cfloat": torch.complex64,
    "cdouble": torch.complex128,
}
_FILLS = (
    "fill_ zero_ normal_ uniform_ random_ bernoulli_ exponential_ geometric_ cauchy_ log_normal_ fill_diagonal_"
).split()

RULES = (
    OpRule("to", to, (torch.Tensor.to,)),
    *(OpRule("to", partial(as_type, dtype), (getattr(torch.Tensor, name),)) for name, dtype in _DTYPES.items()),
    OpRule("to", type_, (torch.Tensor.type,)),
    OpRule("to", type_as, (torch.Tensor.type_as,)),
    OpRule("detach", moved, _named("detach", "detach_", "cpu", "cuda", "alias_copy", "pin_memory")),
    OpRule("contiguous", contiguous, (torch.Tensor.contiguous,)),
    OpRule("clone", clone, _named("clone")),
    OpRule("fill", written, tuple(getattr(torch.Tensor, name) for name in _FILLS)),
    OpRule("copy", copied, (torch.Tensor.copy_,)),
    OpRule("is_contiguous", is_contiguous, (torch.Tensor.is_contiguous,)),
    OpRule("is_floating_point", partial(is_kind, "is_floating_point"), (torch.is_floating_point,)),
    OpRule("is_complex", partial(is_kind, "is_complex"), (torch.is_complex,)),
)
