"""Losses of an input and a target: squared, absolute and Huber errors, cross entropies, divergences.

Each costs one element-wise operation per element of the broadcast operands; the mean and the sum give one number.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import keeps_all
from convsym.graph.tensor import Tensor
from convsym.ops.broadcast import Shape, result_dtype
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.dtypes import require_dtype, require_floating, require_one_dtype
from convsym.ops.elementwise import pointwise, real_dtype, require_kind
from convsym.ops.loss_backward import of_class_loss
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ne

_REDUCTIONS: tuple[Any, ...] = ("none", "mean", "sum", 0, 1, 2)


def reduction_of(
    site: Site, op: str, reduction: Any, size_average: bool | None = None, reduce: bool | None = None, also: str = ""
) -> str:
    """ "none", "mean" or "sum", from torch's names, its numbers and its older pair of flags."""
    if size_average is not None or reduce is not None:
        if reduce is False:
            return "none"
        return "sum" if size_average is False else "mean"
    if reduction == also:
        return "sum"
    site.require(
        "argument-choice",
        TRUE if reduction in _REDUCTIONS else FALSE,
        "{} has reduction={}, which must be 'none', 'mean' or 'sum'",
        op,
        repr(reduction),
        help="choose one of them",
    )
    return str(_REDUCTIONS[reduction]) if isinstance(reduction, int) and 0 <= reduction < 3 else str(reduction)


def reduced(made: Outcome, reduction: str) -> Outcome:
    """A loss for each element, or one number for all."""
    if reduction == "none":
        return made
    return replace(made, output=Tensor((), made.output.dtype))


def same_shape(a: Shape, b: Shape) -> Condition:
    """Whether two shapes are equal."""
    return all_of(TRUE if len(a) == len(b) else FALSE, *(eq(x, y) for x, y in zip(a, b, strict=False)))


def require_same(site: Site, op: str, what: str, input: Tensor, other: Tensor) -> bool:
    """A target or weight of exactly the input's shape."""
    return site.require(
        "loss-shape",
        same_shape(input.shape, other.shape),
        "{} gets input of shape {} and a {} of shape {}, which must be equal",
        op,
        input.shape,
        what,
        other.shape,
        help="bring both to one shape, with squeeze, unsqueeze or expand",
    )


def error(
    op: str,
    site: Site,
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Any = "mean",
    weight: Tensor | None = None,
) -> Outcome:
    """Squared and absolute errors; operands of different shapes are broadcast, of which torch warns."""
    kind = reduction_of(site, op, reduction, size_average, reduce)
    dtype = result_dtype(input, target)
    if op == "l1_loss":
        require_kind(site, op, dtype, "hfc" if kind == "mean" else "uihfc")
        dtype = real_dtype(dtype)
    else:
        require_kind(site, op, dtype, "hf")
    if weight is not None:
        require_same(site, op, "weight", input, weight)
        dtype = result_dtype(input, target, weight)
    operands = (input, target) if weight is None else (input, target, weight)
    return reduced(pointwise(site, op, dtype, *operands), kind)


def _builtin_error(op: str, site: Site, input: Tensor, target: Tensor, reduction: Any = 1) -> Outcome:
    return error(op, site, input, target, reduction=reduction)


def smooth_l1_loss(
    site: Site,
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Any = "mean",
    beta: Any = 1.0,
) -> Outcome:
    """Absolute errors, squared below `beta`, which must not be negative."""
    _require_number(site, "smooth_l1_loss", "beta", beta, beta >= 0)
    if beta == 0:
        return error("l1_loss", site, input, target, size_average, reduce, reduction)
    return error("smooth_l1_loss", site, input, target, size_average, reduce, reduction)


def _builtin_smooth_l1_loss(site: Site, input: Tensor, target: Tensor, reduction: Any = 1, beta: Any = 1.0) -> Outcome:
    return smooth_l1_loss(site, input, target, reduction=reduction, beta=beta)


def huber_loss(
    site: Site,
    input: Tensor,
    target: Tensor,
    reduction: Any = "mean",
    delta: Any = 1.0,
    weight: Tensor | None = None,
) -> Outcome:
    """Squared errors up to `delta`, linear beyond; `delta` must be positive."""
    _require_number(site, "huber_loss", "delta", delta, delta > 0)
    return error("huber_loss", site, input, target, reduction=reduction, weight=weight)


def _require_number(site: Site, op: str, name: str, value: Any, is_valid: bool) -> None:
    site.require(
        "bounds",
        TRUE if is_valid else FALSE,
        "{} has {}={}, which is out of its range",
        op,
        name,
        str(value),
        help="choose a positive number",
    )


def _require_expands(site: Site, op: str, name: str, weight: Tensor, shape: Shape) -> None:
    pairs = zip(reversed(weight.shape), reversed(shape), strict=False)
    fits = TRUE if weight.rank <= len(shape) else FALSE
    site.require(
        "loss-shape",
        all_of(fits, *(any_of(eq(w, s), eq(w, 1)) for w, s in pairs)),
        "{} has a {} of shape {}, which does not expand to the shape {} of the target",
        op,
        name,
        weight.shape,
        shape,
        help="give it the shape of the target, or size 1 on the axes where it repeats",
    )


def binary_cross_entropy(
    site: Site,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Any = "mean",
) -> Outcome:
    """The cross entropy of probabilities; target and input must have one shape and one dtype."""
    op = "binary_cross_entropy"
    kind = reduction_of(site, op, reduction, size_average, reduce)
    require_floating(site, op, input)
    require_one_dtype(site, op, input, target, weight)
    if require_same(site, op, "target", input, target) and weight is not None:
        _require_expands(site, op, "weight", weight, target.shape)
    return reduced(pointwise(site, op, input.dtype, input), kind)


def _builtin_binary_cross_entropy(
    site: Site, input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: Any = 1
) -> Outcome:
    return binary_cross_entropy(site, input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    site: Site,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Any = "mean",
    pos_weight: Tensor | None = None,
) -> Outcome:
    """The cross entropy of logits; target and input must have one shape."""
    op = "binary_cross_entropy_with_logits"
    kind = reduction_of(site, op, reduction, size_average, reduce)
    require_floating(site, op, input)
    require_floating(site, f"the target of {op}", target)
    if require_same(site, op, "target", input, target):
        for name, given in (("weight", weight), ("pos_weight", pos_weight)):
            if given is not None:
                _require_expands(site, op, name, given, target.shape)
    return reduced(pointwise(site, op, result_dtype(input, target), input), kind)


def _builtin_binary_cross_entropy_with_logits(
    site: Site,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: Any = 1,
) -> Outcome:
    return binary_cross_entropy_with_logits(site, input, target, weight, reduction=reduction, pos_weight=pos_weight)


def cross_entropy(
    site: Site,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: Any = -100,
    reduce: bool | None = None,
    reduction: Any = "mean",
    label_smoothing: Any = 0.0,
) -> Outcome:
    """Logits (N, C, ...) or (C) against class indices (N, ...) or (), or against probabilities of the logits' shape."""
    op = "cross_entropy"
    kind = reduction_of(site, op, reduction, size_average, reduce)
    _require_number(site, op, "label_smoothing", label_smoothing, 0 <= label_smoothing <= 1)
    require_floating(site, op, input)
    if input.rank and input.rank == target.rank and (input.rank > 1 or target.dtype.is_floating_point):
        fits = require_same(site, op, "target", input, target)
        if fits:
            require_floating(site, f"the target of {op}, class probabilities,", target)
        _require_class_weight(site, op, weight, input.shape[1] if input.rank > 1 else input.shape[0])
        shape = (*input.shape[:1], *input.shape[2:]) if input.rank > 1 else ()
        made = pointwise(site, op, result_dtype(input, target), input)
        return reduced(Outcome(Tensor(shape, made.output.dtype), made.cost), kind)
    return _class_loss(site, op, input, target, weight, kind, smooths=label_smoothing > 0)


def _builtin_cross_entropy(
    site: Site,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: Any = 1,
    ignore_index: Any = -100,
    label_smoothing: Any = 0.0,
) -> Outcome:
    return cross_entropy(site, input, target, weight, reduction=reduction, label_smoothing=label_smoothing)


def nll_loss(
    site: Site,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: Any = -100,
    reduce: bool | None = None,
    reduction: Any = "mean",
) -> Outcome:
    """Log-probabilities (N, C, ...) or (C) against class indices (N, ...) or ()."""
    kind = reduction_of(site, "nll_loss", reduction, size_average, reduce)
    require_floating(site, "nll_loss", input)
    return _class_loss(site, "nll_loss", input, target, weight, kind)


def _builtin_nll_loss(
    site: Site,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: Any = 1,
    ignore_index: Any = -100,
) -> Outcome:
    return nll_loss(site, input, target, weight, reduction=reduction)


def _class_loss(
    site: Site, op: str, input: Tensor, target: Tensor, weight: Tensor | None, kind: str, smooths: bool = False
) -> Outcome:
    if not site.require(
        "loss-shape",
        TRUE if input.rank else FALSE,
        "{} takes input with an axis of classes, but gets shape {}",
        op,
        input.shape,
        help="give it (N, C, ...) or (C)",
    ):
        return Outcome(Tensor((), input.dtype))
    require_dtype(site, op, "class indices", target, torch.int64, torch.uint8)
    if input.rank == 1:
        classes = input.shape[0]
        fits = TRUE if not target.rank else _one_index(op, target, classes)
        shape: Shape = target.shape
    else:
        classes, shape = input.shape[1], (*input.shape[:1], *input.shape[2:])
        fits = same_shape(target.shape, shape)
    site.require(
        "loss-shape",
        fits,
        "{} gets input of shape {} and class indices of shape {}, which must be {}",
        op,
        input.shape,
        target.shape,
        shape if input.rank > 1 else "one index",
        help="the target has the input's axes without the axis of classes, which is axis 1",
    )
    _require_class_weight(site, op, weight, classes)
    cost = pointwise(site, op, input.dtype, input).cost
    backward = of_class_loss(op, input, target, weight, kind if smooths else None)
    return reduced(Outcome(Tensor(shape, input.dtype), cost, backward=backward), kind)


def _one_index(op: str, target: Tensor, classes: Size) -> Condition:
    one = all_of(TRUE if target.rank == 1 else FALSE, eq(target.numel, 1))
    # One index for one class has the shape of probabilities, which cross_entropy takes it for.
    return all_of(one, ne(classes, 1)) if op == "cross_entropy" else one


def _require_class_weight(site: Site, op: str, weight: Tensor | None, classes: Size) -> None:
    if weight is not None:
        site.require(
            "loss-shape",
            all_of(TRUE if weight.rank == 1 else FALSE, eq(weight.numel, classes)),
            "{} has a weight of shape {} for {} classes",
            op,
            weight.shape,
            classes,
            help="give one weight for each class",
        )


def kl_div(
    site: Site,
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Any = "mean",
    log_target: bool = False,
) -> Outcome:
    """The divergence of two distributions, one of them given by logarithms; operands are broadcast."""
    kind = reduction_of(site, "kl_div", reduction, size_average, reduce, also="batchmean")
    dtype = result_dtype(input, target)
    require_kind(site, "kl_div", dtype, "hf")
    return reduced(pointwise(site, "kl_div", dtype, input, target), kind)


def _builtin_kl_div(
    site: Site, input: Tensor, target: Tensor, reduction: Any = 1, *, log_target: bool = False
) -> Outcome:
    return kl_div(site, input, target, reduction=reduction)


def _plain(module: Any, input: Any, target: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, target), {"reduction": module.reduction}


def _weighted(module: Any, input: Any, target: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, target, module.weight), {"reduction": module.reduction}


def _smooth(module: Any, input: Any, target: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, target), {"reduction": module.reduction, "beta": module.beta}


def _huber(module: Any, input: Any, target: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, target), {"reduction": module.reduction, "delta": module.delta}


def _logits(module: Any, input: Any, target: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, target, module.weight), {"reduction": module.reduction, "pos_weight": module.pos_weight}


def _classes(module: Any, input: Any, target: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    keywords = {"reduction": module.reduction, "label_smoothing": module.label_smoothing}
    return (input, target, module.weight), keywords


_nn = torch._C._nn
RULES = keeping(
    keeps_all,
    OpRule("mse_loss", partial(error, "mse_loss"), (F.mse_loss,), {nn.MSELoss: _plain}),
    OpRule("mse_loss", partial(_builtin_error, "mse_loss"), (_nn.mse_loss,)),
    OpRule("l1_loss", partial(error, "l1_loss"), (F.l1_loss,), {nn.L1Loss: _plain}),
    OpRule("l1_loss", partial(_builtin_error, "l1_loss"), (_nn.l1_loss,)),
    OpRule("smooth_l1_loss", smooth_l1_loss, (F.smooth_l1_loss,), {nn.SmoothL1Loss: _smooth}),
    OpRule("smooth_l1_loss", _builtin_smooth_l1_loss, (_nn.smooth_l1_loss,)),
    OpRule("huber_loss", huber_loss, (F.huber_loss, _nn.huber_loss), {nn.HuberLoss: _huber}),
    OpRule("binary_cross_entropy", binary_cross_entropy, (F.binary_cross_entropy,), {nn.BCELoss: _weighted}),
    OpRule("binary_cross_entropy", _builtin_binary_cross_entropy, (_nn.binary_cross_entropy,)),
    OpRule(
        "binary_cross_entropy_with_logits",
        binary_cross_entropy_with_logits,
        (F.binary_cross_entropy_with_logits,),
        {nn.BCEWithLogitsLoss: _logits},
    ),
    OpRule(
        "binary_cross_entropy_with_logits",
        _builtin_binary_cross_entropy_with_logits,
        (torch.binary_cross_entropy_with_logits,),
    ),
    OpRule("cross_entropy", cross_entropy, (F.cross_entropy,), {nn.CrossEntropyLoss: _classes}),
    OpRule("cross_entropy", _builtin_cross_entropy, (_nn.cross_entropy_loss,)),
    OpRule("nll_loss", nll_loss, (F.nll_loss,), {nn.NLLLoss: _weighted}),
    OpRule("nll_loss", _builtin_nll_loss, (_nn.nll_loss_nd,)),
    OpRule("kl_div", kl_div, (F.kl_div,)),
    OpRule("kl_div", _builtin_kl_div, (torch.kl_div,)),
)
