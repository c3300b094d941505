"""Softmax and its kin: softmin, log_softmax, gumbel_softmax, Softmax2d."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import keeps_all, keeps_result
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.dtypes import require_floating
from convsym.sizes.condition import FALSE, TRUE


def _along(site: Site, op: str, input: Tensor, dim: int | None, dtype: torch.dtype | None) -> Outcome:
    if dim is None:
        # torch's old default, which it still takes with a warning.
        dim = 0 if input.rank in (0, 1, 3) else 1
    axis(site, op, dim, input.rank)
    require_floating(site, op, input if dtype is None else input.as_dtype(dtype))
    output = Tensor(input.shape, dtype or input.dtype)
    return Outcome(output, Cost(elementwise=output.numel), {"dim": dim})


def softmax(
    op: str,
    site: Site,
    input: Tensor,
    dim: int | None = None,
    _stacklevel: int = 3,
    dtype: torch.dtype | None = None,
) -> Outcome:
    """`input` normalised along an axis, as F.softmax takes it; one operation per element, a contiguous result."""
    return _along(site, op, input, dim, dtype)


def builtin_softmax(
    op: str, site: Site, input: Tensor, dim: int, dtype: torch.dtype | None = None, **_: Any
) -> Outcome:
    """`input` normalised along an axis, as torch.softmax and Tensor.softmax take it."""
    return _along(site, op, input, dim, dtype)


def gumbel_softmax(
    site: Site, logits: Tensor, tau: Any = 1, hard: bool = False, eps: Any = 1e-10, dim: int = -1
) -> Outcome:
    """A random sample whose elements sum to one along an axis; two operations per element."""
    made = _along(site, "gumbel_softmax", logits, dim, None)
    kept = [made.output]
    if hard and logits.rank:
        # Where the largest elements are, which are found along the axis.
        at = dim % logits.rank
        kept.append(Tensor((*logits.shape[:at], 1, *logits.shape[at + 1 :]), torch.int64))
    return Outcome(made.output, made.cost + made.cost, {"dim": dim}, keeps_all(tuple(kept), ()))


def _softmax2d(site: Site, input: Tensor) -> Outcome:
    if not site.require(
        "input-rank",
        TRUE if input.rank in (3, 4) else FALSE,
        "Softmax2d takes input of 3 or 4 axes, but gets {} of shape {}",
        str(input.rank),
        input.shape,
        help="give it (N, C, H, W) or (C, H, W)",
    ):
        return Outcome(input.with_shape(*input.shape))
    return _along(site, "Softmax2d", input, -3, None)


def _module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.dim), {}


def _plain(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input,), {}


RULES = keeping(
    keeps_result,
    OpRule("softmax", partial(softmax, "softmax"), (F.softmax,), {nn.Softmax: _module}),
    OpRule("softmin", partial(softmax, "softmin"), (F.softmin,), {nn.Softmin: _module}),
    OpRule("log_softmax", partial(softmax, "log_softmax"), (F.log_softmax,), {nn.LogSoftmax: _module}),
    OpRule(
        "softmax", partial(builtin_softmax, "softmax"), (torch.softmax, torch.Tensor.softmax, torch.special.softmax)
    ),
    OpRule(
        "log_softmax",
        partial(builtin_softmax, "log_softmax"),
        (torch.log_softmax, torch.Tensor.log_softmax, torch.special.log_softmax),
    ),
    OpRule("gumbel_softmax", gumbel_softmax, (F.gumbel_softmax,)),
    OpRule("softmax2d", _softmax2d, (), {nn.Softmax2d: _plain}),
)
