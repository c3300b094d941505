"""Normalisation channel by channel: batch norm and instance norm for 1d to 3d, their lazy forms and functions."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import Backward, Saved
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.dtypes import require_floating
from convsym.ops.layout import like_channels_last
from convsym.ops.lazy import initialised
from convsym.ops.normalise import require_values
from convsym.sizes.arithmetic import Size, multiply
from convsym.sizes.condition import FALSE, TRUE, eq, ge

_PARTS = ("running_mean", "running_var", "weight", "bias")


def _require_channels(site: Site, op: str, channels: Size, parameters: tuple[Tensor | None, ...]) -> None:
    """One diagnostic for a layer made for another number of channels, however many of its tensors say so."""
    for name, parameter in zip(_PARTS, parameters, strict=True):
        if parameter is not None and not site.require(
            "norm-features",
            eq(parameter.numel, channels),
            "{} is made for {} channels (its {}), but gets {}",
            op,
            parameter.numel,
            name,
            channels,
            help="make num_features={3}, or give it {1} channels",
            mend={"num_features": channels},
        ):
            return


def _require_statistics(site: Site, op: str, mean: Tensor | None, var: Tensor | None, from_input: bool) -> None:
    together = (mean is None) == (var is None)
    site.require(
        "norm-statistics",
        TRUE if together and (from_input or mean is not None) else FALSE,
        "{} gets {} of running_mean and running_var; it needs both, or none when it takes its statistics from the input",
        op,
        "one" if not together else "none",
        help="give both, or take the statistics from the input (training=True, use_input_stats=True)",
    )


def _batch_norm(
    checked: bool,
    site: Site,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    op: str = "BatchNorm",
) -> Outcome:
    output = like_channels_last(input, input.with_shape(*input.shape))
    cost = Cost(elementwise=output.numel)
    if not site.require(
        "input-rank",
        TRUE if input.rank >= 2 else FALSE,
        "{} takes input of at least 2 axes, but gets shape {}",
        op,
        input.shape,
        help="give it (N, C, ...)",
    ):
        return Outcome(output, cost)
    require_floating(site, op, input)
    _require_statistics(site, op, running_mean, running_var, training)
    channels = input.shape[1]
    _require_channels(site, op, channels, (running_mean, running_var, weight, bias))
    if training and checked:
        require_values(site, op, (input.shape[0], *input.shape[2:]), input, "channel")
    statistics = _statistics(input, weight or running_mean, channels) if training else ()
    saved = (input, *(t for t in (weight, running_mean, running_var) if t is not None), *statistics)
    parameters = {"num_features": channels, "affine": weight is not None, "training": training}
    return Outcome(output, cost, parameters, Backward(tuple(map(Saved, saved))))


def _statistics(input: Tensor, parameter: Tensor | None, channels: Size) -> tuple[Tensor, ...]:
    """The mean and the inverse deviation of each channel, as precise as what the layer has."""
    dtype = input.dtype if parameter is None else parameter.dtype
    return Tensor((channels,), dtype), Tensor((channels,), dtype)


def batch_norm(
    site: Site,
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: Any = 1e-5,
) -> Outcome:
    """`input` (N, C, ...) normalised channel by channel; one operation per element.

    In training every channel needs more than one value over the batch and all positions.
    """
    return _batch_norm(True, site, input, running_mean, running_var, weight, bias, bool(training))


def _builtin_batch_norm(
    site: Site,
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: Any = 0.1,
    eps: Any = 1e-5,
    cudnn_enabled: bool = True,
) -> Outcome:
    return _batch_norm(False, site, input, running_mean, running_var, weight, bias, bool(training))


def _instance_norm(
    checked: bool,
    site: Site,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    use_input_stats: bool,
    op: str = "InstanceNorm",
) -> Outcome:
    output = input.with_shape(*input.shape)
    cost = Cost(elementwise=output.numel)
    if use_input_stats and checked:
        require_values(site, op, input.shape[2:], input, "channel of each sample")
    if input.rank < 2:
        return Outcome(output, cost)
    require_floating(site, op, input)
    _require_statistics(site, op, running_mean, running_var, use_input_stats)
    _require_channels(site, op, input.shape[1], (running_mean, running_var, weight, bias))
    # Samples are normalised as channels of one batch norm, for which what there is for each channel is repeated.
    channels = multiply(*input.shape[:2])
    repeated = [t.with_shape(channels) for t in (running_mean, running_var, weight) if t is not None]
    statistics = _statistics(input, weight or running_mean, channels) if use_input_stats else ()
    kept = input if input.strides is None else input.with_shape(*input.shape)
    backward = Backward(tuple(map(Saved, (kept, *repeated, *statistics))))
    return Outcome(output, cost, {"num_features": input.shape[1], "affine": weight is not None}, backward)


def instance_norm(
    site: Site,
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: Any = 0.1,
    eps: Any = 1e-5,
) -> Outcome:
    """`input` (N, C, ...) normalised channel by channel in every sample; one operation per element.

    Unless running statistics are used, the positions of a channel must be more than one.
    """
    return _instance_norm(True, site, input, running_mean, running_var, weight, bias, bool(use_input_stats))


def _builtin_instance_norm(
    site: Site,
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: Any = 0.1,
    eps: Any = 1e-5,
    cudnn_enabled: bool = True,
) -> Outcome:
    return _instance_norm(False, site, input, running_mean, running_var, weight, bias, bool(use_input_stats))


def _require_ranks(site: Site, op: str, input: Tensor, ranks: tuple[int, ...]) -> bool:
    return input.rank in ranks or site.require(
        "input-rank",
        FALSE,
        "{} takes input of {} axes, but gets {} of shape {}",
        op,
        " or ".join(map(str, ranks)) if len(ranks) < 9 else "at least 2",
        str(input.rank),
        input.shape,
        help="take the layer for this number of axes, or reshape the input",
    )


# The ranks that each layer checks before it calls the function.
_ANY = tuple(range(2, 33))
_BATCH: dict[type, tuple[int, ...]] = {
    nn.BatchNorm1d: (2, 3),
    nn.BatchNorm2d: (4,),
    nn.BatchNorm3d: (5,),
    nn.LazyBatchNorm1d: (2, 3),
    nn.LazyBatchNorm2d: (4,),
    nn.LazyBatchNorm3d: (5,),
    nn.SyncBatchNorm: _ANY,
}
_INSTANCE: dict[type, tuple[int, int]] = {
    nn.InstanceNorm1d: (2, 3),
    nn.InstanceNorm2d: (3, 4),
    nn.InstanceNorm3d: (4, 5),
    nn.LazyInstanceNorm1d: (2, 3),
    nn.LazyInstanceNorm2d: (3, 4),
    nn.LazyInstanceNorm3d: (4, 5),
}


def _batch_module(
    site: Site,
    input: Tensor,
    kind: type,
    training: bool,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
) -> Outcome:
    """A batch norm layer: its ranks first, then the function.

    Running statistics are used in evaluation, where there are any.
    """
    op = kind.__name__
    if not _require_ranks(site, op, input, _BATCH[kind]):
        return Outcome(input.with_shape(*input.shape))
    if kind is nn.SyncBatchNorm:
        site.require("empty-input", ge(input.shape[1], 1), "{} takes no input without channels", op)
    training = training or (running_mean is None and running_var is None)
    return _batch_norm(True, site, input, running_mean, running_var, weight, bias, training, op)


def _instance_module(
    site: Site,
    input: Tensor,
    kind: type,
    num_features: Size,
    use_input_stats: bool,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
) -> Outcome:
    """An instance norm layer; input of one axis less is one sample.

    A wrong channel count matters only to a layer with parameters or running statistics.
    """
    op, ranks = kind.__name__, _INSTANCE[kind]
    if not _require_ranks(site, op, input, ranks):
        return Outcome(input.with_shape(*input.shape))
    batched = input if input.rank == ranks[1] else input.view((1, *input.shape))
    made = _instance_norm(True, site, batched, running_mean, running_var, weight, bias, use_input_stats, op)
    output = input.with_shape(*input.shape)
    return Outcome(output, made.cost, {**made.parameters, "num_features": num_features}, made.backward)


def _vectors(site: Site, module: Any, input: Tensor, axis: int) -> tuple[Size, list[Tensor | None]]:
    """A lazy layer's channel count and tensors, as its first input makes them."""
    channels = input.shape[axis] if input.rank > axis else 1
    return channels, [initialised(site, tensor, channels) for tensor in _tensors(module)]


def _lazy_batch(site: Site, input: Tensor, module: Any) -> Outcome:
    _, vectors = _vectors(site, module, input, 1)
    return _batch_module(site, input, type(module), module.training, *vectors)


def _lazy_instance(site: Site, input: Tensor, module: Any) -> Outcome:
    kind = type(module)
    unbatched = input.rank < _INSTANCE[kind][1]
    channels, vectors = _vectors(site, module, input, 0 if unbatched else 1)
    from_input = module.training or not module.track_running_stats
    return _instance_module(site, input, kind, channels, from_input, *vectors)


def _tensors(module: Any) -> tuple[Any, ...]:
    return module.running_mean, module.running_var, module.weight, module.bias


def _batch_arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, type(module), module.training, *_tensors(module)), {}


def _instance_arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    from_input = module.training or not module.track_running_stats
    return (input, type(module), module.num_features, from_input, *_tensors(module)), {}


def _lazy_arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module), {}


def _is_lazy(kind: type) -> bool:
    return issubclass(kind, nn.modules.lazy.LazyModuleMixin)


RULES = (
    OpRule("batch_norm", batch_norm, (F.batch_norm,)),
    OpRule("batch_norm", _builtin_batch_norm, (torch.batch_norm,)),
    OpRule("batch_norm", _batch_module, (), {k: _batch_arguments for k in _BATCH if not _is_lazy(k)}),
    OpRule("batch_norm", _lazy_batch, (), {k: _lazy_arguments for k in _BATCH if _is_lazy(k)}),
    OpRule("instance_norm", instance_norm, (F.instance_norm,)),
    OpRule("instance_norm", _builtin_instance_norm, (torch.instance_norm,)),
    OpRule("instance_norm", _instance_module, (), {k: _instance_arguments for k in _INSTANCE if not _is_lazy(k)}),
    OpRule("instance_norm", _lazy_instance, (), {k: _lazy_arguments for k in _INSTANCE if _is_lazy(k)}),
)
