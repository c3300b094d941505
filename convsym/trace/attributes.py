"""Attributes of tensors, as Python reads and sets them and as torch's C++ asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from convsym.trace.tensors import SymbolicTensor

if TYPE_CHECKING:
    from convsym.trace.tracer import Tracer


def is_attribute(func: Any) -> bool:
    """Whether a call that torch hands over reads or sets an attribute."""
    return getattr(func, "__name__", "") in ("__get__", "__set__", "__delete__")


def attribute(tracer: Tracer, func: Any, args: tuple[Any, ...]) -> Any:
    """What reading or setting an attribute of a tensor gives."""
    name = func.__self__.__name__
    if func.__name__ == "__set__":
        if name == "data":
            tracer.passage.replace(args[0], args[1])
            return None
    elif name == "device":
        return tracer.device
    elif name == "is_meta":
        return False
    elif name in _VIEWS and (isinstance(args[0], SymbolicTensor) or id(args[0]) in tracer.passage.overridden):
        return _VIEWS[name](args[0])
    with torch._C.DisableTorchFunctionSubclass():
        return func(*args)


def _reversed(tensor: Any) -> Any:
    return tensor.permute(*reversed(range(tensor.dim())))


_VIEWS: dict[str, Callable[[Any], Any]] = {
    "T": _reversed,
    "mT": lambda tensor: tensor.transpose(-2, -1),
    "H": lambda tensor: _reversed(tensor.conj()),
    "mH": lambda tensor: tensor.conj().transpose(-2, -1),
    "real": lambda tensor: torch.view_as_real(tensor).select(-1, 0) if tensor.dtype.is_complex else tensor,
    "imag": lambda tensor: torch.view_as_real(tensor).select(-1, 1),
}


def _size(tensor: SymbolicTensor, *dim: int) -> Any:
    return tensor.size(*dim)


def _stride(tensor: SymbolicTensor, *dim: int) -> Any:
    return tensor.stride(*dim)


def _numel(tensor: SymbolicTensor) -> Any:
    return tensor.numel()


def _is_contiguous(tensor: SymbolicTensor, *memory_format: Any) -> bool:
    return tensor.spec.strides is None


def _itself(tensor: SymbolicTensor, *_: Any) -> SymbolicTensor:
    return tensor


#: What C++ asks of a tensor by an aten operator that is no operation.
ASKED: dict[str, Callable[..., Any]] = {
    "size": _size,
    "sym_size": _size,
    "stride": _stride,
    "sym_stride": _stride,
    "numel": _numel,
    "sym_numel": _numel,
    "storage_offset": lambda tensor: 0,
    "sym_storage_offset": lambda tensor: 0,
    "dim": lambda tensor: tensor.dim(),
    "is_contiguous": _is_contiguous,
    "sym_is_contiguous": _is_contiguous,
    "is_non_overlapping_and_dense": _is_contiguous,
    "is_strides_like_format": lambda tensor, *_: False,
    "detach": _itself,
    "alias": _itself,
    "lift_fresh": _itself,
}
