"""What a forward reads that no call of it has made: parameters and buffers, and which of them are trained."""

from __future__ import annotations

from torch import nn

from convsym.graph.tensor import Tensor
from convsym.trace.explore import Way
from convsym.trace.tensors import SymbolicTensor


def leaves(way: Way, model: nn.Module) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The memory of the parameters and buffers that a forward read, and the tensors that require a gradient."""
    owned = {id(tensor) for tensor in (*model.parameters(), *model.buffers())}
    weights = [held.spec for held in way.held if id(held.value) in owned]
    # A parameter whose elements the forward replaces (`weight.data = ...`) is trained all the same.
    trained = [held.spec for held in (*way.held, *way.rewritten) if held.value.requires_grad]
    if way.model is not None:
        open_buffers = [b for b in way.model.buffers() if isinstance(b, SymbolicTensor)]
        open_parameters = [p for p in way.model.parameters() if isinstance(p, SymbolicTensor)]
        weights += [t.spec.storage for t in (*open_parameters, *open_buffers)]
        trained += [p.spec for p in open_parameters if not p.frozen]
    return tuple(weights), tuple(trained)
