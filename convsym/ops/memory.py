"""Memory formats: which layout a copy gets, and contiguous, is_contiguous and clone, which ask for one."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import keeps_nothing
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.layout import channels_last_strides, elementwise_strides
from convsym.ops.strides import contiguity, normal, strides_of
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq

_RANKS = {torch.channels_last: 4, torch.channels_last_3d: 5}


def in_format(site: Site, op: str, input: Tensor, memory_format: torch.memory_format | None) -> tuple[Size, ...] | None:
    """The strides of a copy of a tensor in a memory format; channels_last takes 4 axes, channels_last_3d takes 5."""
    if memory_format is None or memory_format == torch.preserve_format:
        return elementwise_strides(site, input.shape, input)
    if memory_format == torch.contiguous_format or not require_format(site, op, input, memory_format):
        return None
    return normal(input.shape, channels_last_strides(input.shape))


def require_format(site: Site, op: str, input: Tensor, memory_format: torch.memory_format) -> bool:
    """The rank that a memory format is for."""
    rank = _RANKS.get(memory_format)
    return rank is None or site.require(
        "memory-format",
        TRUE if input.rank == rank else FALSE,
        "{} is asked for {}, which is for {} axes, but its input has {}, of shape {}",
        op,
        str(memory_format).removeprefix("torch."),
        str(rank),
        str(input.rank),
        input.shape,
        help="leave memory_format out for this tensor",
    )


def lies_in(input: Tensor, memory_format: torch.memory_format) -> Condition:
    """Where a tensor already lies in a memory format; axes of one element do not matter."""
    if memory_format not in _RANKS:
        return contiguity(input)
    if input.rank != _RANKS[memory_format]:
        return FALSE
    pairs = zip(input.shape, strides_of(input), channels_last_strides(input.shape), strict=True)
    return any_of(all_of(*(any_of(eq(size, 1), eq(have, want)) for size, have, want in pairs)), eq(input.numel, 0))


def contiguous(site: Site, input: Tensor, *, memory_format: torch.memory_format = torch.contiguous_format) -> Outcome:
    """The tensor itself where it lies in the memory format already, else a copy that does."""
    if memory_format == torch.contiguous_format:
        return Outcome(input if input.strides is None else input.with_shape(*input.shape))
    if memory_format == torch.preserve_format:
        site.require(
            "memory-format",
            contiguity(input),
            "contiguous takes preserve_format only for what is contiguous already, but gets strides {}",
            strides_of(input),
            help="leave memory_format out, or use clone",
        )
        return Outcome(input)
    strides = in_format(site, "contiguous", input, memory_format)
    if lies_in(input, memory_format) is TRUE:
        return Outcome(input, parameters={"memory_format": memory_format})
    return Outcome(Tensor(input.shape, input.dtype, strides), parameters={"memory_format": memory_format})


def is_contiguous(
    site: Site, input: Tensor, *, memory_format: torch.memory_format = torch.contiguous_format
) -> Outcome:
    """Whether the tensor lies in a memory format; where it depends on the sizes, both ways are analysed."""
    return Outcome(site.holds(lies_in(input, memory_format)))


def clone(site: Site, input: Tensor, *, memory_format: Any = torch.preserve_format) -> Outcome:
    """A copy, in the same order of axes unless a memory format is asked for."""
    return Outcome(Tensor(input.shape, input.dtype, in_format(site, "clone", input, memory_format)))


RULES = keeping(
    keeps_nothing,
    OpRule("contiguous", contiguous, spellings("contiguous")),
    OpRule("is_contiguous", is_contiguous, (torch.Tensor.is_contiguous,)),
    OpRule("clone", clone, spellings("clone")),
)
