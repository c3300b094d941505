"""Sampling at computed positions: grid_sample and affine_grid."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from convsym.graph.backward import keeps_all, keeps_nothing
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.sizes.arithmetic import multiply
from convsym.sizes.condition import FALSE, TRUE, all_of, any_of, eq, ge

_MODES = ("bilinear", "nearest", "bicubic")
_PADDING_MODES = ("zeros", "border", "reflection")


def grid_sample(
    site: Site,
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Outcome:
    """`input` (N, C, *spatial) read at `grid` (N, *out, axes): (N, C, *out). One operation counted per element."""
    parameters = {"mode": mode, "padding_mode": padding_mode, "align_corners": align_corners}
    axes = input.rank - 2
    output = Tensor((*input.shape[:2], *grid.shape[1:-1]), input.dtype)
    site.require(
        "grid-sample-mode",
        TRUE if mode in _MODES and padding_mode in _PADDING_MODES and not (mode == "bicubic" and axes == 3) else FALSE,
        "grid_sample has mode={} and padding_mode={} for {} spatial axes",
        repr(mode),
        repr(padding_mode),
        str(axes),
        help="modes are bilinear, nearest and (on 2 spatial axes) bicubic; padding modes zeros, border, reflection",
    )
    if not site.require(
        "input-rank",
        TRUE if axes in (2, 3) and grid.rank == input.rank else FALSE,
        "grid_sample takes (N, C, H, W) with a grid (N, H, W, 2), or one spatial axis more of both, but gets {} and {}",
        input.shape,
        grid.shape,
        help="add the missing axes with .unsqueeze()",
    ):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    site.require(
        "dtype-mismatch",
        TRUE if input.dtype == grid.dtype and input.dtype.is_floating_point else FALSE,
        "grid_sample takes input and grid of one floating dtype, but gets {} and {}",
        str(input.dtype).removeprefix("torch."),
        str(grid.dtype).removeprefix("torch."),
        help="convert one with .to()",
    )
    site.require(
        "grid-mismatch",
        all_of(eq(input.shape[0], grid.shape[0]), eq(grid.shape[-1], axes)),
        "grid_sample takes a grid of batch size {} with {} coordinates, but gets shape {}",
        input.shape[0],
        str(axes),
        grid.shape,
        help="make the grid for this batch, with one coordinate for each spatial axis",
    )
    site.require(
        "empty-input",
        all_of(*(ge(n, 1) for n in input.shape[2:])),
        "grid_sample takes no input with an empty spatial axis, but gets shape {}",
        input.shape,
        help="use a larger input",
    )
    return Outcome(output, Cost(elementwise=output.numel), parameters)


def _grid_sampler(
    site: Site, input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Outcome:
    return grid_sample(site, input, grid, _MODES[interpolation_mode], _PADDING_MODES[padding_mode], align_corners)


def affine_grid(site: Site, theta: Tensor, size: Any, align_corners: bool | None = None) -> Outcome:
    """The positions that `theta` (N, 2, 3) or (N, 3, 4) reads for an output of `size`: (N, *spatial, axes).

    Torch's counter leaves its products out, so they count as element-wise work.
    """
    shape = tuple(size)
    axes = len(shape) - 2
    parameters = {"size": shape, "align_corners": align_corners}
    if not site.require(
        "affine-grid",
        TRUE if axes in (2, 3) and theta.rank == 3 and theta.dtype.is_floating_point else FALSE,
        "affine_grid takes float matrices (N, 2, 3) for a size of 4 numbers or (N, 3, 4) for 5, but gets {} {} for {}",
        str(theta.dtype).removeprefix("torch."),
        theta.shape,
        shape,
        help="give one matrix for each element of the batch",
    ):
        return Outcome(theta, parameters=parameters)
    site.require(
        "affine-grid",
        all_of(eq(theta.shape[0], shape[0]), eq(theta.shape[1], axes), eq(theta.shape[2], axes + 1)),
        "affine_grid takes matrices of shape {} for the size {}, but gets {}",
        (shape[0], axes, axes + 1),
        shape,
        theta.shape,
        help="give one matrix for each element of the batch",
    )
    # With align_corners torch looks no further than at a spatial size of 1.
    spatial = shape[2:]
    single = all_of(*(ge(n, 1) for n in spatial), any_of(*(eq(n, 1) for n in spatial))) if align_corners else FALSE
    site.require(
        "affine-grid",
        any_of(all_of(*(ge(n, 1) for n in shape)), single),
        "affine_grid is asked for the size {}, whose numbers must be at least 1",
        shape,
        help="give positive sizes",
    )
    output = Tensor((shape[0], *shape[2:], axes), theta.dtype)
    return Outcome(output, Cost(elementwise=multiply(axes + 1, output.numel)), parameters)


RULES = keeping(
    keeps_all,
    OpRule("grid_sample", grid_sample, (F.grid_sample,)),
    OpRule("grid_sample", _grid_sampler, (torch.grid_sampler,)),
    OpRule("affine_grid", affine_grid, (F.affine_grid, torch.affine_grid_generator), keeps=keeps_nothing),
)
