"""Convolutions: nn.Conv1d, Conv2d, Conv3d, their lazy forms, and torch.conv1d, conv2d, conv3d."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import Saved
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.conv_backward import of_convolution, on_small_images
from convsym.ops.dtypes import require_one_dtype
from convsym.ops.layout import like_channels_last
from convsym.ops.lazy import initialised
from convsym.ops.windowed import require_elements, require_positive, require_rank, spread
from convsym.sizes.arithmetic import Size, exact_div, floor_div, multiply, product, subtract, total
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, divides, eq, ge, le
from convsym.sizes.windows import reach, window_out


def conv(
    axes: int,
    site: Site,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Size = 1,
    padding_mode: str = "zeros",
) -> Outcome:
    """The convolution of `input` (N, C_in, *spatial) or (C_in, *spatial) with `weight` (C_out, C_in / groups, *kernel).

    Each spatial size becomes floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, axis by axis.
    FLOPs are two per output element and tap, as torch.utils.flop_counter counts them; the bias is element-wise work.
    """
    op = f"Conv{axes}d"
    if not require_weight(site, op, weight, axes) or not require_rank(site, input, axes, op):
        return Outcome(input.with_shape(*input.shape[:1], *weight.shape[:1], *(site.unknown(1) for _ in range(axes))))
    kernel, out_channels = weight.shape[2:], weight.shape[0]
    in_channels = multiply(weight.shape[1], groups)
    own = len(dilation) if isinstance(dilation, (tuple, list)) else axes
    stride, dilation = spread(site, op, "stride", stride, axes), spread(site, op, "dilation", dilation, axes)
    # A layer with a padding mode pads only those axes that have a dilation of their own.
    padded = dilation if padding_mode == "zeros" else (*dilation[:own], *(0,) * (axes - own))
    parameters = {
        "in_channels": in_channels,
        "out_channels": out_channels,
        "kernel_size": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
    }
    require_one_dtype(site, op, input, weight, bias)
    before, after = pads(site, padding, kernel, stride, padded, axes, op, padding_mode)
    valid = require_positive(site, "stride", "stride", stride, 1, op)
    valid &= require_positive(site, "dilation", "dilation", dilation, 1, op)
    valid &= require_positive(site, "kernel-size", "kernel_size", kernel, 1, op)
    channels, spatial = input.shape[-axes - 1], input.shape[-axes:]
    require_groups(site, op, groups, in_channels, out_channels)
    require_some(site, op, "out_channels", out_channels)
    site.require(
        "conv-channels",
        eq(channels, in_channels),
        "{} expects {} input channels, but gets {}",
        op,
        in_channels,
        channels,
        help="make in_channels={2}, or give it {1} channels",
        mend={"in_channels": channels},
    )
    valid &= require_elements(site, op, spatial)
    if padding_mode != "zeros":
        require_padding_fits(site, op, padding_mode, spatial, before, after)
    require_bias(site, op, bias, out_channels)
    sizes: list[Size] = []
    for size, k, s, p, q, d in zip(spatial, kernel, stride, before, after, dilation, strict=True):
        fits = valid and site.require(
            "kernel-too-large",
            fits_window(size, k, p, q, d),
            "the kernel of {} spans {} pixels, but the padded input has only {}",
            op,
            reach(k, d),
            total((size, p, q)),
            help="use a smaller kernel_size or dilation, more padding, or a larger input",
        )
        sizes.append(window_out(size, k, s, p, q, d) if fits else site.unknown(1))
    shape = (*input.shape[: input.rank - axes - 1], out_channels, *sizes)
    output = input.with_shape(*shape)
    if padding_mode != "circular":
        output = like_channels_last(input, output)
    taps = multiply(product(kernel), weight.shape[1])
    numel = output.numel
    cost = Cost(flops=multiply(2, multiply(numel, taps)), elementwise=numel if bias is not None else 0)
    read = input if _pads_itself(before, after, padding_mode) else _padded(input, before, after)
    fills_blocks = groups == 1 or (weight.shape[1] == 1 and groups == in_channels)
    backward = of_convolution(read, input, weight, output, cost.flops, fills_blocks=fills_blocks)
    if padding_mode in ("reflect", "replicate"):
        # What pads is a call of its own, which reads its input once more.
        backward = replace(backward, saved=(*backward.saved, Saved(input, (input,))))
    if axes == 2 and groups == 1:
        is_dense = all(s == 1 for s in stride) and all(p == 0 for p in (*before, *after))
        backward = replace(backward, otherwise=on_small_images(read, weight, output, is_dense))
    return Outcome(output, cost, parameters, backward)


def _pads_itself(before: tuple[Size, ...], after: tuple[Size, ...], padding_mode: str) -> bool:
    """Whether the kernel pads; other modes, and 'same' with an odd pixel, pad into a copy first."""
    return padding_mode == "zeros" and before == after


def _padded(input: Tensor, before: tuple[Size, ...], after: tuple[Size, ...]) -> Tensor:
    axes = len(before)
    sizes = (total(each) for each in zip(input.shape[-axes:], before, after, strict=True))
    return input.with_shape(*input.shape[:-axes], *sizes)


def require_weight(site: Site, op: str, weight: Tensor, axes: int) -> bool:
    """A weight with two axes of channels, and one for each axis of the kernel."""
    return weight.rank == axes + 2 or site.require(
        "weight-rank",
        FALSE,
        "{} takes a weight of {} axes, but gets one of shape {}",
        op,
        str(axes + 2),
        weight.shape,
        help="give one kernel_size for all axes, or one for each",
    )


def fits_window(size: Size, kernel_size: Size, before: Size, after: Size, dilation: Size) -> Condition:
    """Whether at least one window fits into the padded input."""
    return ge(total((size, before, after)), reach(kernel_size, dilation))


def pads(
    site: Site,
    padding: Any,
    kernel: tuple[Size, ...],
    stride: Any,
    dilation: Any,
    axes: int,
    op: str,
    padding_mode: str = "zeros",
) -> tuple[tuple[Size, ...], tuple[Size, ...]]:
    """The padding before and after each axis, for numbers, "valid" and "same".

    "same" pads dilation (kernel - 1) in all, the odd one after; torch refuses it with a stride. Negative padding crops
    in every padding_mode but "zeros", which refuses it.
    """
    if padding == "valid":
        return (0,) * axes, (0,) * axes
    if padding == "same":
        site.require(
            "same-padding",
            all_of(*(eq(s, 1) for s in stride)),
            "{} has padding='same' with stride={}; torch supports 'same' only for stride 1",
            op,
            stride,
            help="give the padding as a number, or make stride=1",
        )
        whole = [multiply(d, subtract(k, 1)) for k, d in zip(kernel, dilation, strict=True)]
        before = tuple(floor_div(w, 2) for w in whole)
        return before, tuple(subtract(w, b) for w, b in zip(whole, before, strict=True))
    if isinstance(padding, str):
        site.require(
            "argument-choice",
            FALSE,
            "{} has padding={}, which must be a number, 'same' or 'valid'",
            op,
            repr(padding),
            help="choose one of them",
        )
        padding = 0
    both = spread(site, op, "padding", padding, axes, takes_one=padding_mode == "zeros")
    if padding_mode == "zeros":
        require_positive(site, "padding", "padding", both, 0, op)
    return both, both


def require_groups(site: Site, op: str, groups: Size, in_channels: Size, out_channels: Size) -> None:
    """Both channel counts must be divisible by `groups`."""
    if not site.require(
        "groups",
        ge(groups, 1),
        "{} has groups={}, which must be at least 1",
        op,
        groups,
        help="choose groups that divide both in_channels and out_channels",
    ):
        return
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        site.require(
            "groups",
            divides(groups, channels),
            "{} has groups={}, which does not divide {}={}",
            op,
            groups,
            name,
            channels,
            help="choose groups that divide both in_channels and out_channels",
        )


def require_some(site: Site, op: str, name: str, channels: Size) -> None:
    """A weight that makes nothing is refused."""
    site.require(
        "empty-output",
        ge(channels, 1),
        "{} has {}={}, which must be at least 1",
        op,
        name,
        channels,
        help="make {1} at least 1",
    )


def require_bias(site: Site, op: str, bias: Tensor | None, out_channels: Size) -> None:
    """The bias must have one element for each output channel."""
    if bias is not None:
        site.require(
            "bias-features",
            all_of(TRUE if bias.rank == 1 else FALSE, eq(bias.shape[0] if bias.rank else 1, out_channels)),
            "the bias of {} has shape {}, but there are {} output channels",
            op,
            bias.shape,
            out_channels,
            help="make the bias one element for each output channel",
        )


def require_padding_fits(
    site: Site, op: str, mode: str, spatial: tuple[Size, ...], before: tuple[Size, ...], after: tuple[Size, ...]
) -> None:
    """Reflection needs each side's padding smaller than the axis, circular padding no larger; replication any."""
    if mode == "replicate":
        return
    for size, p, q in zip(spatial, before, after, strict=True):
        for side in (p, q):
            limit = subtract(size, 1) if mode == "reflect" else size
            site.require(
                "padding-too-large",
                le(side, limit),
                "{} with padding_mode={} pads {} on a side, but the axis has only {}",
                op,
                repr(mode),
                side,
                size,
                help="use less padding, another padding_mode, or a larger input",
            )


def _from_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    arguments = (input, module.weight, module.bias, module.stride, module.padding, module.dilation, module.groups)
    return arguments, {"padding_mode": module.padding_mode}


def _lazy(axes: int, site: Site, input: Tensor, module: Any) -> Outcome:
    channels = input.shape[-axes - 1] if input.rank > axes else 1
    per_group = exact_div(channels, module.groups)
    shape = (module.out_channels, channels if per_group is None else per_group, *module.kernel_size)
    weight = initialised(site, module.weight, *shape, dtype=input.dtype)
    assert weight is not None
    bias = initialised(site, module.bias, module.out_channels, dtype=input.dtype)
    return conv(
        axes,
        site,
        input,
        weight,
        bias,
        module.stride,
        module.padding,
        module.dilation,
        module.groups,
        module.padding_mode,
    )


def _lazy_arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module), {}


RULES = tuple(
    rule
    for axes, function, layer, lazy in (
        (1, torch.conv1d, nn.Conv1d, nn.LazyConv1d),
        (2, torch.conv2d, nn.Conv2d, nn.LazyConv2d),
        (3, torch.conv3d, nn.Conv3d, nn.LazyConv3d),
    )
    for rule in (
        OpRule(f"conv{axes}d", partial(conv, axes), (function,), {layer: _from_module}),
        OpRule(f"conv{axes}d", partial(_lazy, axes), (), {lazy: _lazy_arguments}),
    )
)
assert F.conv2d is torch.conv2d
