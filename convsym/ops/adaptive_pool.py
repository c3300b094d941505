"""Pools that are told their output size: adaptive average and maximum, fractional maximum, and max_unpool."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import NOTHING, Backward, Saved
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.layout import like_channels_last
from convsym.ops.pool import require_arithmetic_dtype
from convsym.ops.windowed import require_elements, require_rank, spread
from convsym.sizes import ratio
from convsym.sizes.arithmetic import Size, add, maximum, minimum, multiply, subtract, total
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, eq, ge, le, lt

Sizes = tuple[Size, ...]


def _output_size(site: Site, op: str, axes: int, input: Tensor, output_size: Any) -> tuple[Any, ...]:
    sizes = spread(site, op, "output_size", output_size, axes, takes_one=axes == 1)
    have = input.shape[-axes:] if input.rank >= axes else (1,) * axes
    if axes > 1:
        sizes = tuple(h if s is None else s for s, h in zip(sizes, have, strict=True))
    else:
        site.require(
            "output-size",
            FALSE if None in sizes else TRUE,
            "{} takes a number for output_size, but gets None",
            op,
            help="give the output size as a number",
        )
        sizes = tuple(1 if s is None else s for s in sizes)
    site.require(
        "output-size",
        all_of(*(ge(s, 0) for s in sizes)),
        "{} has output_size={}, which must not be negative",
        op,
        sizes,
        help="choose a positive output size",
    )
    return sizes


def _laid_out(axes: int, input: Tensor, output: Tensor) -> Tensor:
    # Of these kernels only those over two axes keep channels innermost.
    return like_channels_last(input, output) if axes == 2 else output


def adaptive_avg_pool(axes: int, site: Site, input: Tensor, output_size: Any) -> Outcome:
    """`input` (N, C, *spatial) averaged to `output_size` on its last axes; None keeps a size (in 2d and 3d).

    One element-wise operation per input element.
    """
    op = f"AdaptiveAvgPool{axes}d"
    sizes = _output_size(site, op, axes, input, output_size)
    # torch takes a plain mean for 1 x 1, which minds neither further axes nor empty ones.
    is_mean = axes > 1 and all(s == 1 for s in sizes)
    if is_mean:
        enough = site.require(
            "input-rank",
            TRUE if input.rank > axes else FALSE,
            "{} takes input of at least {} axes, but gets {} of shape {}",
            op,
            str(axes + 1),
            str(input.rank),
            input.shape,
            help="give it (N, C, ...) or (C, ...)",
        )
    else:
        enough = require_rank(site, input, axes, op)
        if enough:
            require_elements(site, op, input.shape[-axes:])
    require_arithmetic_dtype(site, op, input)
    lead = input.shape[: input.rank - axes] if enough else input.shape[:2]
    output = _laid_out(axes, input, input.with_shape(*lead, *sizes))
    averages = axes == 1 and all(s == 1 for s in sizes)
    backward = NOTHING if is_mean or averages else Backward((Saved(input),))
    return Outcome(output, Cost(elementwise=input.numel), {"output_size": sizes}, backward)


def adaptive_max_pool(
    axes: int, with_indices: bool, site: Site, input: Tensor, output_size: Any, return_indices: bool = False
) -> Outcome:
    """The maxima of `input` (N, C, *spatial) in a grid of `output_size`; one element-wise operation per input element."""
    op = f"AdaptiveMaxPool{axes}d"
    sizes = _output_size(site, op, axes, input, output_size)
    enough = require_rank(site, input, axes, op)
    if enough:
        require_elements(site, op, input.shape[-axes - 1 :])
    lead = input.shape[: input.rank - axes] if enough else input.shape[:2]
    output = _laid_out(axes, input, input.with_shape(*lead, *sizes))
    return _with_indices(input, output, with_indices or return_indices, {"output_size": sizes})


def _with_indices(input: Tensor, output: Tensor, shown: bool, parameters: dict[str, Any]) -> Outcome:
    """Maxima, and where they were, which autograd keeps in any case."""
    indices = output.as_dtype(torch.int64)
    backward = Backward((Saved(input), Saved(indices)))
    return Outcome((output, indices) if shown else output, Cost(elementwise=input.numel), parameters, backward)


def fractional_max_pool(
    axes: int,
    with_indices: bool,
    site: Site,
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Outcome:
    """Maxima of windows at random places, `output_size` of them, or `output_ratio` times the input size, rounded down."""
    op = f"FractionalMaxPool{axes}d"
    kernel = spread(site, op, "kernel_size", kernel_size, axes)
    enough = require_rank(site, input, axes, op)
    spatial = input.shape[-axes:] if enough else (1,) * axes
    if output_size is not None:
        sizes = spread(site, op, "output_size", output_size, axes)
    else:
        given = output_ratio is not None
        site.require(
            "output-size",
            TRUE if given else FALSE,
            "{} needs an output_size or an output_ratio",
            op,
            help="give one of them",
        )
        ratios = spread(site, op, "output_ratio", output_ratio, axes) if given else (1,) * axes
        sizes = tuple(ratio.truncate(ratio.multiply(s, r)) for s, r in zip(spatial, ratios, strict=True))
    if enough:
        require_elements(site, op, input.shape[-axes - 1 :])
        site.require(
            "kernel-too-large",
            all_of(*(_leaves_room(axes, k, s, n) for k, s, n in zip(kernel, sizes, spatial, strict=True))),
            "{} cannot place {} windows of {} elements in an input of {}",
            op,
            sizes,
            kernel,
            spatial,
            help="use a smaller kernel_size or output_size, or a larger input",
        )
    site.require(
        "output-size",
        all_of(*(ge(s, 0) for s in sizes)),
        "{} has output_size={}, which must not be negative",
        op,
        sizes,
        help="choose a positive output size",
    )
    output = input.with_shape(*(input.shape[: input.rank - axes] if enough else input.shape[:2]), *sizes)
    parameters = {"kernel_size": kernel, "output_size": sizes}
    return _with_indices(input, output, with_indices or return_indices, parameters)


def _leaves_room(axes: int, kernel: Size, windows: Size, size: Size) -> Condition:
    needed = subtract(add(kernel, windows), 1)
    return le(needed, size) if axes == 2 else lt(needed, size)


def max_unpool(
    axes: int,
    site: Site,
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Outcome:
    """`input` put back to the places `indices` of a larger tensor, zero elsewhere.

    Each size becomes (size - 1) stride - 2 padding + kernel, or `output_size` where that is less than one stride away.
    """
    op = f"MaxUnpool{axes}d"
    kernel = spread(site, op, "kernel_size", kernel_size, axes)
    step = kernel if stride is None else spread(site, op, "stride", stride, axes)
    padding = spread(site, op, "padding", padding, axes)
    parameters = {"kernel_size": kernel, "stride": step, "padding": padding}
    if not require_rank(site, input, axes, op):
        return Outcome(
            input.with_shape(*input.shape[:2], *(site.unknown(1) for _ in range(axes))), parameters=parameters
        )
    sizes: Sizes = tuple(
        total((multiply(subtract(n, 1), s), k, multiply(-2, p)))
        for n, k, s, p in zip(input.shape[-axes:], kernel, step, padding, strict=True)
    )
    if output_size is not None:
        sizes = _chosen(site, op, axes, tuple(output_size), sizes, step)
    fits = site.require(
        "empty-output",
        all_of(*(ge(s, 0) for s in sizes)),
        "{} makes an output of sizes {} from {}",
        op,
        sizes,
        input.shape[-axes:],
        help="use less padding or a larger kernel_size, or give output_size",
    )
    return _unpooled(site, op, axes, input, indices, sizes if fits else input.shape[-axes:], step, parameters)


def _chosen(site: Site, op: str, axes: int, wanted: Sizes, plain: Sizes, stride: Sizes) -> Sizes:
    if not site.require(
        "output-size",
        TRUE if len(wanted) in (axes, axes + 2) else FALSE,
        "{} takes an output_size of {} or {} numbers, but gets {}",
        op,
        str(axes),
        str(axes + 2),
        wanted,
        help="give the spatial sizes only",
    ):
        return plain
    wanted = wanted[-axes:]
    least = [add(subtract(size, s), 1) for size, s in zip(plain, stride, strict=True)]
    most = [subtract(add(size, s), 1) for size, s in zip(plain, stride, strict=True)]
    nearest = tuple(minimum(maximum(size, a), b) for size, a, b in zip(wanted, least, most, strict=True))
    for size, a, b in zip(wanted, least, most, strict=True):
        site.require(
            "output-size",
            all_of(ge(size, a), le(size, b)),
            "{} is asked for output_size={}, but can make only {} to {}",
            op,
            size,
            a,
            b,
            help="ask for a size in that range: the size before the pool that made the indices",
            mend={"output_size": nearest},
        )
    return wanted


def _unpooled(
    site: Site,
    op: str,
    axes: int,
    input: Tensor,
    indices: Tensor,
    sizes: Sizes,
    stride: Sizes | None,
    parameters: dict[str, Any],
) -> Outcome:
    same = input.rank == indices.rank
    site.require(
        "unpool-indices",
        all_of(TRUE if same else FALSE, *(eq(a, b) for a, b in zip(input.shape, indices.shape, strict=False))),
        "{} gets input of shape {} and indices of shape {}, which must be equal",
        op,
        input.shape,
        indices.shape,
        help="use the indices of the pool that made the input",
    )
    site.require(
        "dtype-mismatch",
        TRUE if indices.dtype == torch.int64 else FALSE,
        "{} takes indices of dtype int64, but gets {}",
        op,
        str(indices.dtype).removeprefix("torch."),
        help="use the indices that a pool with return_indices=True gives",
    )
    if axes == 3 and stride is not None:
        site.require(
            "stride",
            all_of(*(ge(s, 1) for s in stride)),
            "{} has stride={}, which must be at least 1",
            op,
            stride,
            help="choose a larger stride",
        )
    require_elements(site, op, input.shape[1:])
    output = input.with_shape(*input.shape[: input.rank - axes], *sizes)
    return Outcome(_laid_out(axes, input, output), parameters=parameters)


def _unpool_builtin(
    axes: int, site: Site, input: Tensor, indices: Tensor, output_size: Any, stride: Any = None, padding: Any = None
) -> Outcome:
    op = f"MaxUnpool{axes}d"
    sizes = spread(site, op, "output_size", output_size, axes)
    if not require_rank(site, input, axes, op):
        return Outcome(input.with_shape(*input.shape[:2], *sizes))
    return _unpooled(site, op, axes, input, indices, sizes, stride, {"output_size": sizes})


def _adaptive_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.output_size), {}


def _adaptive_max_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.output_size, module.return_indices), {}


def _fractional_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    arguments = (input, module.kernel_size, module.output_size, module.output_ratio, module.return_indices)
    return (*arguments, module._random_samples), {}


def _unpool_module(
    module: Any, input: Any, indices: Any, output_size: Any = None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, indices, module.kernel_size, module.stride, module.padding, output_size), {}


_ADAPTIVE_AVG = {
    1: ((torch.adaptive_avg_pool1d,), nn.AdaptiveAvgPool1d),
    2: ((F.adaptive_avg_pool2d, torch._C._nn.adaptive_avg_pool2d, torch._adaptive_avg_pool2d), nn.AdaptiveAvgPool2d),
    3: ((F.adaptive_avg_pool3d, torch._C._nn.adaptive_avg_pool3d, torch._adaptive_avg_pool3d), nn.AdaptiveAvgPool3d),
}
_ADAPTIVE_MAX = {
    1: (F.adaptive_max_pool1d, (F.adaptive_max_pool1d_with_indices, torch.adaptive_max_pool1d), nn.AdaptiveMaxPool1d),
    2: (
        F.adaptive_max_pool2d,
        (F.adaptive_max_pool2d_with_indices, torch._C._nn.adaptive_max_pool2d),
        nn.AdaptiveMaxPool2d,
    ),
    3: (
        F.adaptive_max_pool3d,
        (F.adaptive_max_pool3d_with_indices, torch._C._nn.adaptive_max_pool3d),
        nn.AdaptiveMaxPool3d,
    ),
}
_FRACTIONAL = {
    2: (F.fractional_max_pool2d, F.fractional_max_pool2d_with_indices, nn.FractionalMaxPool2d),
    3: (F.fractional_max_pool3d, F.fractional_max_pool3d_with_indices, nn.FractionalMaxPool3d),
}
_UNPOOL = {
    1: (F.max_unpool1d, nn.MaxUnpool1d),
    2: (F.max_unpool2d, nn.MaxUnpool2d),
    3: (F.max_unpool3d, nn.MaxUnpool3d),
}
RULES = (
    *(
        OpRule(f"adaptive_avg_pool{axes}d", partial(adaptive_avg_pool, axes), functions, {module: _adaptive_module})
        for axes, (functions, module) in _ADAPTIVE_AVG.items()
    ),
    *(
        OpRule(
            f"adaptive_max_pool{axes}d",
            partial(adaptive_max_pool, axes, False),
            (plain,),
            {module: _adaptive_max_module},
        )
        for axes, (plain, _, module) in _ADAPTIVE_MAX.items()
    ),
    *(
        OpRule(f"adaptive_max_pool{axes}d", partial(adaptive_max_pool, axes, True), functions)
        for axes, (_, functions, _) in _ADAPTIVE_MAX.items()
    ),
    *(
        OpRule(
            f"fractional_max_pool{axes}d",
            partial(fractional_max_pool, axes, False),
            (plain,),
            {module: _fractional_module},
        )
        for axes, (plain, _, module) in _FRACTIONAL.items()
    ),
    *(
        OpRule(f"fractional_max_pool{axes}d", partial(fractional_max_pool, axes, True), (function,))
        for axes, (_, function, _) in _FRACTIONAL.items()
    ),
    *(
        OpRule(f"max_unpool{axes}d", partial(max_unpool, axes), (function,), {module: _unpool_module})
        for axes, (function, module) in _UNPOOL.items()
    ),
    OpRule("max_unpool2d", partial(_unpool_builtin, 2), (torch._C._nn.max_unpool2d,)),
    OpRule("max_unpool3d", partial(_unpool_builtin, 3), (torch._C._nn.max_unpool3d,)),
)
