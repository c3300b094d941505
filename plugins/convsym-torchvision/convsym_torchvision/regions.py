"""Pooling of regions: roi_align, roi_pool and their position-sensitive forms, and the layers that call them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torchvision import ops

from convsym.extend import (
    FALSE,
    TRUE,
    Cost,
    OpRule,
    Outcome,
    Site,
    Size,
    Tensor,
    all_of,
    any_of,
    divides,
    dtype_name,
    eq,
    floor_div,
    ge,
    multiply,
    result_dtype,
    total,
)

_KERNELS = (torch.float16, torch.float32, torch.float64)


def roi_align(
    site: Site,
    input: Tensor,
    boxes: Any,
    output_size: Any,
    spatial_scale: Any = 1.0,
    sampling_ratio: Size = -1,
    aligned: bool = False,
) -> Outcome:
    """Each of K boxes in `input` (N, C, H, W) averaged into bins: (K, C, *output_size).

    `boxes` is (K, 5), the image index first, or one (K_i, 4) for each image. Elementwise work is one interpolation for
    each sampling point; with the adaptive `sampling_ratio` their number depends on the boxes, and one for each
    bin is counted.
    """
    points = multiply(sampling_ratio, sampling_ratio) if site.holds(ge(sampling_ratio, 1)) else 1
    shown = {"sampling_ratio": sampling_ratio, "aligned": aligned}
    return _pooled(site, "roi_align", input, boxes, output_size, spatial_scale, points, shown)


def roi_pool(site: Site, input: Tensor, boxes: Any, output_size: Any, spatial_scale: Any = 1.0) -> Outcome:
    """Each of K boxes in `input` (N, C, H, W) max-pooled into bins: (K, C, *output_size).

    How much each bin covers depends on the boxes; elementwise work is counted as one for each bin.
    """
    return _pooled(site, "roi_pool", input, boxes, output_size, spatial_scale, 1, {})


def ps_roi_align(
    site: Site,
    input: Tensor,
    boxes: Any,
    output_size: Any,
    spatial_scale: Any = 1.0,
    sampling_ratio: Size = -1,
) -> Outcome:
    """As `roi_align`, but every bin has channels of its own: (K, C / bins, *output_size)."""
    points = multiply(sampling_ratio, sampling_ratio) if site.holds(ge(sampling_ratio, 1)) else 1
    shown = {"sampling_ratio": sampling_ratio}
    return _pooled(site, "ps_roi_align", input, boxes, output_size, spatial_scale, points, shown, by_position=True)


def ps_roi_pool(site: Site, input: Tensor, boxes: Any, output_size: Any, spatial_scale: Any = 1.0) -> Outcome:
    """Average pooling of boxes in which every bin has channels of its own: (K, C / bins, *output_size)."""
    return _pooled(site, "ps_roi_pool", input, boxes, output_size, spatial_scale, 1, {}, by_position=True)


def _pooled(
    site: Site,
    op: str,
    input: Tensor,
    boxes: Any,
    output_size: Any,
    spatial_scale: Any,
    points: Size,
    shown: dict[str, Any],
    by_position: bool = False,
) -> Outcome:
    regions = count_of(site, op, boxes)
    bins = _bins(site, op, output_size, 1 if by_position else 0)
    if require_feature_map(site, op, input):
        channels = input.shape[1]
    else:
        channels = site.unknown(1)
        by_position = False
    if by_position:
        channels = _channels_of_bins(site, op, channels, bins)
    output = input.with_shape(regions, channels, *bins)
    require_kernel(site, op, input, dtype_of(boxes), output)
    parameters = {"output_size": bins, "spatial_scale": spatial_scale, **shown}
    return Outcome(output, Cost(elementwise=multiply(output.numel, points)), parameters)


def _bins(site: Site, op: str, output_size: Any, least: int) -> tuple[Size, Size]:
    # As torchvision reads it: one number for both axes, or the first two of several.
    sizes = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    if not site.require(
        "argument-length",
        TRUE if len(sizes) >= 2 else FALSE,
        "{} takes one output_size, or one for each of 2 axes, but gets {}",
        op,
        sizes,
        help="give output_size as a number or as (height, width)",
    ):
        return site.unknown(1), site.unknown(1)
    for size in sizes[:2]:
        if isinstance(size, float):
            site.require("argument-type", FALSE, "{} takes whole numbers for output_size, but gets {}", op, str(size))
            return site.unknown(1), site.unknown(1)
        site.require(
            "negative-size",
            ge(size, least),
            "{} has output_size={}, which must be at least {}",
            op,
            sizes,
            str(least),
            help="choose a larger output_size",
        )
    return sizes[0], sizes[1]


def _channels_of_bins(site: Site, op: str, channels: Size, bins: tuple[Size, Size]) -> Size:
    count = multiply(*bins)
    if site.require(
        "position-sensitive-channels",
        divides(count, channels),
        "{} splits {} channels among {} bins, which does not come out even",
        op,
        channels,
        count,
        help="make the channels a multiple of {2}, or change output_size",
    ):
        return floor_div(channels, count)
    return site.unknown(1)


def count_of(site: Site, op: str, boxes: Any) -> Size:
    """How many regions there are: the rows of one tensor of five columns, or of several tensors of four."""
    if isinstance(boxes, Tensor):
        return boxes.shape[0] if require_columns(site, op, boxes, 5) else site.unknown(0)
    if not isinstance(boxes, (tuple, list)) or not boxes:
        site.require(
            "boxes-missing",
            FALSE,
            "{} takes boxes as one tensor, or as a list with one tensor for each image, but gets {}",
            op,
            "none" if isinstance(boxes, (tuple, list)) else type(boxes).__name__,
            help="give it boxes",
        )
        return site.unknown(0)
    if all(require_columns(site, op, b, 4) and _require_alike(site, op, b, boxes[0]) for b in boxes):
        return total(b.shape[0] for b in boxes)
    return site.unknown(0)


def _require_alike(site: Site, op: str, boxes: Tensor, first: Tensor) -> bool:
    """The boxes of all images are joined, so that what follows the columns, mostly nothing, must be the same."""
    same = all_of(*(eq(a, b) for a, b in zip(boxes.shape[2:], first.shape[2:], strict=False)))
    return site.require(
        "boxes-shape",
        same if boxes.rank == first.rank else FALSE,
        "{} joins the boxes of all images, but gets shapes {} and {}",
        op,
        first.shape,
        boxes.shape,
        help="give it one tensor of shape (K, 4) for each image",
    )


def require_columns(site: Site, op: str, boxes: Tensor, columns: int) -> bool:
    """One row for each box: its corners, after the image index where there are five columns."""
    return site.require(
        "boxes-shape",
        eq(boxes.shape[1], columns) if boxes.rank >= 2 else FALSE,
        "{} takes boxes of shape (K, {}), but gets {}",
        op,
        str(columns),
        boxes.shape,
        help="one tensor has columns (image, x1, y1, x2, y2); in a list, each tensor has (x1, y1, x2, y2)",
    )


def require_feature_map(site: Site, op: str, input: Tensor) -> bool:
    """A batch of feature maps; torchvision looks at the first four axes."""
    return site.require(
        "input-rank",
        TRUE if input.rank >= 4 else FALSE,
        "{} takes input of 4 axes, but gets {} of shape {}",
        op,
        str(input.rank),
        input.shape,
        help="give it (N, C, H, W)",
    )


def dtype_of(boxes: Any) -> torch.dtype:
    """The dtype of boxes after they are joined."""
    return result_dtype(*([boxes] if isinstance(boxes, Tensor) else boxes or ()))


def require_kernel(site: Site, op: str, input: Tensor, boxes: torch.dtype, output: Tensor) -> None:
    """Input and boxes have one dtype, for which there is a kernel unless nothing has to be computed."""
    if site.require(
        "dtype-mismatch",
        TRUE if input.dtype == boxes else FALSE,
        "{} takes input and boxes of one dtype, but gets {} and {}",
        op,
        dtype_name(input.dtype),
        dtype_name(boxes),
        help="convert the boxes with .to(input.dtype)",
    ):
        site.require(
            "dtype-mismatch",
            any_of(TRUE if input.dtype in _KERNELS else FALSE, eq(output.numel, 0)),
            "{} is not implemented for {}",
            op,
            dtype_name(input.dtype),
            help="convert the input with .float()",
        )


def _from_module(names: Sequence[str], module: Any, input: Any, rois: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, rois), {name: getattr(module, name) for name in names}


_ALIGNED = ("output_size", "spatial_scale", "sampling_ratio")
RULES = (
    OpRule("roi_align", roi_align, (ops.roi_align,), {ops.RoIAlign: partial(_from_module, (*_ALIGNED, "aligned"))}),
    OpRule("roi_pool", roi_pool, (ops.roi_pool,), {ops.RoIPool: partial(_from_module, _ALIGNED[:2])}),
    OpRule("ps_roi_align", ps_roi_align, (ops.ps_roi_align,), {ops.PSRoIAlign: partial(_from_module, _ALIGNED)}),
    OpRule("ps_roi_pool", ps_roi_pool, (ops.ps_roi_pool,), {ops.PSRoIPool: partial(_from_module, _ALIGNED[:2])}),
)
