"""Conversions: `.to()` in all its forms, `.float()` and its kin, type, type_as, cpu, detach. They cost no arithmetic."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from convsym.graph.backward import keeps_nothing, of_first, stops
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.memory import in_format, require_format
from convsym.ops.strides import suggests_channels_last

_PRESERVE = torch.preserve_format
_SHORT = {
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
    "chalf": torch.complex32,
}
_NAMES = {
    "FloatTensor": torch.float32,
    "DoubleTensor": torch.float64,
    "HalfTensor": torch.float16,
    "BFloat16Tensor": torch.bfloat16,
    "LongTensor": torch.int64,
    "IntTensor": torch.int32,
    "ShortTensor": torch.int16,
    "CharTensor": torch.int8,
    "ByteTensor": torch.uint8,
    "BoolTensor": torch.bool,
}


def converted(
    site: Site, op: str, input: Tensor, dtype: torch.dtype | None, copy: bool = False, memory_format: Any = None
) -> Tensor:
    """The tensor itself where dtype and memory format are as wanted already, else a copy."""
    wanted = dtype or input.dtype
    memory_format = memory_format or _PRESERVE
    if memory_format in (torch.channels_last, torch.channels_last_3d):
        require_format(site, op, input, memory_format)
    if wanted == input.dtype and not copy and _suits(input, memory_format):
        return input
    return Tensor(input.shape, wanted, in_format(site, op, input, memory_format))


def _suits(input: Tensor, memory_format: Any) -> bool:
    if memory_format == _PRESERVE:
        return True
    if not suggests_channels_last(input):
        return bool(memory_format == torch.contiguous_format)
    return bool(memory_format == (torch.channels_last if input.rank == 4 else torch.channels_last_3d))


def to(site: Site, input: Tensor, *args: Any, **named: Any) -> Outcome:
    """`x.to(dtype)`, `x.to(device)`, `x.to(device, dtype)`, `x.to(other)`, each with non_blocking, copy, memory_format."""
    dtype = named.get("dtype")
    copy = bool(named.get("copy", False))
    flags: list[bool] = []
    for value in args:
        if isinstance(value, torch.dtype):
            dtype = value
        elif isinstance(value, Tensor):
            dtype = value.dtype
        elif isinstance(value, bool):
            flags.append(value)
    other = named.get("other")
    if isinstance(other, Tensor):
        dtype = other.dtype
    if len(flags) > 1:
        copy = flags[1]
    output = converted(site, "to", input, dtype, copy, named.get("memory_format"))
    return Outcome(output, parameters={"dtype": dtype} if dtype is not None else {})


def short(dtype: torch.dtype, site: Site, input: Tensor, *, memory_format: Any = None) -> Outcome:
    """`x.float()` and its kin."""
    return Outcome(converted(site, "to", input, dtype, memory_format=memory_format), parameters={"dtype": dtype})


def type_(site: Site, input: Tensor, dtype: Any = None, non_blocking: bool = False, **named: Any) -> Outcome:
    """`x.type(torch.int32)`, `x.type("torch.IntTensor")`; without argument the name of the type."""
    if dtype is None:
        names = {kind: name for name, kind in _NAMES.items()}
        return Outcome(f"torch.{names.get(input.dtype, 'Tensor')}")
    if isinstance(dtype, type):
        dtype = dtype.__name__
    if not isinstance(dtype, torch.dtype):
        dtype = _NAMES[str(dtype).rpartition(".")[2]]
    return Outcome(converted(site, "type", input, dtype), parameters={"dtype": dtype})


def type_as(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """The input in the dtype of another tensor."""
    return Outcome(converted(site, "type_as", input, other.dtype), parameters={"dtype": other.dtype})


def detach(site: Site, input: Tensor) -> Outcome:
    """The same memory, out of autograd's sight."""
    return Outcome(input.view(input.shape, input.strides))


def same(site: Site, input: Tensor, *args: Any, **named: Any) -> Outcome:
    """Moves between devices and the like: shape, dtype and layout stay."""
    return Outcome(converted(site, "to", input, None, memory_format=named.get("memory_format")))


RULES = keeping(
    keeps_nothing,
    OpRule("to", to, (torch.Tensor.to,), keeps=of_first(keeps_nothing)),
    *(OpRule("to", partial(short, dtype), (getattr(torch.Tensor, name),)) for name, dtype in _SHORT.items()),
    OpRule("to", type_, (torch.Tensor.type,)),
    OpRule("to", type_as, spellings("type_as"), keeps=of_first(keeps_nothing)),
    OpRule("to", same, (torch.Tensor.cpu, torch.Tensor.cuda)),
    OpRule("detach", detach, (torch.Tensor.detach, torch.Tensor.detach_, torch.detach, torch.detach_), keeps=stops),
    OpRule("alias", same, (*spellings("alias_copy"), torch.Tensor.pin_memory)),
)
