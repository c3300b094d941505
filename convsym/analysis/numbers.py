"""The numbers of an analysis at one size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from convsym.analysis.memory import Memory, Moment
from convsym.analysis.optimizers import Optimizer, state_bytes
from convsym.analysis.training import Training
from convsym.graph.tensor import Tensor
from convsym.sizes.evaluate import Evaluation, evaluate

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LayerAt:
    """One call of a convolution, transposed convolution or linear module at one size."""

    path: str
    index: int
    input: Shape
    output: Shape


@dataclass(frozen=True)
class NumbersAt:
    """What an analysis says at one size: plain numbers.

    `outputs` are the shapes of all output tensors, flattened as torch.utils._pytree flattens the result.
    """

    sizes: Mapping[str, int]
    flops: int
    macs: int
    parameters: int
    elementwise: int
    activation_bytes: int
    outputs: list[Shape]
    layers: list[LayerAt]
    remember: Callable[[], Memory] = field(repr=False, compare=False)

    @cached_property
    def memory(self) -> Memory:
        """What is alive when, as formulas on the way that these sizes go."""
        return self.remember()

    @property
    def training(self) -> Training:
        """The training step that belongs to these sizes."""
        return self.memory.training

    @cached_property
    def timeline(self) -> tuple[Moment, ...]:
        """The bytes alive at each call of the forward in inference, and in whose memory they lie."""
        return self.memory.timeline_at(self.sizes)

    @cached_property
    def training_timeline(self) -> tuple[Moment, ...]:
        """The bytes alive at each call of both passes of a training step, and in whose memory they lie."""
        return self.memory.training_timeline_at(self.sizes)

    @cached_property
    def peak_bytes(self) -> int:
        """The most bytes alive at once in inference, parameters, buffers and inputs included."""
        return self.memory.peak_at(self.sizes)

    @cached_property
    def training_peak_bytes(self) -> int:
        """The most bytes alive at once in a step of training, gradients included, without the state of an optimiser."""
        return self.memory.training_peak_at(self.sizes)

    @cached_property
    def gradient_bytes(self) -> int:
        """Bytes of the gradients of the parameters."""
        return evaluate(self.training.gradient_bytes, self.sizes)

    def optimizer_bytes(self, optimizer: str | Optimizer, master_weights: bool = False) -> int:
        """Bytes of the state of an optimiser, as `Analysis.optimizer_bytes` has them."""
        return evaluate(state_bytes(optimizer, self.training.graded, master_weights), self.sizes)

    def training_bytes(self, optimizer: str | Optimizer, master_weights: bool = False) -> int:
        """The most bytes alive at once in a step of training with an optimiser, its state included."""
        return self.training_peak_bytes + self.optimizer_bytes(optimizer, master_weights)

    @cached_property
    def backward_flops(self) -> int:
        """FLOPs of the gradients for the parameters."""
        return evaluate(self.training.flops, self.sizes)

    @cached_property
    def saved_bytes(self) -> int:
        """Bytes that autograd keeps for the backward pass, parameters and buffers left out."""
        return evaluate(self.training.saved_bytes, self.sizes)


def shape_at(tensor: Tensor, numbers: Evaluation) -> Shape:
    """The shape as numbers."""
    return tuple(map(numbers.value, tensor.shape))


def tensors_of(output: Any) -> list[Tensor]:
    """All tensors of a forward's result, flattened as a pytree."""
    from torch.utils import _pytree as pytree

    return [leaf for leaf in pytree.tree_leaves(output) if isinstance(leaf, Tensor)]
