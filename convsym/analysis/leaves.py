"""What a forward reads that no call of it has made: parameters and buffers, and which of them are trained."""

from __future__ import annotations

from torch import nn

from convsym.analysis.parameters import elements, initialised
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, multiply, total
from convsym.trace.explore import Way, trained_of_open_size
from convsym.trace.tensors import SymbolicTensor


def leaves(way: Way, model: nn.Module) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...], Size]:
    """The memory of the parameters and buffers that a forward read, the tensors that require a gradient, and the bytes
    of all parameters and buffers, shared ones counted once."""
    parameters, buffers = list(model.parameters()), list(model.buffers())
    owned = {id(tensor): tensor for tensor in (*parameters, *buffers)}
    weights = [held.spec for held in way.held if id(held.value) in owned]
    # A parameter whose elements the forward replaces (`weight.data = ...`) is trained all the same.
    trained = [held.spec for held in (*way.held, *way.rewritten) if held.value.requires_grad]
    weights += [t.spec.storage for t in (*parameters, *buffers) if isinstance(t, SymbolicTensor)]
    trained += trained_of_open_size(model)
    made = initialised(way)
    sizes = [multiply(elements(t, made), t.dtype.itemsize) for t in owned.values()]
    return tuple(weights), tuple(trained), total(sizes)
