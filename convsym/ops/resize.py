"""Interpolation: F.interpolate in every mode, nn.Upsample and its kin, and the builtins that they call.

One element-wise operation is counted for each output element.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import keeps_nothing
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.adaptive_pool import adaptive_avg_pool
from convsym.ops.arguments import number
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.layout import channels_last_strides
from convsym.ops.strides import suggests_channels_last
from convsym.sizes import ratio
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, all_of, ge

_AXES = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "area": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "bicubic": (2,),
    "lanczos": (2,),
    "trilinear": (3,),
}
_WITHOUT_CORNERS = ("nearest", "nearest-exact", "area")
_ANTIALIASED = ("bilinear", "bicubic", "lanczos")


def scaled(size: Size, scale: Any) -> Size:
    """size * scale in double precision, rounded towards zero, as torch computes an output size.

    >>> scaled(7, 0.7)
    4
    """
    return ratio.truncate(ratio.multiply(size, scale))


def interpolate(
    site: Site,
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Outcome:
    """(N, C, *spatial) resized to `size`, or by `scale_factor`: floor(size * scale_factor) in double precision."""
    axes = input.rank - 2
    parameters = {"size": size} if size is not None else {"scale_factor": scale_factor}
    parameters |= {"mode": mode, "align_corners": align_corners}
    if not _require_arguments(site, axes, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    asked = size if size is not None else scale_factor
    several = isinstance(asked, (tuple, list))
    if not site.require(
        "interpolate-arguments",
        TRUE if not several or len(asked) == axes else FALSE,
        "interpolate is given {} numbers for an input of {} spatial axes, of shape {}",
        str(len(asked)) if several else "1",
        str(axes),
        input.shape,
        help="give one number, or one for each axis after (N, C)",
    ):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    values = tuple(asked) if several else (asked,) * axes
    if size is not None:
        spatial = tuple(number(site, v) for v in values)
    else:
        spatial = tuple(scaled(s, number(site, v)) for s, v in zip(input.shape[2:], values, strict=True))
    return replace(_resized(site, input, spatial, mode, antialias), parameters=parameters)


def _require_arguments(
    site: Site,
    axes: int,
    size: Any,
    scale_factor: Any,
    mode: str,
    align_corners: bool | None,
    recompute_scale_factor: bool | None,
    antialias: bool,
) -> bool:
    valid = site.require(
        "interpolate-mode",
        TRUE if axes in _AXES.get(mode, ()) else FALSE,
        "interpolate with mode={} does not take input of {} axes",
        repr(mode),
        str(axes + 2),
        help="nearest and area take 3 to 5 axes, linear 3, bilinear and bicubic 4, trilinear 5",
    )
    valid &= site.require(
        "interpolate-arguments",
        TRUE
        if (size is None) != (scale_factor is None) and not (recompute_scale_factor and size is not None)
        else FALSE,
        "interpolate takes either a size or a scale_factor, the latter perhaps with recompute_scale_factor",
        help="give one of the two",
    )
    corners = align_corners is None or mode not in _WITHOUT_CORNERS
    smooth = not antialias or (mode in _ANTIALIASED and axes == 2)
    lanczos = mode != "lanczos" or (antialias and not align_corners)
    return valid & site.require(
        "interpolate-arguments",
        TRUE if corners and smooth and lanczos else FALSE,
        "interpolate with mode={} does not take align_corners={} with antialias={}",
        repr(mode),
        str(align_corners),
        str(antialias),
        help="leave align_corners out with nearest and area; antialias is for bilinear, bicubic and lanczos",
    )


def _resized(site: Site, input: Tensor, spatial: tuple[Size, ...], mode: str, antialias: bool) -> Outcome:
    if mode == "area":
        return adaptive_avg_pool(len(spatial), site, input, spatial)
    site.require(
        "input-dtype",
        TRUE if _takes(input.dtype, mode, antialias) else FALSE,
        "interpolate with mode={} takes no tensor of {}",
        f"{mode!r} and antialias=True" if antialias else repr(mode),
        str(input.dtype).removeprefix("torch."),
        help="convert it with .float() first",
    )
    site.require(
        "empty-input",
        all_of(*(ge(n, 1) for n in input.shape[1:])),
        "interpolate takes no input with an empty axis but the batch, but gets shape {}",
        input.shape,
        help="use a larger input",
    )
    valid = site.require(
        "interpolate-empty",
        all_of(*(ge(n, 1) for n in spatial)),
        "interpolate brings shape {} to the spatial sizes {}, which must all be at least 1",
        input.shape,
        spatial,
        help="use a larger size, scale_factor or input",
    )
    sizes = spatial if valid else tuple(site.unknown(1) for _ in spatial)
    shape = (*input.shape[:2], *sizes)
    strides = channels_last_strides(shape) if suggests_channels_last(input) else None
    output = Tensor(shape, input.dtype, strides)
    return Outcome(output, Cost(elementwise=output.numel))


def _takes(dtype: torch.dtype, mode: str, antialias: bool) -> bool:
    if antialias and dtype.is_floating_point:
        return dtype.itemsize >= torch.float32.itemsize
    return dtype.is_floating_point or (dtype == torch.uint8 and mode not in ("linear", "trilinear"))


def _upsample(
    axes: int,
    mode: str,
    antialias: bool,
    site: Site,
    input: Tensor,
    output_size: Any = None,
    *rest: Any,
    **named: Any,
) -> Outcome:
    """torch._C._nn.upsample_*: output_size, align_corners where the mode has it, then scale factors."""
    given = list(rest)
    if mode not in _WITHOUT_CORNERS and given and isinstance(given[0], bool):
        given.pop(0)
    factors = named.get("scale_factors", given[0] if given else None)
    size = output_size
    parameters = {"size": size} if size is not None else {"scale_factor": factors}
    parameters["mode"] = mode
    chosen = size if size is not None else factors
    # With both given, single factors only say how positions are computed.
    if not site.require(
        "interpolate-arguments",
        TRUE if isinstance(chosen, (tuple, list)) and len(chosen) == axes and input.rank == axes + 2 else FALSE,
        "interpolate resizes {} spatial axes to {}, but gets shape {}",
        str(axes),
        str(chosen),
        input.shape,
        help="give one number for each axis after (N, C)",
    ):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    if size is not None:
        spatial = tuple(size)
    else:
        spatial = tuple(scaled(s, f) for s, f in zip(input.shape[2:], factors or (), strict=True))
    return replace(_resized(site, input, spatial, mode, antialias), parameters=parameters)


def _arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.size, module.scale_factor, module.mode, module.align_corners), {
        "recompute_scale_factor": module.recompute_scale_factor
    }


_BUILTINS = {
    (1, "nearest"): "upsample_nearest1d",
    (2, "nearest"): "upsample_nearest2d",
    (3, "nearest"): "upsample_nearest3d",
    (1, "nearest-exact"): "_upsample_nearest_exact1d",
    (2, "nearest-exact"): "_upsample_nearest_exact2d",
    (3, "nearest-exact"): "_upsample_nearest_exact3d",
    (1, "linear"): "upsample_linear1d",
    (2, "bilinear"): "upsample_bilinear2d",
    (2, "bicubic"): "upsample_bicubic2d",
    (3, "trilinear"): "upsample_trilinear3d",
}
_SMOOTH = {
    "bilinear": "_upsample_bilinear2d_aa",
    "bicubic": "_upsample_bicubic2d_aa",
    "lanczos": "_upsample_lanczos2d_aa",
}
RULES = keeping(
    keeps_nothing,
    OpRule(
        "interpolate",
        interpolate,
        (F.interpolate,),
        {nn.Upsample: _arguments, nn.UpsamplingNearest2d: _arguments, nn.UpsamplingBilinear2d: _arguments},
    ),
    *(
        OpRule("interpolate", partial(_upsample, axes, mode, False), (getattr(torch._C._nn, name),))
        for (axes, mode), name in _BUILTINS.items()
    ),
    *(
        OpRule("interpolate", partial(_upsample, 2, mode, True), (getattr(torch._C._nn, name),))
        for mode, name in _SMOOTH.items()
        if hasattr(torch._C._nn, name)
    ),
)
