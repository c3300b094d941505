"""Dropout: of elements, of channels, and their alpha forms."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import NOTHING, Backward, Saved
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.activation import fresh
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.dtypes import require_floating
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE

# How many axes a channel-wise form needs in training, and how many it insists on at all times.
_LEAST = {"FeatureAlphaDropout": 2, "Dropout2d": 2, "Dropout3d": 1, "feature_dropout": 2}
_EXACTLY = {"Dropout1d": (2, 3)}


def dropout(
    op: str, site: Site, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Outcome:
    """`input` itself outside training; in training one operation per element."""
    site.require(
        "probability",
        TRUE if 0 <= p <= 1 else FALSE,
        "{} has p={}, which must lie between 0 and 1",
        op,
        str(p),
        help="choose a probability",
    )
    if op in _EXACTLY:
        site.require(
            "input-rank",
            TRUE if input.rank in _EXACTLY[op] else FALSE,
            "{} takes input of 2 or 3 axes, but gets {} of shape {}",
            op,
            str(input.rank),
            input.shape,
            help="give it (N, C, L) or (C, L)",
        )
    parameters = {"p": p}
    if not training or p == 0 or 0 in input.shape:
        return Outcome(input, parameters=parameters, backward=NOTHING)
    if 0 < p < 1:
        site.require(
            "input-rank",
            TRUE if input.rank >= _LEAST.get(op, 0) else FALSE,
            "{} takes input of at least 2 axes, but gets shape {}",
            op,
            input.shape,
            help="give it (N, C, ...)",
        )
    require_floating(site, op, input, (torch.complex64, torch.complex128))
    output = input.overwritten() if inplace else fresh(site, input)
    noise = input.with_shape(*_drawn(op, input.shape))
    return Outcome(output, Cost(elementwise=output.numel), parameters, Backward((Saved(noise),)))


def _drawn(op: str, shape: tuple[Size, ...]) -> tuple[Size, ...]:
    """The shape of the noise that elements are multiplied by: one number each, or one for each channel."""
    if op in ("Dropout", "AlphaDropout"):
        return shape
    if len(shape) == _ALONE.get(op):
        return (shape[0], *(1 for _ in shape[1:]))
    return (*shape[:2], *(1 for _ in shape[2:]))


#: These take one sample of so many axes, whose channels come first.
_ALONE = {"Dropout1d": 2, "Dropout3d": 4}


def _builtin(op: str, site: Site, input: Tensor, p: float, train: bool) -> Outcome:
    return dropout(op, site, input, p, train)


def native_dropout(site: Site, input: Tensor, p: float, train: bool | None) -> Outcome:
    """Dropout that gives its mask too."""
    made = dropout("Dropout", site, input, p, bool(train) or train is None)
    output = made.output if made.output is not input else fresh(site, input)
    mask = fresh(site, input, torch.bool)
    return Outcome((output, mask), made.cost, made.parameters, Backward((Saved(mask),)))


def _module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.p, module.training, module.inplace), {}


def _alpha(
    op: str, site: Site, input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Outcome:
    return dropout(op, site, input, p, training, inplace)


RULES = (
    OpRule("dropout", partial(dropout, "Dropout"), (F.dropout,), {nn.Dropout: _module}),
    OpRule("dropout1d", partial(dropout, "Dropout1d"), (F.dropout1d,), {nn.Dropout1d: _module}),
    OpRule("dropout2d", partial(dropout, "Dropout2d"), (F.dropout2d,), {nn.Dropout2d: _module}),
    OpRule("dropout3d", partial(dropout, "Dropout3d"), (F.dropout3d,), {nn.Dropout3d: _module}),
    OpRule("alpha_dropout", partial(_alpha, "AlphaDropout"), (F.alpha_dropout,), {nn.AlphaDropout: _module}),
    OpRule(
        "feature_alpha_dropout",
        partial(_alpha, "FeatureAlphaDropout"),
        (F.feature_alpha_dropout,),
        {nn.FeatureAlphaDropout: _module},
    ),
    OpRule("dropout", partial(_builtin, "Dropout"), (torch.dropout, torch.dropout_)),
    OpRule("alpha_dropout", partial(_builtin, "AlphaDropout"), (torch.alpha_dropout, torch.alpha_dropout_)),
    OpRule("feature_dropout", partial(_builtin, "feature_dropout"), (torch.feature_dropout, torch.feature_dropout_)),
    OpRule(
        "feature_alpha_dropout",
        partial(_builtin, "FeatureAlphaDropout"),
        (torch.feature_alpha_dropout, torch.feature_alpha_dropout_),
    ),
    OpRule("native_dropout", native_dropout, (torch.native_dropout,)),
)
