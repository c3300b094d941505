"""Transposed convolutions: nn.ConvTranspose1d, 2d, 3d, their lazy forms, and torch.conv_transpose1d, 2d, 3d."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.conv import require_bias, require_groups, require_some, require_weight
from convsym.ops.conv_backward import of_convolution
from convsym.ops.dtypes import require_one_dtype
from convsym.ops.layout import like_channels_last
from convsym.ops.lazy import initialised
from convsym.ops.windowed import positive, require_elements, require_positive, require_rank, spread
from convsym.sizes.arithmetic import Size, exact_div, maximum, minimum, multiply, product, subtract
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ge, gt, le, lt, negate
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
    if not require_weight(site, op, weight, axes) or not require_rank(site, input, axes, op):
        return Outcome(input.with_shape(*input.shape[:1], *weight.shape[1:2], *(site.unknown(1) for _ in range(axes))))
    kernel, in_channels = weight.shape[2:], weight.shape[0]
    out_channels = multiply(weight.shape[1], groups)
    stride, dilation = spread(site, op, "stride", stride, axes), spread(site, op, "dilation", dilation, axes)
    padding = spread(site, op, "padding", padding, axes)
    output_padding = spread(site, op, "output_padding", output_padding, axes)
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
    require_one_dtype(site, op, input, weight, bias)
    require_positive(site, "stride", "stride", stride, 1, op)
    _require_dilation(site, op, axes, input, weight, groups, stride, dilation, output_padding)
    require_positive(site, "kernel-size", "kernel_size", kernel, 1, op)
    require_positive(site, "padding", "padding", padding, 0, op)
    channels, spatial = input.shape[-axes - 1], input.shape[-axes:]
    require_groups(site, op, groups, in_channels, out_channels)
    require_some(site, op, "in_channels", in_channels)
    require_some(site, op, "out_channels", out_channels)
    site.require(
        "conv-transpose-channels",
        eq(channels, in_channels),
        "{} expects {} input channels, but gets {}",
        op,
        in_channels,
        channels,
        help="make in_channels={2}, or give it {1} channels",
        mend={"in_channels": channels},
    )
    require_bias(site, op, bias, out_channels)
    require_elements(site, op, spatial)
    allowed = tuple(
        minimum(maximum(extra, 0), subtract(maximum(s, d), 1))
        for extra, s, d in zip(output_padding, stride, dilation, strict=True)
    )
    sizes: list[Size] = []
    for axis, (size, k, s, p, extra, d) in enumerate(
        zip(spatial, kernel, stride, padding, output_padding, dilation, strict=True)
    ):
        possible = site.require(
            "output-padding",
            all_of(ge(extra, 0), any_of(lt(extra, s), lt(extra, d))),
            "{} has output_padding={} on axis {}, which must be smaller than stride={} or dilation={}",
            op,
            extra,
            str(axis),
            s,
            d,
            help="make output_padding at most the larger of stride and dilation, minus one",
            mend={"output_padding": allowed},
        )
        out = transposed_out(size, k, s, p, d, extra if possible else allowed[axis])
        some = ge(out, 1)
        fits = site.require(
            "empty-output",
            some
            if some is TRUE
            else any_of(some, all_of(eq(out, 0), runs_on_onednn(axes, input, weight, groups, stride, output_padding))),
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
    if input.strides is not None and (
        axes < 3 or site.holds(runs_on_onednn(axes, input, weight, groups, stride, output_padding))
    ):
        output = like_channels_last(input, output)
    taps = multiply(product(kernel), weight.shape[1])
    cost = Cost(
        flops=multiply(2, multiply(input.numel, taps)),
        elementwise=output.numel if bias is not None else 0,
    )
    last = _writes_channels_last(weight, groups, stride, dilation)
    backward = of_convolution(input, input, weight, output, cost.flops, last)
    # Torch's own kernel multiplies first, and adds up the windows of one image after the other.
    columns = output.with_shape(*weight.shape[1:], *input.shape[-axes:])
    alone = negate(runs_on_onednn(axes, input, weight, groups, stride, output_padding))
    return Outcome(output, cost, parameters, replace(backward, otherwise=(alone, ((columns,),))))


_LANES = 16


def _writes_channels_last(weight: Tensor, groups: Size, stride: tuple[Size, ...], dilation: tuple[Size, ...]) -> bool:
    """Whether oneDNN's kernels for strides run, which have channels innermost: without dilation, and where groups fill
    vectors. Nothing is known of symbolic ones."""
    channels = weight.shape[0]
    full = isinstance(channels, int) and isinstance(groups, int) and groups > 0 and channels % (groups * _LANES) == 0
    return (
        (groups == 1 or full) and any(s != 1 for s in stride) and all(d == 1 for d in dilation) and weight.shape[1] != 1
    )


_LARGE_INPUT = 20480


def runs_on_onednn(
    axes: int, input: Tensor, weight: Tensor, groups: Size, stride: tuple[Size, ...], output_padding: tuple[Size, ...]
) -> Condition:
    """Whether oneDNN's kernels run, which return an output without elements where torch's own refuse it.

    They run in single precision for more than one sample, for groups, large kernels and large inputs, unless the
    output_padding reaches the stride.
    """
    if input.dtype != torch.float32:
        return FALSE
    # Convolutions over one axis run as convolutions over two, of which the first has size 1.
    kernel = weight.shape[-2:] if axes > 1 else (1, weight.shape[-1])
    sizes = input.shape if input.rank == axes + 2 else (1, *input.shape)
    return all_of(
        any_of(
            ge(sizes[0], 2),
            ge(groups, 2),
            all_of(*(ge(k, 4) for k in kernel)),
            gt(product(sizes[:4]), _LARGE_INPUT),
        ),
        *(lt(extra, s) for extra, s in zip(output_padding, stride, strict=True)),
    )


def _require_dilation(
    site: Site,
    op: str,
    axes: int,
    input: Tensor,
    weight: Tensor,
    groups: Size,
    stride: tuple[Size, ...],
    dilation: tuple[Size, ...],
    output_padding: tuple[Size, ...],
) -> None:
    positive = all_of(*(ge(d, 1) for d in dilation))
    if positive is not TRUE and axes < 3:
        # Over one or two axes oneDNN takes every dilation for 1 when one of them is 0, and refuses where that changes
        # the size of its output.
        unchanged = [
            any_of(
                eq(multiply(subtract(d, 1), subtract(k, 1)), 0),
                all_of(ge(d, 1), lt(multiply(subtract(d, 1), subtract(k, 1)), s)),
                all_of(eq(d, 0), eq(n, 1), le(k, s)),
            )
            for n, k, s, d in zip(input.shape[-axes:], weight.shape[2:], stride, dilation, strict=True)
        ]
        taken = runs_on_onednn(axes, input, weight, groups, stride, output_padding)
        positive = any_of(positive, all_of(taken, *(ge(d, 0) for d in dilation), *unchanged))
    site.require(
        "dilation",
        positive,
        "{} has dilation={}, which must be at least 1",
        op,
        dilation,
        help="choose a larger value",
    )


def output_padding_for(
    site: Site,
    op: str,
    output_size: tuple[Size, ...],
    spatial: tuple[Size, ...],
    kernel: tuple[Size, ...],
    stride: tuple[Size, ...],
    padding: tuple[Size, ...],
    dilation: tuple[Size, ...],
) -> tuple[tuple[Size, ...], bool]:
    """The output_padding that gives `output_size`, which must lie in the range that `stride` leaves open, and whether
    it does."""
    extras: list[Size] = []
    possible = True
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
        possible = possible and fits
    return tuple(extras), possible


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
        # torch looks the arguments up axis by axis here, and does not spread one number out.
        whole = all(len(v) >= axes for v in (stride, padding, dilation)) and weight.rank == axes + 2
        site.require(
            "argument-length",
            TRUE if whole else FALSE,
            "{} needs one stride, padding and dilation for each of {} axes to reach an output_size",
            f"ConvTranspose{axes}d",
            str(axes),
            help="give one number for all axes, or one for each",
        )
        if plain and whole:
            output_padding, possible = output_padding_for(
                site,
                f"ConvTranspose{axes}d",
                wanted[-axes:],
                input.shape[-axes:],
                weight.shape[2:],
                stride[:axes],
                padding[:axes],
                dilation[:axes],
            )
            if not possible:
                # What is asked for is what the rest of the model goes on with.
                made = conv_transpose(axes, site, input, weight, bias, stride, padding, 0, groups, dilation)
                asked = made.output.with_shape(*made.output.shape[:-axes], *wanted[-axes:])
                return replace(made, output=asked)
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
    shape = (channels, per_group or module.out_channels, *module.kernel_size)
    weight = initialised(site, module.weight, *shape, dtype=input.dtype)
    assert weight is not None
    bias = initialised(site, module.bias, module.out_channels, dtype=input.dtype)
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
