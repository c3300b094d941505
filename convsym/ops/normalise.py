"""Normalisation over groups of channels or trailing axes: layer, group, rms and local response norm."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import Backward, Saved
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.dtypes import require_floating, single_for_half
from convsym.ops.layout import elementwise_strides, like_channels_last
from convsym.sizes.arithmetic import Size, add, floor_div, multiply, subtract
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, divides, eq, ge, ne

Sizes = tuple[Size, ...]


def not_one(sizes: Sizes) -> Condition:
    """Whether the product of sizes differs from 1: some size does."""
    return any_of(*(ne(size, 1) for size in sizes))


def _same_shape(a: Sizes, b: Sizes) -> Condition:
    return all_of(TRUE if len(a) == len(b) else FALSE, *(eq(x, y) for x, y in zip(a, b, strict=False)))


def _trailing(
    site: Site, op: str, input: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None
) -> tuple[Tensor, Sizes]:
    shape: Sizes = tuple(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    require_floating(site, op, input, (torch.complex64, torch.complex128) if op == "RMSNorm" else ())
    last = input.shape[-len(shape) :] if shape else ()
    fits = site.require(
        "norm-features",
        all_of(TRUE if shape else FALSE, _same_shape(last, shape)),
        "{} normalises the last axes of sizes {}, but gets input of shape {}",
        op,
        shape,
        input.shape,
        help="make normalized_shape equal to the last sizes of the input, or permute the input so that they come last",
    )
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None:
            site.require(
                "norm-features",
                _same_shape(parameter.shape, shape),
                "the {} of {} has shape {}, which must be normalized_shape={}",
                name,
                op,
                parameter.shape,
                shape,
                help="give the parameters the shape {3}",
            )
    kept = input.shape if fits else (*input.shape[: -len(shape) or None], *shape)
    return input.with_shape(*kept), shape


def layer_norm(
    site: Site,
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: Any = 1e-5,
    cudnn_enable: bool = True,
) -> Outcome:
    """`input` normalised over its last axes, whose sizes are `normalized_shape`; one operation per element."""
    output, shape = _trailing(site, "LayerNorm", input, normalized_shape, weight, bias)
    given = (t for t in (weight, bias) if t is not None)
    saved = (input, *given, *_statistics(input, weight, _rows(input, shape)))
    parameters = {"normalized_shape": shape, "affine": weight is not None}
    return Outcome(output, Cost(elementwise=output.numel), parameters, Backward(tuple(map(Saved, saved))))


def _rows(input: Tensor, shape: Sizes) -> Sizes:
    return (*input.shape[: input.rank - len(shape)], *(1 for _ in shape))


def _statistics(input: Tensor, weight: Tensor | None, shape: Sizes) -> tuple[Tensor, Tensor]:
    """The mean and the inverse deviation of whatever is normalised together."""
    dtype = input.dtype if weight is None else weight.dtype
    return Tensor(shape, dtype), Tensor(shape, dtype)


def rms_norm(
    site: Site, input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: Any = None
) -> Outcome:
    """`input` divided by the root mean square over its last axes; one operation per element."""
    output, shape = _trailing(site, "RMSNorm", input, normalized_shape, weight, None)
    # Computed step by step, half precision in single: the inverse root, and what it is multiplied with before the weight.
    read = input.as_dtype(single_for_half(input.dtype))
    normalised = () if weight is None else (weight, read.with_shape(*input.shape))
    saved = (read, Tensor(_rows(input, shape), read.dtype), *normalised)
    return Outcome(
        output, Cost(elementwise=output.numel), {"normalized_shape": shape}, Backward(tuple(map(Saved, saved)))
    )


def _group_norm(
    checked: bool,
    site: Site,
    input: Tensor,
    num_groups: Size,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
) -> Outcome:
    op = "GroupNorm"
    parameters = {"num_groups": num_groups, "affine": weight is not None}
    if not site.require(
        "input-rank",
        TRUE if input.rank >= 2 else FALSE,
        "{} takes input of at least 2 axes, but gets shape {}",
        op,
        input.shape,
        help="give it (N, C, ...)",
    ):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    require_floating(site, op, input)
    batch, channels = input.shape[:2]
    positive = site.require(
        "groups",
        ge(num_groups, 1),
        "{} has num_groups={}, which must be at least 1",
        op,
        num_groups,
        help="choose num_groups that divides the number of channels",
    )
    if positive and site.require(
        "groups",
        divides(num_groups, channels),
        "{} has num_groups={}, which does not divide the {} channels",
        op,
        num_groups,
        channels,
        help="choose num_groups that divides the number of channels",
    ):
        per_group = floor_div(multiply(batch, channels), num_groups)
        if checked:
            require_values(site, op, (per_group, *input.shape[2:]), input, "group")
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None:
            _require_vector(site, op, name, parameter, channels)
    output = like_channels_last(input, input.with_shape(*input.shape))
    kept = input if input.strides is None or output.strides is not None else input.with_shape(*input.shape)
    given = (weight,) if weight is not None else ()
    saved = (kept, *given, *_statistics(input, weight, (batch, num_groups)))
    return Outcome(output, Cost(elementwise=output.numel), parameters, Backward(tuple(map(Saved, saved))))


def group_norm(
    site: Site,
    input: Tensor,
    num_groups: Size,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: Any = 1e-5,
) -> Outcome:
    """`input` (N, C, ...) normalised over groups of channels; one operation per element.

    F.group_norm refuses input whose groups have one value in all, counted over the batch as torch does.
    """
    return _group_norm(True, site, input, num_groups, weight, bias)


def _builtin_group_norm(
    site: Site,
    input: Tensor,
    num_groups: Size,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: Any = 1e-5,
    cudnn_enabled: bool = True,
) -> Outcome:
    return _group_norm(False, site, input, num_groups, weight, bias)


def require_values(site: Site, op: str, sizes: Sizes, input: Tensor, what: str) -> None:
    """A mean and a variance need more than one value."""
    site.require(
        "norm-one-value",
        not_one(sizes),
        "{} needs more than one value per {}, but the input of shape {} has one",
        op,
        what,
        input.shape,
        help="use a larger batch or input, or evaluation mode where the layer keeps running statistics",
    )


def _require_vector(site: Site, op: str, name: str, parameter: Tensor, channels: Size) -> None:
    site.require(
        "norm-features",
        all_of(TRUE if parameter.rank == 1 else FALSE, eq(parameter.numel, channels)),
        "the {} of {} has shape {}, but the input has {} channels",
        name,
        op,
        parameter.shape,
        channels,
        help="make the layer for {3} channels",
    )


def local_response_norm(
    site: Site, input: Tensor, size: Size, alpha: Any = 1e-4, beta: Any = 0.75, k: Any = 1.0
) -> Outcome:
    """`input` (N, C, ...) divided by a mean over `size` neighbouring channels; `size` operations per element."""
    op = "LocalResponseNorm"
    enough = site.require(
        "input-rank",
        TRUE if input.rank >= 3 else FALSE,
        "{} takes input of at least 3 axes, but gets shape {}",
        op,
        input.shape,
        help="give it (N, C, ...)",
    )
    require_floating(site, op, input, (torch.int64,))
    site.require(
        "kernel-size",
        ge(size, 1) if enough else TRUE,
        "{} has size={}, which must be at least 1",
        op,
        size,
        help="choose a larger size",
    )
    dtype = input.dtype if input.dtype.is_floating_point else torch.get_default_dtype()
    output = Tensor(input.shape, dtype, elementwise_strides(site, input.shape, input))
    # The squares in their padding, what is raised to a power, and what is divided by.
    padded = (
        input.with_shape(input.shape[0], subtract(add(input.shape[1], size), 1), *input.shape[2:]) if enough else input
    )
    saved = (input, padded, output.with_shape(*output.shape), output.with_shape(*output.shape))
    backward = Backward(tuple(map(Saved, saved)))
    return Outcome(output, Cost(elementwise=multiply(output.numel, size)), {"size": size}, backward)


def _layer_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.normalized_shape, module.weight, module.bias, module.eps), {}


def _rms_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.normalized_shape, module.weight, module.eps), {}


def _group_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.num_groups, module.weight, module.bias, module.eps), {}


def _local_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.size, module.alpha, module.beta, module.k), {}


RULES = (
    OpRule("layer_norm", layer_norm, (F.layer_norm, torch.layer_norm), {nn.LayerNorm: _layer_module}),
    OpRule("rms_norm", rms_norm, (F.rms_norm, torch.rms_norm), {nn.RMSNorm: _rms_module}),
    OpRule("group_norm", group_norm, (F.group_norm,), {nn.GroupNorm: _group_module}),
    OpRule("group_norm", _builtin_group_norm, (torch.group_norm,)),
    OpRule("local_response_norm", local_response_norm, (F.local_response_norm,), {nn.LocalResponseNorm: _local_module}),
)
