"""Writing into a tensor in place: copy_, fill_, zero_, and the in-place draws that initialise weights."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import keeps_nothing
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.index import require_broadcasts_to
from convsym.ops.layout import elementwise_strides
from convsym.sizes.condition import FALSE, TRUE


def copy(site: Site, input: Tensor, src: Tensor, non_blocking: bool = False) -> Outcome:
    """`x.copy_(y)`: y must expand to the shape of x, and takes its dtype."""
    fits = site.require(
        "broadcast-mismatch",
        TRUE if src.rank <= input.rank else FALSE,
        "copy_ puts shape {} into a tensor of shape {}, which has fewer axes",
        src.shape,
        input.shape,
        help="give both the same shape",
    )
    if fits:
        require_broadcasts_to(site, "copy_", src.shape, input.shape)
    return Outcome(input.without_data())


def fill(site: Site, input: Tensor, value: Any) -> Outcome:
    """Every element made one number, which may be given as a tensor without axes."""
    if isinstance(value, Tensor):
        site.require(
            "input-rank",
            TRUE if value.rank == 0 else FALSE,
            "fill takes a number or a tensor without axes, but gets shape {}",
            value.shape,
            help="take one element of it, or use copy_",
        )
    return Outcome(Tensor(input.shape, input.dtype, elementwise_strides(site, input.shape, input)))


def drawn(site: Site, input: Tensor, *args: Any, **named: Any) -> Outcome:
    """Every element drawn anew, or set to zero."""
    return Outcome(input.without_data())


_DRAWS = (
    "uniform_",
    "normal_",
    "random_",
    "bernoulli_",
    "exponential_",
    "geometric_",
    "cauchy_",
    "log_normal_",
)
RULES = keeping(
    keeps_nothing,
    OpRule("copy", copy, (torch.Tensor.copy_,)),
    OpRule("fill", fill, spellings("fill")),
    OpRule("zero", drawn, spellings("zero")),
    *(OpRule(name.strip("_"), drawn, (getattr(torch.Tensor, name),)) for name in _DRAWS),
)
