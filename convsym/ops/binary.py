"""Arithmetic, comparisons and logic on two operands that broadcast: tensors, or a tensor and a number."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch

from convsym.graph.backward import (
    Keeps,
    keeps_all,
    keeps_both,
    keeps_copy_of_result,
    keeps_everything,
    keeps_input,
    keeps_nothing,
    keeps_others,
    keeps_power,
    keeps_quotient,
    keeps_result,
    passes_on,
    stops,
)
from convsym.graph.tensor import Tensor, dtype_name
from convsym.ops.broadcast import result_dtype
from convsym.ops.catalogue import Infer, Outcome, Site, spellings
from convsym.ops.dtypes import require_dtype
from convsym.ops.elementwise import (
    ANY,
    KINDS,
    REAL,
    RESULTS,
    pointwise,
    require_kind,
    require_tensors,
    rules,
)
from convsym.sizes.condition import FALSE, TRUE


def binary(op: str, kinds: str, result: str, numbers: str, site: Site, input: Any, other: Any, **_: Any) -> Outcome:
    """An operation on two operands; `numbers` says where torch takes Python numbers: "both", "right" or "none"."""
    if numbers == "none":
        require_tensors(site, op, input, other)
    elif numbers == "right":
        require_tensors(site, op, input)
    dtype = result_dtype(input, other)
    require_kind(site, op, dtype, kinds)
    made = RESULTS[result](dtype)
    return pointwise(site, op, made, input, other, common=dtype if result == "bool" else made)


def add(site: Site, input: Any, other: Any, *, alpha: Any = 1) -> Outcome:
    """`input + alpha * other`."""
    dtype = result_dtype(input, other)
    _require_alpha(site, "add", dtype, alpha)
    return pointwise(site, "add", dtype, input, other)


def sub(site: Site, input: Any, other: Any, *, alpha: Any = 1) -> Outcome:
    """`input - alpha * other`; there is no subtraction of bools."""
    dtype = result_dtype(input, other)
    _require_alpha(site, "sub", dtype, alpha)
    for operand in (input, other):
        is_bool = operand.dtype == torch.bool if type(operand) is Tensor else isinstance(operand, bool)
        require_kind(site, "subtraction", torch.bool if is_bool else dtype, "uihfcx")
    return pointwise(site, "sub", dtype, input, other)


def _require_alpha(site: Site, op: str, dtype: torch.dtype, alpha: Any) -> None:
    if isinstance(alpha, bool):
        site.require(
            "dtype-mismatch",
            TRUE if dtype == torch.bool else FALSE,
            "{} of {} has alpha={}, which must be a number",
            op,
            dtype_name(dtype),
            str(alpha),
            help="give a number",
        )
    elif isinstance(alpha, (float, complex)) and KINDS.get(dtype, "f") in "bui":
        site.require(
            "dtype-mismatch",
            FALSE,
            "{} of integers has alpha={}, which must be an integer",
            op,
            str(alpha),
            help="convert the operands with .float()",
        )


def div(site: Site, input: Any, other: Any, *, rounding_mode: str | None = None) -> Outcome:
    """True division, always a float; with `rounding_mode` "floor" or "trunc" integers stay integers."""
    dtype = result_dtype(input, other)
    if rounding_mode is None:
        require_kind(site, "div", dtype, ANY)
        return pointwise(site, "div", RESULTS["float"](dtype), input, other)
    if site.require(
        "argument-choice",
        TRUE if rounding_mode in ("floor", "trunc") else FALSE,
        "div has rounding_mode={}, which must be None, 'trunc' or 'floor'",
        repr(rounding_mode),
        help="choose one of them",
    ):
        require_kind(site, f"{rounding_mode} division", dtype, "uihf")
    return pointwise(site, "div", dtype, input, other)


def power(site: Site, input: Any, exponent: Any) -> Outcome:
    """`input ** exponent`; integers have no negative powers."""
    dtype = result_dtype(input, exponent)
    if isinstance(exponent, int) and exponent < 0 and KINDS.get(dtype, "f") in "bui":
        site.require(
            "negative-power",
            FALSE,
            "pow raises integers to the power {}, which must not be negative",
            str(exponent),
            help="convert the input with .float()",
        )
    if type(input) is Tensor and type(exponent) is Tensor:
        require_kind(site, "pow", dtype, "uihfc")
    made = pointwise(site, "pow", dtype, input, exponent)
    # torch lays out the powers of a number row by row, whatever the layout of the exponents.
    return made if type(input) is Tensor else replace(made, output=replace(made.output, strides=None))


def reversed_operands(infer: Infer) -> Infer:
    """The rule of `other op input`, as Python calls it when the left operand is a number."""

    def swapped(site: Site, input: Any, other: Any, **kwargs: Any) -> Outcome:
        return infer(site, other, input, **kwargs)

    return swapped


def same_dtypes(op: str, kinds: str, site: Site, input: Tensor, other: Tensor) -> Outcome:
    """An operation on two tensors of one dtype, which it does not promote."""
    require_tensors(site, op, input, other)
    site.require(
        "dtype-mismatch",
        TRUE if input.dtype == other.dtype else FALSE,
        "{} takes operands of one dtype, but gets {} and {}",
        op,
        str(input.dtype),
        str(other.dtype),
        help="convert one of them with .to()",
    )
    require_kind(site, op, input.dtype, kinds)
    return pointwise(site, op, input.dtype, input, other)


def complex_number(op: str, site: Site, input: Tensor, other: Tensor) -> Outcome:
    """A complex number from two parts: real and imaginary, or absolute value and angle."""
    # Of half precision there is a complex form of float16 alone.
    made = same_dtypes(op, "hf" if op == "complex" and input.dtype != torch.bfloat16 else "f", site, input, other)
    real = input.dtype if input.dtype.is_floating_point else torch.float32
    return Outcome(made.output.as_dtype(real.to_complex()), made.cost)


def ldexp(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """`input * 2 ** other`; floats take no bools for exponents."""
    require_tensors(site, "ldexp", input, other)
    if type(other) is Tensor and input.dtype.is_floating_point:
        require_kind(site, "ldexp", other.dtype, "uihfc")
    return binary("ldexp", ANY, "float", "none", site, input, other)


def float_power(site: Site, input: Any, exponent: Any) -> Outcome:
    """`input ** exponent` in double precision."""
    return binary("float_power", ANY, "double", "both", site, input, exponent)


def _float_power_in_place(site: Site, input: Tensor, exponent: Any) -> Outcome:
    made = float_power(site, input, exponent)
    require_dtype(site, "in-place float_power", "a base", input, made.output.dtype)
    return made


def isin(
    site: Site, elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Outcome:
    """Whether each element is among others."""
    if not isinstance(elements, Tensor):
        return Outcome(Tensor((), torch.bool))
    return Outcome(Tensor(elements.shape, torch.bool), pointwise(site, "isin", torch.bool, elements).cost)


# result, dtypes taken (letters of KINDS), where numbers are taken, what autograd keeps, names
_TABLE: tuple[tuple[str, str, str, Keeps, str], ...] = (
    ("same", ANY + "x", "both", keeps_others, "mul multiply"),
    ("same", "uihf", "both", keeps_quotient, "floor_divide floordiv remainder mod"),
    ("same", "uihf", "right", keeps_quotient, "fmod"),
    ("same", REAL, "none", keeps_all, "maximum minimum fmax fmin"),
    ("float", REAL, "none", keeps_all, "atan2 arctan2"),
    ("same", "hf", "none", keeps_everything, "hypot"),
    ("same", "hf", "none", keeps_all, "nextafter logaddexp2 igamma igammac gammainc gammaincc"),
    ("same", "hfc", "none", keeps_all, "logaddexp"),
    ("float", REAL, "right", keeps_both, "copysign"),
    ("same", "ui", "none", stops, "gcd lcm"),
    ("float", REAL, "both", keeps_all, "xlogy xlog1py"),
    ("float", "buif", "both", keeps_all, "zeta"),
    ("same", "bui", "both", stops, "bitwise_and bitwise_or bitwise_xor and or xor"),
    ("same", "ui", "both", stops, "bitwise_left_shift bitwise_right_shift lshift rshift"),
    ("bool", ANY, "right", stops, "eq ne not_equal"),
    ("bool", REAL, "right", stops, "lt less le less_equal gt greater ge greater_equal"),
    ("bool", ANY, "none", stops, "logical_and logical_or logical_xor"),
)


def _reversed(*names: str) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(getattr(torch.Tensor, f"__r{name}__") for name in names))


_REVERSED: tuple[tuple[str, Infer, Keeps, tuple[Any, ...]], ...] = (
    ("sub", sub, keeps_nothing, (torch.rsub, *_reversed("sub"))),
    ("div", div, keeps_copy_of_result, _reversed("div", "truediv")),
    ("floor_divide", partial(binary, "floor_divide", "uihf", "same", "both"), keeps_nothing, _reversed("floordiv")),
    ("remainder", partial(binary, "remainder", "uihf", "same", "both"), keeps_input, _reversed("mod")),
    ("pow", power, keeps_both, _reversed("pow")),
    ("lshift", partial(binary, "lshift", "ui", "same", "both"), stops, _reversed("lshift")),
    ("rshift", partial(binary, "rshift", "ui", "same", "both"), stops, _reversed("rshift")),
)
_SWAPPED = {function for _, _, _, functions in _REVERSED for function in functions}


def _forward(*names: str) -> tuple[Any, ...]:
    return tuple(f for f in spellings(*names) if f not in _SWAPPED)


RULES = (
    *rules("add", add, _forward("add"), passes_on),
    *rules("sub", sub, _forward("sub", "subtract"), keeps_nothing),
    *rules("div", div, _forward("div", "divide", "true_divide", "truediv"), keeps_quotient),
    *rules("pow", power, _forward("pow"), keeps_power),
    *(
        rule
        for result, kinds, numbers, keeps, names in _TABLE
        for name in names.split()
        for rule in rules(name, partial(binary, name, kinds, result, numbers), _forward(name), keeps)
    ),
    *(
        rule
        for op, infer, keeps, functions in _REVERSED
        for rule in rules(op, reversed_operands(infer), functions, keeps)
    ),
    *rules("ldexp", ldexp, spellings("ldexp"), keeps_all),
    *rules("float_power", float_power, (torch.float_power, torch.Tensor.float_power), keeps_power),
    *rules("float_power", _float_power_in_place, (torch.Tensor.float_power_,)),
    *rules("heaviside", partial(same_dtypes, "heaviside", REAL), spellings("heaviside"), stops),
    *rules("complex", partial(complex_number, "complex"), (torch.complex,), keeps_all),
    *rules("polar", partial(complex_number, "polar"), (torch.polar,), keeps_result),
    *rules("isin", isin, (torch.isin,), stops),
)
