"""Padding: F.pad in every mode, and nn.ConstantPad1d to nn.CircularPad3d. It copies, and costs no arithmetic."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import NOTHING, Backward, Saved
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import sizes
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.layout import channels_last_strides, elementwise_strides
from convsym.ops.slicing import part
from convsym.ops.strides import suggests_channels_last
from convsym.sizes.arithmetic import Size, add, total
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, ge, gt, le

Pairs = list[tuple[Size, Size]]
_MODES = ("constant", "reflect", "replicate", "circular")


def pad(site: Site, input: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Outcome:
    """Elements put before and after the last axes; `pad` counts (before, after) from the last axis on.

    Negative numbers take elements away. Reflection needs less padding than the axis has elements on each side, circular
    padding no more; both, and replication, take input of one or two axes more than they pad.
    """
    given = sizes(site, (pad,))
    parameters = {"pad": given, "mode": mode}
    if value is not None and mode == "constant":
        parameters["value"] = value
    pairs = [(given[i], given[i + 1]) for i in range(0, len(given) - 1, 2)]
    if not _require_arguments(site, input, given, mode, value):
        return Outcome(input.with_shape(*input.shape), parameters=parameters)
    if mode == "constant":
        return Outcome(_constant(site, input, pairs), parameters=parameters, backward=NOTHING)
    backward = NOTHING if mode == "circular" else Backward((Saved(input),))
    return Outcome(_borrowed(site, input, pairs, mode), parameters=parameters, backward=backward)


def _require_arguments(site: Site, input: Tensor, given: tuple[Size, ...], mode: str, value: Any) -> bool:
    valid = site.require(
        "pad-mode",
        TRUE if mode in _MODES and (mode == "constant" or not value) else FALSE,
        "pad is given mode={} and value={}; a value belongs to mode='constant' only",
        repr(mode),
        str(value),
        help="take one of the modes constant, reflect, replicate, circular",
    )
    valid &= site.require(
        "pad-length",
        TRUE if len(given) % 2 == 0 else FALSE,
        "pad is given {} numbers, but takes two for each axis: before and after",
        str(len(given)),
        help="give an even count of numbers, the last axis first",
    )
    axes = len(given) // 2
    if mode == "constant":
        fits = axes <= input.rank
    else:
        fits = 1 <= axes <= 3 and axes + 1 <= input.rank <= axes + 2
    return valid and site.require(
        "pad-axes",
        TRUE if fits else FALSE,
        "pad is given numbers for {} axes, with mode={}, of an input of {} axes, of shape {}",
        str(axes),
        repr(mode),
        str(input.rank),
        input.shape,
        help="give two numbers for each axis; other modes than 'constant' pad all axes after (N, C) or (C)",
    )


def _padded(input: Tensor, pairs: Pairs) -> list[Size]:
    shape = list(input.shape)
    for i, (before, after) in enumerate(pairs):
        shape[-1 - i] = total((shape[-1 - i], before, after))
    return shape


def _remains(size: Size, before: Size, after: Size) -> Condition:
    """Whether an axis has as many elements as negative padding takes away on either side, and on both."""
    return all_of(ge(add(size, before), 0), ge(add(size, after), 0), ge(total((size, before, after)), 0))


def _require_remains(site: Site, input: Tensor, pairs: Pairs) -> bool:
    valid = True
    for i, (before, after) in enumerate(pairs):
        size = input.shape[-1 - i]
        valid &= site.require(
            "padding-negative",
            _remains(size, before, after),
            "pad adds {} and {} elements to an axis of size {}, which takes away more than there are",
            before,
            after,
            size,
            help="take away less, or use a larger input",
        )
    return valid


def _known(site: Site, shape: list[Size], pairs: Pairs, valid: bool) -> tuple[Size, ...]:
    if not valid:
        shape[-len(pairs) :] = [site.unknown(1) for _ in pairs]
    return tuple(shape)


def _constant(site: Site, input: Tensor, pairs: Pairs) -> Tensor:
    valid = _require_remains(site, input, pairs)
    shape = _known(site, _padded(input, pairs), pairs, valid)
    if input.strides is None:
        return Tensor(shape, input.dtype)
    if all(type(p) is int and p <= 0 for pair in pairs for p in pair):
        # Nothing is put in, so torch copies what is left.
        left = input
        for i, size in enumerate(reversed(shape)):
            left = part(left, input.rank - 1 - i, size)
        return Tensor(shape, input.dtype, elementwise_strides(site, left.shape, left))
    return Tensor(shape, input.dtype, _suggested(input, shape))


def _suggested(input: Tensor, shape: tuple[Size, ...]) -> tuple[Size, ...] | None:
    return channels_last_strides(shape) if suggests_channels_last(input) else None


def _borrowed(site: Site, input: Tensor, pairs: Pairs, mode: str) -> Tensor:
    """What the modes give that fill in elements of the input itself."""
    axes = len(pairs)
    shape = _padded(input, pairs)
    if mode == "circular":
        valid = _require_remains(site, input, pairs)
    else:
        valid = _require_elements(site, input, axes, mode)
        valid &= site.require(
            "padding-negative",
            all_of(any_of(*(ge(n, 1) for n in shape[-axes:])), *(ge(n, 0) for n in shape[-axes:])),
            "pad leaves nothing of shape {}: the result would be {}",
            input.shape,
            shape,
            help="take away less, or use a larger input",
        )
    if mode != "replicate":
        for i, pair in enumerate(pairs):
            valid &= _require_fits(site, input.shape[-1 - i], pair, mode)
    result = _known(site, shape, pairs, valid)
    if input.strides is None or mode == "circular":
        return Tensor(result, input.dtype)
    return Tensor(result, input.dtype, _suggested(input, result))


def _require_elements(site: Site, input: Tensor, axes: int, mode: str) -> bool:
    inner = input.shape[1:] if input.rank == axes + 2 else input.shape
    return site.require(
        "empty-input",
        all_of(*(ge(size, 1) for size in inner)),
        "pad with mode={} takes no input with an empty axis but the batch, but gets shape {}",
        repr(mode),
        input.shape,
        help="use a larger input",
    ) & site.require(
        "input-dtype",
        TRUE if input.dtype != torch.bool else FALSE,
        "pad with mode={} takes no tensor of bool",
        repr(mode),
        help="convert it first",
    )


def _require_fits(site: Site, size: Size, pair: tuple[Size, Size], mode: str) -> bool:
    valid = True
    for side in pair:
        if mode == "reflect":
            valid &= site.require(
                "padding-too-large",
                gt(size, side),
                "reflection padding of {} needs an axis of more than {} elements, but it has {}",
                side,
                side,
                size,
                help="use less padding, another mode, or a larger input",
            )
        else:
            valid &= site.require(
                "padding-too-large",
                le(side, size),
                "circular padding of {} needs an axis of at least {} elements, but it has {}",
                side,
                side,
                size,
                help="use less padding, another mode, or a larger input",
            )
    return valid


def constant_pad_nd(site: Site, input: Tensor, pad: Any, value: Any = 0) -> Outcome:
    """torch.constant_pad_nd."""
    return _with_mode(site, input, pad, "constant", value)


def _one_mode(mode: str, axes: int, site: Site, input: Tensor, padding: Any) -> Outcome:
    given = padding if isinstance(padding, (tuple, list)) else (padding,) * (2 * axes)
    return _with_mode(site, input, given, mode)


_with_mode = pad


def _arguments(mode: str) -> Any:
    def arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (input, module.padding, mode), {"value": module.value if mode == "constant" else None}

    return arguments


_LAYERS = {
    "constant": (nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d, nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d),
    "reflect": (nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReflectionPad3d),
    "replicate": (nn.ReplicationPad1d, nn.ReplicationPad2d, nn.ReplicationPad3d),
    "circular": (nn.CircularPad1d, nn.CircularPad2d, nn.CircularPad3d),
}
RULES = (
    OpRule(
        "pad",
        pad,
        (F.pad, torch._C._nn.pad),
        {layer: _arguments(mode) for mode, layers in _LAYERS.items() for layer in layers},
    ),
    OpRule("pad", constant_pad_nd, (torch.constant_pad_nd,)),
    *(
        OpRule("pad", partial(_one_mode, mode, axes), (getattr(torch._C._nn, f"{name}_pad{axes}d"),))
        for mode, name in (("reflect", "reflection"), ("replicate", "replication"))
        for axes in (1, 2, 3)
    ),
)
