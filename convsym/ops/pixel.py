"""Channels moved into space and back: pixel_shuffle, pixel_unshuffle, channel_shuffle, and their modules. They copy."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from convsym.graph.backward import keeps_nothing
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.layout import channels_last_strides
from convsym.ops.strides import suggests_channels_last
from convsym.sizes.arithmetic import Size, floor_div, multiply
from convsym.sizes.condition import FALSE, TRUE, all_of, divides, eq, ge


def _require(site: Site, op: str, name: str, input: Tensor, factor: Size) -> bool:
    return site.require(
        "input-rank",
        TRUE if input.rank >= 3 else FALSE,
        "{} takes input of shape (..., C, H, W), but gets shape {}",
        op,
        input.shape,
        help="give it at least 3 axes",
    ) and site.require(
        "pixel-shuffle",
        ge(factor, 1),
        "{} has {}={}, which must be at least 1",
        op,
        name,
        factor,
        help="choose a positive number",
    )


def _require_format(site: Site, op: str, input: Tensor) -> None:
    site.require(
        "memory-format",
        TRUE if input.rank != 5 or not suggests_channels_last(input) else FALSE,
        "{} does not take the layout channels_last_3d, in which shape {} comes",
        op,
        input.shape,
        help="call .contiguous() first",
    )


def _like(input: Tensor, shape: tuple[Size, ...]) -> Tensor:
    strides = channels_last_strides(shape) if suggests_channels_last(input) else None
    return Tensor(shape, input.dtype, strides)


def pixel_shuffle(site: Site, input: Tensor, upscale_factor: Size) -> Outcome:
    """(..., C r r, H, W) to (..., C, H r, W r)."""
    parameters = {"upscale_factor": upscale_factor}
    if not _require(site, "pixel_shuffle", "upscale_factor", input, upscale_factor):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    *batch, channels, height, width = input.shape
    square = multiply(upscale_factor, upscale_factor)
    fits = site.require(
        "pixel-shuffle",
        divides(square, channels),
        "pixel_shuffle with upscale_factor={} takes channels in multiples of {}, but gets {}",
        upscale_factor,
        square,
        channels,
        help="make the layer before it give a multiple of {1} channels",
    )
    out = floor_div(channels, square) if fits else site.unknown(1)
    shape = (*batch, out, multiply(height, upscale_factor), multiply(width, upscale_factor))
    _require_format(site, "pixel_shuffle", input)
    return Outcome(_like(input, shape), parameters=parameters)


def pixel_unshuffle(site: Site, input: Tensor, downscale_factor: Size) -> Outcome:
    """(..., C, H r, W r) to (..., C r r, H, W)."""
    parameters = {"downscale_factor": downscale_factor}
    if not _require(site, "pixel_unshuffle", "downscale_factor", input, downscale_factor):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    *batch, channels, height, width = input.shape
    sizes: list[Size] = []
    for size in (height, width):
        fits = site.require(
            "pixel-shuffle",
            divides(downscale_factor, size),
            "pixel_unshuffle has downscale_factor={}, which does not divide the size {}",
            downscale_factor,
            size,
            help="pad the input to a multiple of {0}",
        )
        sizes.append(floor_div(size, downscale_factor) if fits else site.unknown(1))
    if site.holds(eq(input.numel, 0)):
        # Torch hands an empty input back as it is.
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    shape = (*batch, multiply(channels, multiply(downscale_factor, downscale_factor)), *sizes)
    _require_format(site, "pixel_unshuffle", input)
    return Outcome(_like(input, shape), parameters=parameters)


def channel_shuffle(site: Site, input: Tensor, groups: Size) -> Outcome:
    """The channels of (N, C, ...) dealt out over groups; the shape stays."""
    parameters = {"groups": groups}
    site.require(
        "input-rank",
        TRUE if input.rank >= 3 else FALSE,
        "channel_shuffle takes input of at least 3 axes, but gets shape {}",
        input.shape,
        help="give it (N, C, ...)",
    ) and site.require(
        "groups",
        all_of(ge(groups, 1), divides(groups, input.shape[1])),
        "channel_shuffle has groups={}, which does not divide {} channels",
        groups,
        input.shape[1],
        help="choose groups that divide the channels",
    )
    return Outcome(_like(input, input.shape), parameters=parameters)


def _up(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.upscale_factor), {}


def _down(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.downscale_factor), {}


def _shuffle(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.groups), {}


RULES = keeping(
    keeps_nothing,
    OpRule("pixel_shuffle", pixel_shuffle, spellings("pixel_shuffle"), {nn.PixelShuffle: _up}),
    OpRule("pixel_unshuffle", pixel_unshuffle, spellings("pixel_unshuffle"), {nn.PixelUnshuffle: _down}),
    OpRule(
        "channel_shuffle",
        channel_shuffle,
        (torch.channel_shuffle, torch.native_channel_shuffle),
        {nn.ChannelShuffle: _shuffle},
    ),
)
