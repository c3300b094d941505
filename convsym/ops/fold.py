"""Sliding blocks laid out as columns and back: F.unfold, F.fold, nn.Unfold, nn.Fold."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import keeps_nothing
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.windowed import require_positive, spread
from convsym.sizes.arithmetic import Size, floor_div, multiply, product
from convsym.sizes.condition import FALSE, TRUE, all_of, divides, eq, ge
from convsym.sizes.windows import window_out


def _windows(
    site: Site, op: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> tuple[tuple[tuple[Size, ...], ...], bool]:
    kernel = spread(site, op, "kernel_size", kernel_size, 2)
    gap = spread(site, op, "dilation", dilation, 2)
    pads = spread(site, op, "padding", padding, 2)
    step = spread(site, op, "stride", stride, 2)
    valid = all(
        [
            require_positive(site, "kernel-size", "kernel_size", kernel, 1, op),
            require_positive(site, "dilation", "dilation", gap, 1, op),
            require_positive(site, "padding", "padding", pads, 0, op),
            require_positive(site, "stride", "stride", step, 1, op),
        ]
    )
    return (kernel, gap, pads, step), valid


def _require_input(site: Site, op: str, input: Tensor, axes: int, integers: tuple[torch.dtype, ...]) -> bool:
    rank = site.require(
        "input-rank",
        TRUE if input.rank in (axes, axes + 1) else FALSE,
        "{} takes input of {} or {} axes, but gets shape {}",
        op,
        str(axes),
        str(axes + 1),
        input.shape,
        help="reshape the input",
    )
    site.require(
        "dtype-mismatch",
        TRUE if input.dtype.is_floating_point or input.dtype.is_complex or input.dtype in integers else FALSE,
        "{} does not take a tensor of {}",
        op,
        str(input.dtype).removeprefix("torch."),
        help="convert it with .float() first",
    )
    if rank:
        inner = input.shape[-axes:]
        site.require(
            "empty-input",
            all_of(*(ge(n, 1) for n in inner)),
            "{} takes no input with an empty axis but the batch, but gets shape {}",
            op,
            input.shape,
            help="use a larger input",
        )
    return rank


def unfold(
    site: Site, input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Outcome:
    """(N, C, H, W) to (N, C * taps, blocks): every block of the sliding kernel as a column. It copies."""
    (kernel, gap, pads, step), valid = _windows(site, "unfold", kernel_size, dilation, padding, stride)
    parameters = {"kernel_size": kernel, "dilation": gap, "padding": pads, "stride": step}
    if not _require_input(site, "unfold", input, 3, (torch.bool,)):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    *batch, channels, height, width = input.shape
    counts = [
        window_out(size, k, s, p, p, d)
        for size, k, s, p, d in zip((height, width), kernel, step, pads, gap, strict=True)
    ] if valid else [site.unknown(1), site.unknown(1)]  # fmt: skip
    fits = valid and site.require(
        "kernel-too-large",
        all_of(*(ge(n, 1) for n in counts)),
        "unfold has kernel_size={}, dilation={} and padding={}, which do not fit into the size {}",
        kernel,
        gap,
        pads,
        (height, width),
        help="use a smaller kernel_size or dilation, more padding, or a larger input",
    )
    blocks = product(counts) if fits else site.unknown(1)
    return Outcome(input.with_shape(*batch, multiply(channels, product(kernel)), blocks), parameters=parameters)


def fold(
    site: Site,
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Outcome:
    """(N, C * taps, blocks) to (N, C, *output_size): blocks added up where they overlap, one operation per element."""
    (kernel, gap, pads, step), valid = _windows(site, "fold", kernel_size, dilation, padding, stride)
    sizes = spread(site, "fold", "output_size", output_size, 2)
    parameters = {"output_size": sizes, "kernel_size": kernel, "dilation": gap, "padding": pads, "stride": step}
    if not _require_input(site, "fold", input, 2, (torch.bool,)):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    *batch, columns, blocks = input.shape
    taps = product(kernel)
    divisible = valid and site.require(
        "fold-channels",
        divides(taps, columns),
        "fold with kernel_size={} takes channels in multiples of {}, but gets {}",
        kernel,
        taps,
        columns,
        help="make the channels a multiple of the kernel's taps",
    )
    if valid:
        counts = [window_out(*w) for w in zip(sizes, kernel, step, pads, pads, gap, strict=True)]
        site.require(
            "fold-blocks",
            all_of(eq(product(counts), blocks), *(ge(n, 1) for n in counts)),
            "fold to {} with kernel_size={} takes {} x {} blocks, but gets {}",
            sizes,
            kernel,
            *counts,
            blocks,
            help="use the sizes that unfold was given",
        )
    channels = floor_div(columns, taps) if divisible else site.unknown(1)
    return Outcome(input.with_shape(*batch, channels, *sizes), Cost(elementwise=input.numel), parameters)


def _unfold_arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.kernel_size, module.dilation, module.padding, module.stride), {}


def _fold_arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    window = (module.kernel_size, module.dilation, module.padding, module.stride)
    return (input, module.output_size, *window), {}


RULES = keeping(
    keeps_nothing,
    OpRule("unfold", unfold, (F.unfold, torch._C._nn.im2col), {nn.Unfold: _unfold_arguments}),
    OpRule("fold", fold, (F.fold, torch._C._nn.col2im), {nn.Fold: _fold_arguments}),
)
