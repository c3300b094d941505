"""How many parameters a module has, also one whose lazy layers wait for their first input."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, floor_div, multiply, product, total
from convsym.trace.tensors import SymbolicTensor


def elements(tensor: torch.Tensor) -> Size:
    """The number of elements, of a tensor whose sizes were left open too."""
    return tensor.spec.numel if isinstance(tensor, SymbolicTensor) else tensor.numel()


def count_parameters(module: nn.Module, first_inputs: Mapping[int, Tensor]) -> Size:
    """The elements of all parameters, shared ones counted once.

    `first_inputs` gives, by id of a lazy module, the input of its first call, from which its sizes follow.
    """
    known = [elements(p) for p in module.parameters() if not nn.parameter.is_lazy(p)]
    lazy = [m for m in module.modules() if id(m) in first_inputs] if first_inputs else []
    return total([*known, *(_of_lazy(m, first_inputs[id(m)]) for m in lazy)])


def _of_lazy(module: nn.Module, x: Tensor) -> Size:
    made: list[Size] = []
    if isinstance(module, nn.modules.conv._ConvNd):
        axes = len(module.kernel_size)
        channels = x.shape[-axes - 1]
        per_group = floor_div(multiply(module.out_channels, channels), module.groups)
        made = [multiply(per_group, product(module.kernel_size))]
        made += [module.out_channels] if module.bias is not None else []
    elif isinstance(module, nn.Linear):
        made = [multiply(module.out_features, x.shape[-1])]
        made += [module.out_features] if module.bias is not None else []
    elif isinstance(module, (nn.modules.batchnorm._NormBase,)) and module.affine and x.rank > 1:
        made = [multiply(2, x.shape[1])]
    return total(made)
