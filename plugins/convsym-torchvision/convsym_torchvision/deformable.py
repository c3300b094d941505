"""Deformable convolution: torchvision.ops.deform_conv2d and DeformConv2d."""

from __future__ import annotations

from typing import Any

import torch
from torchvision import ops

from convsym.extend import (
    FALSE,
    TRUE,
    Condition,
    Cost,
    OpRule,
    Outcome,
    Site,
    Size,
    Tensor,
    Truth,
    add,
    all_of,
    any_of,
    divides,
    dtype_name,
    eq,
    floor_div,
    ge,
    maximum,
    multiply,
    product,
    result_dtype,
    subtract,
    total,
)

_OP = "deform_conv2d"
_KERNELS = (torch.float16, torch.float32, torch.float64)


def deform_conv2d(
    site: Site,
    input: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = (1, 1),
    padding: Any = (0, 0),
    dilation: Any = (1, 1),
    mask: Tensor | None = None,
) -> Outcome:
    """A convolution of `input` (N, C_in, H, W) whose taps are moved by `offset` (N, 2 groups kernel, *output).

    The sizes are those of a convolution, except that a window which sticks out by less than a stride still counts.
    FLOPs are 0, because torch.utils.flop_counter knows nothing of the operator. Elementwise work holds what
    it computes: two for each multiply-accumulate, one for each interpolated tap, another where a mask scales
    it, and one for each bias added.
    """
    stride, padding, dilation = (
        _pair(site, name, value) for name, value in (("stride", stride), ("padding", padding), ("dilation", dilation))
    )
    parameters = {"stride": stride, "padding": padding, "dilation": dilation}
    if not _require_ranks(site, input, offset, weight, mask):
        return Outcome(Tensor(tuple(site.unknown(1) for _ in range(4)), input.dtype), parameters=parameters)
    batch, channels = input.shape[:2]
    out_channels, per_group, *kernel = weight.shape
    parameters = {"in_channels": channels, "out_channels": out_channels, "kernel_size": tuple(kernel), **parameters}
    # A batch of nothing is returned before the operands are looked at more closely.
    nothing = eq(batch, 0)
    _require_weight(site, channels, out_channels, per_group)
    sizes = _output_sizes(site, input, kernel, stride, padding, dilation)
    _require_offset(site, channels, kernel, (batch, *sizes), offset, mask)
    _require_bias(site, bias, out_channels, nothing)
    _require_dtypes(site, input, (weight, offset, mask), nothing)
    dtype = input.dtype if bias is None or batch == 0 else result_dtype(input, bias.with_shape(1, out_channels, 1, 1))
    output = Tensor((batch, out_channels, *sizes), dtype)
    taps = product(kernel)
    sampled = multiply(product((batch, channels, taps)), product(sizes))
    work = (
        multiply(2, multiply(output.numel, multiply(per_group, taps))),
        sampled,
        sampled if mask is not None else 0,
        output.numel if bias is not None else 0,
    )
    return Outcome(output, Cost(elementwise=total(work)), parameters)


def _pair(site: Site, name: str, value: Any) -> tuple[Size, Size]:
    values = tuple(value) if isinstance(value, (tuple, list, str)) else (value, value)
    if not site.require(
        "argument-length",
        TRUE if len(values) == 2 else FALSE,
        "{} takes one {} or 2, but gets {}",
        _OP,
        name,
        str(value),
        help="give one number for both axes, or one for each",
    ):
        return 1, 1
    least = 0 if name == "padding" else 1
    if any(isinstance(v, (float, str)) for v in values):
        site.require("argument-type", FALSE, "{} takes whole numbers for {}, but gets {}", _OP, name, str(value))
        return least, least
    if site.require(
        name,
        all_of(*(ge(v, least) for v in values)),
        "{} has {}={}, which must be at least {}",
        _OP,
        name,
        values,
        str(least),
        help="choose a larger value",
    ):
        return values[0], values[1]
    return least, least


def _require_ranks(site: Site, input: Tensor, offset: Tensor, weight: Tensor, mask: Tensor | None) -> bool:
    operands = (("input", input), ("offset", offset), ("weight", weight), ("mask", mask))
    return all(
        site.require(
            "input-rank",
            TRUE if operand.rank == 4 else FALSE,
            "{} takes {} of 4 axes, but gets {} of shape {}",
            _OP,
            name,
            str(operand.rank),
            operand.shape,
            help="input is (N, C, H, W), offset and mask are (N, taps, *output), weight is (C_out, C_in, *kernel)",
        )
        for name, operand in operands
        if operand is not None
    )


def _require_weight(site: Site, channels: Size, out_channels: Size, per_group: Size) -> None:
    # The number of groups is not given: it is what makes the channels of the weight those of the input.
    if site.require(
        "conv-channels",
        all_of(ge(channels, 1), ge(per_group, 1), divides(per_group, channels)),
        "{} has a weight for {} input channels, of which no number of groups makes the {} it gets",
        _OP,
        per_group,
        channels,
        help="make in_channels={2}, or give it {1} channels",
    ):
        groups = floor_div(channels, per_group)
        site.require(
            "groups",
            divides(groups, out_channels),
            "{} has groups={}, which does not divide {}={}",
            _OP,
            groups,
            "out_channels",
            out_channels,
            help="choose groups that divide both in_channels and out_channels",
        )


def _output_sizes(
    site: Site,
    input: Tensor,
    kernel: list[Size],
    stride: tuple[Size, Size],
    padding: tuple[Size, Size],
    dilation: tuple[Size, Size],
) -> tuple[Size, ...]:
    if not site.require(
        "kernel-size",
        all_of(*(ge(k, 1) for k in kernel)),
        "{} has kernel_size={}, which must be at least 1",
        _OP,
        tuple(kernel),
        help="choose a larger kernel_size",
    ):
        return site.unknown(1), site.unknown(1)
    sizes: list[Size] = []
    for size, k, s, p, d in zip(input.shape[2:], kernel, stride, padding, dilation, strict=True):
        span = add(multiply(d, subtract(k, 1)), 1)
        padded = add(size, multiply(2, p))
        left = subtract(padded, span)
        if site.require(
            "kernel-too-large",
            # C++ rounds the quotient towards zero, so that less than a stride may be missing.
            ge(add(left, s), 1),
            "the kernel of {} spans {} pixels, but the padded input has only {}",
            _OP,
            span,
            padded,
            help="use a smaller kernel_size or dilation, more padding, or a larger input",
        ):
            out = add(floor_div(left, s), 1)
            sizes.append(out if site.decide(ge(left, 0)) is Truth.YES else maximum(out, 1))
        else:
            sizes.append(site.unknown(1))
    return tuple(sizes)


def _require_offset(
    site: Site, channels: Size, kernel: list[Size], around: tuple[Size, ...], offset: Tensor, mask: Tensor | None
) -> None:
    """The offset has two numbers, and the mask one, for each tap, pixel and group of channels."""
    taps = product(kernel)
    twice = multiply(2, taps)
    if not site.require(
        "offset-channels",
        all_of(ge(offset.shape[1], 1), divides(twice, offset.shape[1])),
        "the offset of {} has {} channels, which is no multiple of {}: two for each of {} taps",
        _OP,
        offset.shape[1],
        twice,
        taps,
        help="make the offset from a layer of {2} output channels, times the number of offset groups",
    ):
        return
    groups = floor_div(offset.shape[1], twice)
    site.require(
        "offset-groups",
        divides(groups, channels),
        "{} has {} offset groups, which do not divide its {} input channels",
        _OP,
        groups,
        channels,
        help="choose a number of offset groups that divides the input channels",
    )
    operands = [("offset", offset, twice)] if mask is None else [("offset", offset, twice), ("mask", mask, taps)]
    for name, operand, each in operands:
        expected = (around[0], multiply(groups, each), *around[1:])
        site.require(
            "offset-shape",
            all_of(*(eq(a, b) for a, b in zip(operand.shape, expected, strict=True))),
            "the {} of {} has shape {}, but there have to be {}: as for the output",
            name,
            _OP,
            operand.shape,
            expected,
            help="make the layer that gives the {0} have the stride, padding, dilation and kernel_size of {1}",
        )


def _require_bias(site: Site, bias: Tensor | None, out_channels: Size, nothing: Condition) -> None:
    if bias is not None:
        site.require(
            "bias-features",
            any_of(nothing, eq(bias.numel, out_channels)),
            "the bias of {} has shape {}, but there are {} output channels",
            _OP,
            bias.shape,
            out_channels,
            help="make the bias one element for each output channel",
        )


def _require_dtypes(site: Site, input: Tensor, others: tuple[Tensor | None, ...], nothing: Condition) -> None:
    given = [input.dtype, *(operand.dtype for operand in others if operand is not None)]
    if site.require(
        "dtype-mismatch",
        any_of(nothing, TRUE if len(set(given)) == 1 else FALSE),
        "{} takes operands of one dtype, but gets {}",
        _OP,
        ", ".join(map(dtype_name, given)),
        help="convert them with .to()",
    ):
        site.require(
            "dtype-mismatch",
            any_of(nothing, TRUE if input.dtype in _KERNELS else FALSE),
            "{} is not implemented for {}",
            _OP,
            dtype_name(input.dtype),
            help="convert the input with .float()",
        )


def _from_module(module: Any, input: Any, offset: Any, mask: Any = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    arguments = (input, offset, module.weight, module.bias, module.stride, module.padding, module.dilation, mask)
    return arguments, {}


RULES = (OpRule("deform_conv2d", deform_conv2d, (ops.deform_conv2d,), {ops.DeformConv2d: _from_module}),)
