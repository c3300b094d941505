"""Transposed convolutions: nn.ConvTranspose1d, 2d, 3d, their lazy forms, and torch.conv_transpose1d, 2d, 3d."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn

from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.conv import require_bias, require_groups
from convsym.ops.windowed import per_axis, positive, require_positive, require_rank
from convsym.sizes.arithmetic import Size, exact_div, multiply, product, subtract
from convsym.sizes.condition import FALSE, TRUE, all_of, any_of, eq, ge, le, lt
from convsym.sizes.windows import transposed_out


def conv_transpose(
    axes: int,
    site: Site,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: Size = 1,
    dilation: Any = 1,
) -> Outcome:
    """The transposed convolution of `input` (N, C_in, *spatial) with `weight` (C_in, C_out / groups, *kernel).

    Each size becomes (size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1. FLOPs are two per
    input element and tap, as torch.utils.flop_counter counts them: every input pixel meets the whole kernel once.
    """
    op = f"ConvTranspose{axes}d"
    kernel, in_channels = weight.shape[2:], weight.shape[0]
    out_channels = multiply(weight.shape[1], groups)
    stride, dilation = per_axis(stride, axes), per_axis(dilation, axes)
    padding, output_padding = per_axis(padding, axes), per_axis(output_padding, axes)
    parameters = {
        "in_channels": in_channels,
        "out_channels": out_channels,
        "kernel_size": kernel,
        "stride": stride,
        "padding": padding,
        "output_padding": output_padding,
        "dilation": dilation,
        "groups": groups,
    }
    if not require_rank(site, input, axes, op):
        unknown = tuple(site.unknown(1) for _ in range(axes))
        return Outcome(input.with_shape(*input.shape[:1], out_channels, *unknown), parameters=parameters)
    require_positive(site, "stride", "stride", stride, 1, op)
    require_positive(site, "dilation", "dilation", dilation, 1, op)
    require_positive(site, "padding", "padding", padding, 0, op)
    channels, spatial = input.shape[-axes - 1], input.shape[-axes:]
    require_groups(site, op, groups, in_channels, out_channels)
    site.require(
        "conv-transpose-channels",
        eq(channels, in_channels),
        "{} expects {} input channels, but gets {}",
        op,
        in_channels,
        channels,
        help="make in_channels={2}, or give it {1} channels",
    )
    require_bias(site, op, bias, out_channels)
    sizes: list[Size] = []
    for axis, (size, k, s, p, extra, d) in enumerate(
        zip(spatial, kernel, stride, padding, output_padding, dilation, strict=True)
    ):
        site.require(
            "output-padding",
            all_of(ge(extra, 0), any_of(lt(extra, s), lt(extra, d))),
            "{} has output_padding={} on axis {}, which must be smaller than stride={} or dilation={}",
            op,
            extra,
            str(axis),
            s,
            d,
            help="make output_padding at most the larger of stride and dilation, minus one",
        )
        out = transposed_out(size, k, s, p, d, extra)
        # oneDNN refuses an empty result for a batch of one and returns an empty tensor for larger batches.
        least = 1 if input.rank == axes + 1 else None
        fits = site.require(
            "empty-output",
            any_of(ge(out, 1), FALSE if least else all_of(ge(out, 0), ge(input.shape[0], 2))),
            "{} makes an output of size {} from {} on axis {}",
            op,
            out,
            size,
            str(axis),
            help="use less padding, a larger kernel_size, or a larger input",
        )
        sizes.append(positive(site, out, fits))
    shape = (*input.shape[: input.rank - axes - 1], out_channels, *sizes)
    output = input.with_shape(*shape)
    taps = multiply(product(kernel), weight.shape[1])
    cost = Cost(
        flops=multiply(2, multiply(input.numel, taps)),
        elementwise=output.numel if bias is not None else 0,
    )
    return Outcome(output, cost, parameters)


def output_padding_for(
    site: Site,
    op: str,
    output_size: tuple[Size, ...],
    spatial: tuple[Size, ...],
    kernel: tuple[Size, ...],
    stride: tuple[Size, ...],
    padding: tuple[Size, ...],
    dilation: tuple[Size, ...],
) -> tuple[Size, ...]:
    """The output_padding that gives `output_size`, which must lie in the range that `stride` leaves open."""
    extras: list[Size] = []
    for wanted, size, k, s, p, d in zip(output_size, spatial, kernel, stride, padding, dilation, strict=True):
        least = transposed_out(size, k, s, p, d, 0)
        most = subtract(transposed_out(size, k, s, p, d, s), 1)
        fits = site.require(
            "output-size",
            all_of(ge(wanted, least), le(wanted, most)),
            "{} is asked for output_size={}, but can make only {} to {} from {}",
            op,
            wanted,
            least,
            most,
            size,
            help="ask for a size in that range, or change stride and padding",
        )
        extras.append(subtract(wanted, least) if fits else 0)
    return tuple(extras)


def _module(
    axes: int,
    site: Site,
    input: Tensor,
    output_size: Any,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[Size, ...],
    padding: tuple[Size, ...],
    output_padding: tuple[Size, ...],
    groups: Size,
    dilation: tuple[Size, ...],
) -> Outcome:
    if output_size is not None and input.rank in (axes + 1, axes + 2):
        wanted = tuple(output_size)
        plain = len(wanted) in (axes, input.rank)
        site.require(
            "output-size",
            TRUE if plain else FALSE,
            "{} takes an output_size of {} or {} numbers, but gets {}",
            f"ConvTranspose{axes}d",
            str(axes),
            str(input.rank),
            wanted,
        )
        if plain:
            output_padding = output_padding_for(
                site,
                f"ConvTranspose{axes}d",
                wanted[-axes:],
                input.shape[-axes:],
                weight.shape[2:],
                stride,
                padding,
                dilation,
            )
    return conv_transpose(axes, site, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _from_module(module: Any, input: Any, output_size: Any = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (
        input,
        output_size,
        module.weight,
        module.bias,
        module.stride,
        module.padding,
        module.output_padding,
        module.groups,
        module.dilation,
    ), {}


def _lazy(axes: int, site: Site, input: Tensor, output_size: Any, module: Any) -> Outcome:
    channels = input.shape[-axes - 1] if input.rank > axes else 1
    per_group = exact_div(module.out_channels, module.groups)
    weight = Tensor((channels, per_group or module.out_channels, *module.kernel_size), input.dtype)
    bias = Tensor((module.out_channels,), input.dtype) if module.bias is not None else None
    arguments = (module.stride, module.padding, module.output_padding, module.groups, module.dilation)
    return _module(axes, site, input, output_size, weight, bias, *arguments)


def _lazy_arguments(module: Any, input: Any, output_size: Any = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, output_size, module), {}


RULES = tuple(
    rule
    for axes, function, layer, lazy in (
        (1, torch.conv_transpose1d, nn.ConvTranspose1d, nn.LazyConvTranspose1d),
        (2, torch.conv_transpose2d, nn.ConvTranspose2d, nn.LazyConvTranspose2d),
        (3, torch.conv_transpose3d, nn.ConvTranspose3d, nn.LazyConvTranspose3d),
    )
    for rule in (
        OpRule(f"conv_transpose{axes}d", partial(conv_transpose, axes), (function,)),
        OpRule(f"conv_transpose{axes}d", partial(_module, axes), (), {layer: _from_module}),
        OpRule(f"conv_transpose{axes}d", partial(_lazy, axes), (), {lazy: _lazy_arguments}),
    )
)
