"""What torch itself says of a training step at one size: FLOPs of both passes, and what autograd keeps."""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree as pytree
from torch.utils.flop_counter import FlopCounterMode


def convolution_backward(
    grad: Any, x: Any, w: Any, _b: Any, _s: Any, _p: Any, _d: Any, transposed: bool, *rest: Any, **_: Any
) -> int:
    """Each gradient costs what the forward costs: two per weight, sample and place where the kernel is laid down.

    torch's own formula takes a grouped convolution for one without groups.
    """
    output_mask = rest[2]
    places = prod((x if transposed else grad)[2:])
    return int(2 * x[0] * places * prod(w) * sum(output_mask[:2]))


CORRECTED = {torch.ops.aten.convolution_backward: convolution_backward}


def flops_of_both_passes(model: nn.Module, *inputs: Any, **named: Any) -> tuple[int, int]:
    """What torch's counter says, its formula for grouped convolutions corrected, attention by its two products."""
    with FlopCounterMode(display=False) as forward, sdpa_kernel(SDPBackend.MATH):
        loss = sum_of(model(*inputs, **named))
    with FlopCounterMode(display=False, custom_mapping=CORRECTED) as backward:
        loss.backward()
    return forward.get_total_flops(), backward.get_total_flops()


def sum_of(output: Any) -> torch.Tensor:
    """A loss that every output takes part in."""
    leaves = [t for t in pytree.tree_leaves(output) if isinstance(t, torch.Tensor) and t.requires_grad]
    return torch.stack([leaf.sum() for leaf in leaves]).sum()


def saved_bytes(model: nn.Module, *inputs: Any, leave_out: torch.dtype | None = None, **named: Any) -> int:
    """The bytes of the distinct storages that autograd keeps of a forward, parameters and buffers left out.

    Tensors of one dtype can be left out as well.
    """
    # Buffers that the forward puts others in the place of stay alive, so that their memory is not given out again.
    weights = [t.untyped_storage() for t in (*model.parameters(), *model.buffers())]
    apart = {storage.data_ptr() for storage in weights}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in apart and tensor.dtype != leave_out:
            kept[storage.data_ptr()] = storage
        # Not the tensor itself: where it is a result, its graph would hold it and it its graph.
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        # The output stays alive, so that no memory is given out twice.
        output = model(*inputs, **named)
    del output
    return sum(storage.nbytes() for storage in kept.values())
