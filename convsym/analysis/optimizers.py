"""What the optimisers of torch.optim keep between two steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, multiply, total

_HALF = (torch.float16, torch.bfloat16)
_BYTES_OF_A_SCALAR = torch.float32.itemsize


@dataclass(frozen=True)
class Optimizer:
    """What is kept for each parameter that has a gradient.

    `copies` are tensors like the parameter, in its dtype, `scalars` float32 numbers such as the count of steps. Where
    `factored`, a parameter of two axes or more has one tensor without its last axis and one without the axis before
    that, and any other parameter one copy.

    >>> OPTIMIZERS["adam"].state_bytes(Tensor((64, 3, 3, 3), torch.float32))
    13828
    """

    name: str
    copies: int = 0
    scalars: int = 0
    factored: bool = False

    def state_bytes(self, parameter: Tensor) -> Size:
        """The bytes of the state of one parameter."""
        kept = [multiply(self.copies, parameter.bytes), self.scalars * _BYTES_OF_A_SCALAR]
        if self.factored:
            kept += [part.bytes for part in _factors(parameter)]
        return total(kept)


def _factors(parameter: Tensor) -> tuple[Tensor, ...]:
    if parameter.rank < 2:
        return (parameter,)
    *rows, columns, last = parameter.shape
    return parameter.with_shape(*rows, columns, 1), parameter.with_shape(*rows, 1, last)


#: By the names that `convsym report --optimizer` takes; with the defaults of torch.optim but for what the name says.
OPTIMIZERS = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer("sgd"),
        Optimizer("sgd-momentum", copies=1),
        Optimizer("adam", copies=2, scalars=1),
        Optimizer("adam-amsgrad", copies=3, scalars=1),
        Optimizer("adamw", copies=2, scalars=1),
        Optimizer("adamw-amsgrad", copies=3, scalars=1),
        Optimizer("adafactor", scalars=1, factored=True),
        Optimizer("adadelta", copies=2, scalars=1),
        Optimizer("adagrad", copies=1, scalars=1),
        Optimizer("adamax", copies=2, scalars=1),
        Optimizer("asgd", copies=1, scalars=3),
        Optimizer("nadam", copies=2, scalars=2),
        Optimizer("radam", copies=2, scalars=1),
        Optimizer("rmsprop", copies=1, scalars=1),
        Optimizer("rmsprop-momentum", copies=2, scalars=1),
        Optimizer("rprop", copies=2, scalars=1),
    )
}


def optimizer_named(optimizer: str | Optimizer) -> Optimizer:
    """The optimiser of that name. Raises ValueError, with the names there are."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"there is no optimizer {optimizer!r}; there are {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[optimizer]


def state_bytes(optimizer: str | Optimizer, parameters: Iterable[Tensor], master_weights: bool = False) -> Size:
    """The bytes of the state of these parameters, as the second step finds them.

    With `master_weights`, a parameter in half precision has a float32 copy, and its state is that of the copy.
    """
    chosen = optimizer_named(optimizer)
    sizes: list[Size] = []
    for parameter in parameters:
        if master_weights and parameter.dtype in _HALF:
            copy = parameter.as_dtype(torch.float32)
            sizes += [copy.bytes, chosen.state_bytes(copy)]
        else:
            sizes.append(chosen.state_bytes(parameter))
    return total(sizes)
