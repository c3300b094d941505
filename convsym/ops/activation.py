"""Activation functions: what works element by element, gated units, and PReLU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import (
    Backward,
    Keeps,
    Saved,
    Tensors,
    keeps_copy_of_result,
    keeps_input,
    keeps_result,
    written,
)
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis
from convsym.ops.broadcast import true_dtype
from convsym.ops.catalogue import Arguments, Infer, OpRule, Outcome, Site, is_in_place, spellings
from convsym.ops.dtypes import require_floating, require_one_dtype
from convsym.ops.layout import elementwise_strides
from convsym.sizes.arithmetic import Size, floor_div
from convsym.sizes.condition import FALSE, TRUE, divides, eq

_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8)
_COMPLEX = (torch.complex64, torch.complex128)


def fresh(site: Site, input: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """A new tensor like the input: its shape, its order in memory, its dtype unless another is given."""
    strides = None if input.strides is None else elementwise_strides(site, input.shape, input)
    return Tensor(input.shape, dtype or input.dtype, strides)


def activation(
    op: str,
    also: tuple[torch.dtype, ...],
    makes_float: bool,
    keeps: Keeps,
    site: Site,
    input: Tensor,
    *arguments: Any,
    inplace: bool = False,
    **_: Any,
) -> Outcome:
    """A function of each element; its further arguments do not touch the shape. One operation per element.

    Of its numbers only `inplace`, which comes last, is a bool.
    """
    if not input.dtype.is_floating_point:
        require_floating(site, op, input, also)
    in_place = inplace or (bool(arguments) and arguments[-1] is True)
    output = input.overwritten() if in_place else fresh(site, input, true_dtype(input.dtype) if makes_float else None)
    kept = written(_IN_PLACE.get(op, keeps)) if in_place else keeps
    return Outcome(output, Cost(elementwise=output.numel), backward=kept((input,), (output,)))


# These compute their gradient from the operand, but from the result where that takes the operand's place.
_IN_PLACE: dict[str, Keeps] = dict.fromkeys(("ELU", "SELU", "CELU", "LeakyReLU"), keeps_result)


def contiguous_activation(op: str, site: Site, input: Tensor, *_: Any, **__: Any) -> Outcome:
    """An activation whose kernel writes row by row whatever its input's layout is."""
    require_floating(site, op, input)
    drawn = Backward((Saved(input), Saved(input.with_shape(*input.shape))))
    return Outcome(input.with_shape(*input.shape), Cost(elementwise=input.numel), backward=drawn)


def hardtanh(site: Site, input: Tensor, min_val: Any = -1.0, max_val: Any = 1.0, inplace: bool = False) -> Outcome:
    """Each element kept between two numbers, of which the first must not be the greater."""
    site.require(
        "bounds",
        FALSE if min_val > max_val else TRUE,
        "Hardtanh has min_val={}, which must not exceed max_val={}",
        str(min_val),
        str(max_val),
        help="exchange min_val and max_val",
    )
    return activation("Hardtanh", _INTEGERS, False, keeps_input, site, input, inplace=inplace)


def rrelu(
    site: Site,
    input: Tensor,
    lower: Any = 1.0 / 8,
    upper: Any = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    generator: Any = None,
) -> Outcome:
    """Each negative element times a random number between two bounds, of which the first must not be the greater."""
    site.require(
        "bounds",
        FALSE if lower > upper else TRUE,
        "RReLU has lower={}, which must not exceed upper={}",
        str(lower),
        str(upper),
        help="exchange lower and upper",
    )
    made = contiguous_activation("RReLU", site, input)
    if not inplace:
        return made
    output = input.overwritten()
    return replace(made, output=output, backward=Backward((Saved(output), Saved(input.with_shape(*input.shape)))))


def softshrink(site: Site, input: Tensor, lambd: Any = 0.5) -> Outcome:
    """Each element brought nearer to zero by `lambd`, which must not be negative."""
    site.require(
        "bounds",
        FALSE if lambd < 0 else TRUE,
        "Softshrink has lambd={}, which must not be negative",
        str(lambd),
        help="choose a lambd of at least 0",
    )
    return activation("Softshrink", (), False, keeps_input, site, input)


def celu(site: Site, input: Tensor, alpha: Any = 1.0, inplace: bool = False) -> Outcome:
    """An exponential unit, which divides by `alpha`."""
    site.require(
        "bounds",
        FALSE if alpha == 0 else TRUE,
        "CELU has alpha={}, by which it divides",
        str(alpha),
        help="choose another alpha",
    )
    return activation("CELU", (), False, keeps_input, site, input, inplace=inplace)


def gelu(site: Site, input: Tensor, approximate: str = "none") -> Outcome:
    """The Gaussian error unit, exact or by tanh."""
    site.require(
        "argument-choice",
        TRUE if approximate in ("none", "tanh") else FALSE,
        "GELU has approximate={}, which must be 'none' or 'tanh'",
        repr(approximate),
        help="choose one of them",
    )
    return activation("GELU", (), False, keeps_input, site, input)


def glu(site: Site, input: Tensor, dim: int = -1) -> Outcome:
    """One half of `input` along an axis, gated by the other half; the size of the axis must be even."""
    if not site.require(
        "input-rank",
        TRUE if input.rank else FALSE,
        "GLU takes input of at least one axis, but gets shape {}",
        input.shape,
        help="give it a tensor whose axis `dim` can be halved",
    ):
        return Outcome(fresh(site, input))
    at = axis(site, "GLU", dim, input.rank)
    require_floating(site, "GLU", input)
    if at is None:
        return Outcome(fresh(site, input))
    size = input.shape[at]
    site.require(
        "glu",
        divides(2, size),
        "GLU halves axis {}, whose size {} must be even",
        str(at),
        size,
        help="make the layer before it give twice the channels that are wanted after it",
    )
    shape = (*input.shape[:at], floor_div(size, 2), *input.shape[at + 1 :])
    half = Tensor(shape, input.dtype, input.strides)
    output = fresh(site, half)
    return Outcome(output, Cost(elementwise=output.numel), {"dim": dim}, Backward((Saved(input),)))


def prelu(site: Site, input: Tensor, weight: Tensor) -> Outcome:
    """A slope for negative elements: one for all, or one for each channel (axis 1). One operation per element."""
    channels: Size = input.shape[1] if input.rank > 1 else 1
    require_floating(site, "PReLU", input)
    require_one_dtype(site, "PReLU", input, weight)
    shared = eq(weight.numel, 1)
    vector = site.require(
        "prelu-parameters",
        TRUE if weight.rank <= 1 else FALSE,
        "PReLU takes one slope or a vector of them, but its weight has shape {}",
        weight.shape,
        help="give the weight one axis",
    )
    if vector and shared is not TRUE:
        site.require(
            "prelu-parameters",
            eq(weight.numel, channels),
            "PReLU has {} slopes, but gets {} channels",
            weight.numel,
            channels,
            help="make num_parameters={1}, or 1 for one slope for all channels",
        )
    # The slopes stand along axis 1 of a tensor of ones, so they take no part in choosing the layout.
    output = fresh(site, input)
    backward = Backward((Saved(input), Saved(weight)))
    return Outcome(output, Cost(elementwise=output.numel), {"num_parameters": weight.numel}, backward)


def _plain(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input,), {"inplace": module.inplace} if "inplace" in module.__dict__ else {}


def _with(*names: str) -> Callable[..., tuple[tuple[Any, ...], dict[str, Any]]]:
    def arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        in_place = {"inplace": module.inplace} if "inplace" in module.__dict__ else {}
        return (input, *(getattr(module, name) for name in names)), in_place

    return arguments


def _keeps_divisor(inputs: Tensors, outputs: Tensors) -> Backward:
    return Backward((Saved(inputs[0]), Saved(outputs[0].with_shape(*outputs[0].shape))))


# name of the function: its layer, the dtypes it takes besides floating point, whether integers become floats, and what
# autograd keeps
_ACTIVATIONS: dict[str, tuple[type, tuple[torch.dtype, ...], bool, Keeps]] = {
    "relu": (nn.ReLU, (*_INTEGERS, torch.uint8), False, keeps_result),
    "relu6": (nn.ReLU6, (*_INTEGERS, torch.uint8), False, keeps_input),
    "elu": (nn.ELU, (), False, keeps_input),
    "selu": (nn.SELU, (), False, keeps_input),
    "leaky_relu": (nn.LeakyReLU, (), False, keeps_input),
    "silu": (nn.SiLU, _COMPLEX, False, keeps_input),
    "mish": (nn.Mish, (), False, keeps_input),
    "hardswish": (nn.Hardswish, (), False, keeps_input),
    "hardsigmoid": (nn.Hardsigmoid, (), False, keeps_input),
    "hardshrink": (nn.Hardshrink, (), False, keeps_input),
    "softplus": (nn.Softplus, (), False, keeps_input),
    "threshold": (nn.Threshold, (*_INTEGERS, torch.uint8), False, keeps_input),
    "tanhshrink": (nn.Tanhshrink, (*_INTEGERS, torch.uint8, *_COMPLEX), True, keeps_copy_of_result),
    "softsign": (nn.Softsign, (*_INTEGERS, torch.uint8, *_COMPLEX), True, _keeps_divisor),
    "sigmoid": (nn.Sigmoid, (*_INTEGERS, torch.uint8, torch.bool, *_COMPLEX), True, keeps_result),
    "tanh": (nn.Tanh, (*_INTEGERS, torch.uint8, torch.bool, *_COMPLEX), True, keeps_result),
}


def _forms(name: str, infer: Infer, modules: dict[type, Arguments]) -> tuple[OpRule, ...]:
    """One rule for the functions and layers, and one for the functions that write into their operand."""
    functions = spellings(name)
    in_place = tuple(f for f in functions if is_in_place(f))
    fresh = OpRule(name, infer, tuple(f for f in functions if f not in in_place), modules)
    return fresh, OpRule(name, partial(infer, inplace=True), in_place)


RULES = (
    *(
        rule
        for name, (layer, also, makes_float, keeps) in _ACTIVATIONS.items()
        for rule in _forms(name, partial(activation, layer.__name__, also, makes_float, keeps), {layer: _plain})
    ),
    OpRule(
        "sigmoid",
        partial(activation, "Sigmoid", _ACTIVATIONS["sigmoid"][1], True, keeps_result),
        (torch.special.expit,),
    ),
    *_forms("hardtanh", hardtanh, {nn.Hardtanh: _with("min_val", "max_val")}),
    *_forms("rrelu", rrelu, {nn.RReLU: _with("lower", "upper", "training")}),
    OpRule("softshrink", softshrink, spellings("softshrink"), {nn.Softshrink: _with("lambd")}),
    *_forms("celu", celu, {nn.CELU: _with("alpha")}),
    OpRule("gelu", gelu, spellings("gelu"), {nn.GELU: _with("approximate")}),
    OpRule(
        "logsigmoid",
        partial(contiguous_activation, "LogSigmoid"),
        (F.logsigmoid,),
        {nn.LogSigmoid: _plain},
    ),
    OpRule("glu", glu, spellings("glu"), {nn.GLU: _with("dim")}),
    OpRule("prelu", prelu, spellings("prelu"), {nn.PReLU: _with("weight")}),
)
