"""What autograd keeps of losses over class indices: cross_entropy and nll_loss."""

from __future__ import annotations

import torch

from convsym.graph.backward import Backward, Saved
from convsym.graph.tensor import Tensor


def of_class_loss(op: str, input: Tensor, target: Tensor, weight: Tensor | None, smoothed: str | None) -> Backward:
    """The log-probabilities, which cross_entropy computes itself, the targets, and what the weights add up to.

    `smoothed` is how the loss is reduced where labels are smoothed: then it is also kept which of them are ignored and,
    for a mean, over how many it is taken.
    """
    probabilities = input.with_shape(*input.shape) if op == "cross_entropy" else input
    kept = [probabilities, target, *([] if weight is None else [weight]), Tensor((), input.dtype)]
    if smoothed is not None:
        kept.append(Tensor(target.shape, torch.bool))
    if smoothed == "mean":
        kept.append(Tensor((), torch.int64 if weight is None else weight.dtype))
    return Backward(tuple(Saved(tensor, (input,)) for tensor in kept))
