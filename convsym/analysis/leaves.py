"""What a forward reads that no call of it has made: parameters and buffers, and which of them are trained."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from convsym.analysis.parameters import elements, initialised
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, multiply, total
from convsym.trace.explore import Way, trained_of_open_size
from convsym.trace.tensors import SymbolicTensor


@dataclass(frozen=True)
class Leaves:
    """The memory of the parameters and buffers that a forward read as `weights`, and the tensors that require a gradient.

    `parameters` and `bytes` count what the whole model has, shared tensors once: elements of parameters, and bytes of
    these and of the buffers.
    """

    weights: tuple[Tensor, ...] = ()
    trained: tuple[Tensor, ...] = ()
    parameters: Size = 0
    bytes: Size = 0


def leaves(way: Way, model: nn.Module) -> Leaves:
    """The leaves of one way through the forward of a model."""
    made = initialised(way)
    # One walk through the modules for both: walking takes longer than what is asked of the tensors.
    modules = tuple(model.modules())
    parameters = {id(t): t for module in modules for t in module._parameters.values() if t is not None}
    buffers = {id(t): t for module in modules for t in module._buffers.values() if t is not None}
    owned = {**parameters, **buffers}
    weights = [held.spec for held in way.held if id(held.value) in owned]
    # A parameter whose elements the forward replaces (`weight.data = ...`) is trained all the same.
    trained = [held.spec for held in (*way.held, *way.rewritten) if held.value.requires_grad]
    weights += [t.spec.storage for t in owned.values() if isinstance(t, SymbolicTensor)]
    trained += trained_of_open_size(parameters.values())
    counts = {identity: elements(tensor, made) for identity, tensor in owned.items()}
    return Leaves(
        tuple(weights),
        tuple(trained),
        total(counts[identity] for identity in parameters),
        total(multiply(count, owned[identity].dtype.itemsize) for identity, count in counts.items()),
    )
