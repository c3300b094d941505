"""Elements of a tensor that user code reads as Python numbers; those that depend on the data become unknowns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import subtract
from convsym.sizes.condition import eq
from convsym.trace import values
from convsym.trace.errors import Unsupported
from convsym.trace.numbers import integer, real, truth

if TYPE_CHECKING:
    from convsym.trace.site import TracedSite


def value_of(site: TracedSite, tensor: Tensor) -> Any:
    """The one element of a tensor, as `.item()` gives it."""
    numel = tensor.numel
    site.require("one-element", eq(numel, 1), "only a tensor of one element has a value; this has {}", numel)
    return _drawn(site, tensor.dtype) if tensor.data is None else values.element(tensor.data)


def values_of(site: TracedSite, tensor: Tensor) -> Any:
    """The elements as nested lists, as `.tolist()` gives them."""
    if tensor.data is not None:
        return values.nested(tensor.data)
    return values.filled([site.pin(s) for s in tensor.shape], lambda: _drawn(site, tensor.dtype))


def array_of(tensor: Tensor) -> Any:
    """The elements as a NumPy array. Raises Unsupported where they depend on the data."""
    if tensor.data is None:
        raise Unsupported("the elements of a tensor that depends on the input are read as a NumPy array")
    return values.array(tensor.data)


def _drawn(site: TracedSite, dtype: torch.dtype) -> Any:
    unknown = site.unknown(0)
    if dtype == torch.bool:
        return truth(eq(unknown, 1))
    if dtype != torch.uint8:
        # Of either sign: unknowns themselves are counts, and none is below nought.
        unknown = subtract(unknown, site.unknown(0))
    return real(unknown) if dtype.is_floating_point else integer(unknown)
