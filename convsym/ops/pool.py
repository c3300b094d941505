"""Pools with sliding windows: max_pool1d to 3d, avg_pool1d to 3d, their modules and spellings."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import Backward, Saved
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.layout import like_channels_last
from convsym.ops.windowed import positive, require_elements, require_positive, require_rank, spread
from convsym.sizes.arithmetic import Size, add, multiply, product
from convsym.sizes.condition import FALSE, TRUE, all_of, ge, le
from convsym.sizes.windows import reach, window_out, window_out_ceil_mode

Sizes = tuple[Size, ...]


def window_sizes(
    site: Site,
    op: str,
    axes: int,
    input: Tensor,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
) -> Sizes:
    """The spatial sizes after pooling; torch allows padding up to half the kernel, and no empty output."""
    valid = all(
        [
            require_positive(site, "kernel-size", "kernel_size", kernel, 1, op),
            require_positive(site, "stride", "stride", stride, 1, op),
            require_positive(site, "dilation", "dilation", dilation, 1, op),
            require_positive(site, "padding", "padding", padding, 0, op),
            require_elements(site, op, input.shape[-axes - 1 :]),
        ]
    )
    if not valid:
        return tuple(site.unknown(1) for _ in range(axes))
    if not site.require(
        "pool-padding",
        all_of(*(le(multiply(2, p), k) for p, k in zip(padding, kernel, strict=True))),
        "{} has padding={}, more than half of kernel_size={}",
        op,
        padding,
        kernel,
        help="make padding at most kernel_size // 2, or pad the input before the pool",
    ):
        return tuple(site.unknown(1) for _ in range(axes))
    sizes: list[Size] = []
    for size, k, s, p, d in zip(input.shape[-axes:], kernel, stride, padding, dilation, strict=True):
        out = window_out_ceil_mode(size, k, s, p, d) if ceil_mode else window_out(size, k, s, p, p, d)
        fits = site.require(
            "kernel-too-large",
            ge(out, 1),
            "the kernel of {} spans {} elements, but the padded input has only {}",
            op,
            reach(k, d),
            add(size, multiply(2, p)),
            help="use a smaller kernel_size or dilation, more padding, or a larger input",
        )
        sizes.append(positive(site, out, fits))
    return tuple(sizes)


def _pooled(
    site: Site,
    op: str,
    axes: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> Outcome:
    kernel = spread(site, op, "kernel_size", kernel_size, axes)
    # torch's parser turns a missing stride into an empty list.
    step = kernel if stride is None or stride in ((), []) else spread(site, op, "stride", stride, axes)
    padding, dilation = spread(site, op, "padding", padding, axes), spread(site, op, "dilation", dilation, axes)
    parameters: dict[str, Any] = {"kernel_size": kernel, "stride": step, "padding": padding}
    if any(d != 1 for d in dilation):
        parameters["dilation"] = dilation
    if ceil_mode:
        parameters["ceil_mode"] = True
    if not require_rank(site, input, axes, op):
        unknown = tuple(site.unknown(1) for _ in range(axes))
        return Outcome(input.with_shape(*input.shape[:2], *unknown), parameters=parameters)
    sizes = window_sizes(site, op, axes, input, kernel, step, padding, dilation, bool(ceil_mode))
    output = like_channels_last(input, input.with_shape(*input.shape[: input.rank - axes], *sizes))
    return Outcome(output, Cost(elementwise=multiply(output.numel, product(kernel))), parameters)


def max_pool(
    axes: int,
    with_indices: bool,
    site: Site,
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Outcome:
    """The maximum of each window of `input` (N, C, *spatial) or (C, *spatial); `stride` None means the kernel size.

    Each size becomes floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; with `ceil_mode` a last
    window may hang over the end. One element-wise operation per window element.
    """
    made = _pooled(site, f"MaxPool{axes}d", axes, input, kernel_size, stride, padding, dilation, ceil_mode)
    indices = made.output.as_dtype(torch.int64)
    output = (made.output, indices) if with_indices or return_indices else made.output
    return replace(made, output=output, backward=Backward((Saved(input), Saved(indices))))


def avg_pool(
    axes: int,
    site: Site,
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: Size | None = None,
) -> Outcome:
    """The mean of each window of `input`, with sizes as in max pooling. One element-wise operation per window element."""
    op = f"AvgPool{axes}d"
    if divisor_override is not None:
        site.require(
            "divisor",
            FALSE if divisor_override == 0 else TRUE,
            "{} has divisor_override={}, which must not be zero",
            op,
            str(divisor_override),
            help="leave divisor_override out",
        )
    made = _pooled(site, op, axes, input, kernel_size, stride, padding, 1, ceil_mode)
    made = replace(made, backward=Backward((Saved(input),)))
    if axes == 3:
        # This kernel always writes row by row.
        made = replace(made, output=replace(made.output, strides=None))
    if axes == 3 and input.rank in (4, 5):
        # Only this kernel refuses input smaller than its window even where the padding makes up for it.
        kernel = spread(site, op, "kernel_size", kernel_size, axes)
        site.require(
            "kernel-too-large",
            all_of(*(ge(size, k) for size, k in zip(input.shape[-3:], kernel, strict=True))),
            "{} has kernel_size={}, but its input without padding has only {}",
            op,
            kernel,
            input.shape[-3:],
            help="use a smaller kernel_size, or a larger input",
        )
    require_arithmetic_dtype(site, op, input)
    return made


def require_arithmetic_dtype(site: Site, op: str, input: Tensor) -> None:
    """A mean needs numbers with a point: torch has no such kernel for integers and bools."""
    site.require(
        "dtype-mismatch",
        TRUE if input.dtype.is_floating_point or input.dtype == torch.int64 else FALSE,
        "{} is not implemented for {}",
        op,
        str(input.dtype).removeprefix("torch."),
        help="convert the input with .float()",
    )


def _max_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    arguments = (input, module.kernel_size, module.stride, module.padding, module.dilation, module.ceil_mode)
    return arguments, {"return_indices": module.return_indices}


def _avg_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    arguments = (input, module.kernel_size, module.stride, module.padding, module.ceil_mode, module.count_include_pad)
    override = getattr(module, "divisor_override", None)
    return arguments, {} if override is None else {"divisor_override": override}


RULES = (
    # F.max_pool2d hands itself to a tracer before it chooses between the forms with and without indices.
    OpRule("max_pool1d", partial(max_pool, 1, False), (torch.max_pool1d, F.max_pool1d), {nn.MaxPool1d: _max_module}),
    OpRule("max_pool2d", partial(max_pool, 2, False), (torch.max_pool2d, F.max_pool2d), {nn.MaxPool2d: _max_module}),
    OpRule("max_pool3d", partial(max_pool, 3, False), (torch.max_pool3d, F.max_pool3d), {nn.MaxPool3d: _max_module}),
    OpRule("max_pool1d", partial(max_pool, 1, True), (torch.max_pool1d_with_indices, F.max_pool1d_with_indices)),
    OpRule("max_pool2d", partial(max_pool, 2, True), (torch._C._nn.max_pool2d_with_indices, F.max_pool2d_with_indices)),
    OpRule("max_pool3d", partial(max_pool, 3, True), (torch._C._nn.max_pool3d_with_indices, F.max_pool3d_with_indices)),
    OpRule("avg_pool1d", partial(avg_pool, 1), (torch.avg_pool1d,), {nn.AvgPool1d: _avg_module}),
    OpRule("avg_pool2d", partial(avg_pool, 2), (torch._C._nn.avg_pool2d,), {nn.AvgPool2d: _avg_module}),
    OpRule("avg_pool3d", partial(avg_pool, 3), (torch._C._nn.avg_pool3d,), {nn.AvgPool3d: _avg_module}),
)
