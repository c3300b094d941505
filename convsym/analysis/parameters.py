"""How many parameters a module has, also one whose lazy layers wait for their first input."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, total
from convsym.trace.explore import Way
from convsym.trace.tensors import SymbolicTensor

#: What the parameters and buffers of lazy layers have been made at the first call, by their identity.
Initialised = Mapping[int, Tensor]


def initialised(way: Way) -> Initialised:
    """What lazy parameters and buffers became on one way through a forward."""
    return {id(held.value): held.spec for held in way.held if nn.parameter.is_lazy(held.value)}


def elements(tensor: torch.Tensor, made: Initialised) -> Size:
    """The number of elements, of a tensor whose sizes were left open too; none of one that no call has made."""
    if isinstance(tensor, SymbolicTensor):
        return tensor.spec.numel
    if nn.parameter.is_lazy(tensor):
        return made[id(tensor)].numel if id(tensor) in made else 0
    return tensor.numel()


def count_parameters(module: nn.Module, made: Initialised) -> Size:
    """The elements of all parameters, shared ones counted once."""
    return total([elements(parameter, made) for parameter in module.parameters()])
