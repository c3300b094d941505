"""Weights as a direction and a length: torch._weight_norm, which torch.nn.utils.weight_norm calls."""

from __future__ import annotations

import torch

from convsym.graph.backward import Backward, Saved
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site

_ALL = -1


def weight_norm(site: Site, v: Tensor, g: Tensor, dim: int = 0) -> Outcome:
    """`v`, every slice along one axis brought to the length that `g` has there; with dim=-1, all of it to one length.

    One operation per element. Along the first or the last axis one kernel does it; otherwise torch takes the norms of a
    copy whose rows the slices are, and autograd keeps that too.
    """
    output = Tensor(v.shape, v.dtype, v.strides)
    lengths = g.with_shape(*g.shape)
    kept = [v, g, lengths]
    if dim not in (0, v.rank - 1):
        kept += [g.with_shape(*g.shape)]
        kept += [v.with_shape(*v.shape)] if dim != _ALL else []
    return Outcome(output, Cost(elementwise=v.numel), {"dim": dim}, Backward(tuple(map(Saved, kept))))


RULES = (OpRule("weight_norm", weight_norm, (torch._weight_norm,)),)
