"""Functions of each element of one tensor: roots, exponentials, rounding, signs, tests, complex parts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch

from convsym.graph.backward import Keeps, keeps_input, keeps_nothing, keeps_result, stops
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site, spellings
from convsym.ops.elementwise import ANY, KINDS, REAL, RESULTS, in_place, pointwise, require_kind, rules


def unary(op: str, kinds: str, result: str, site: Site, input: Tensor, *_: Any, **__: Any) -> Outcome:
    """A function of each element; further arguments (decimals, eps) do not touch the shape."""
    require_kind(site, op, input.dtype, kinds)
    dtype = RESULTS[result](input.dtype)
    return pointwise(site, op, dtype, input, common=dtype if result == "float" else input.dtype)


def positive(site: Site, input: Tensor) -> Outcome:
    """The input itself."""
    require_kind(site, "positive", input.dtype, "uihfc")
    return Outcome(input)


def conj_physical(site: Site, input: Tensor) -> Outcome:
    """The complex conjugate, written out; of real numbers the input itself."""
    return pointwise(site, "conj_physical", input.dtype, input) if input.dtype.is_complex else Outcome(input)


def angle(site: Site, input: Tensor) -> Outcome:
    """The angle of each complex number; of complex numbers torch lays it out row by row."""
    made = unary("angle", ANY, "real float", site, input)
    return replace(made, output=replace(made.output, strides=None)) if input.dtype.is_complex else made


def frexp(site: Site, input: Tensor) -> Outcome:
    """Mantissa and exponent of each element."""
    require_kind(site, "frexp", input.dtype, "hf")
    made = pointwise(site, "frexp", input.dtype, input)
    exponent = made.output.as_dtype(torch.int32)
    return Outcome(torch.return_types.frexp((made.output, exponent)), made.cost)


def polygamma(site: Site, first: Any, second: Any) -> Outcome:
    """`torch.polygamma(n, input)` and `input.polygamma(n)`."""
    input = first if isinstance(first, Tensor) else second
    return unary("polygamma", REAL, "float", site, input)


# result, dtypes taken (letters of KINDS), what autograd keeps, names
_TABLE: tuple[tuple[str, str, Keeps, str], ...] = (
    ("float", ANY, keeps_result, "sqrt rsqrt exp exp2 expm1 tan reciprocal"),
    (
        "float",
        ANY,
        keeps_input,
        "log log2 log10 log1p sin cos asin arcsin acos arccos atan arctan sinh cosh asinh arcsinh acosh arccosh atanh "
        "arctanh sinc",
    ),
    ("float", REAL, keeps_input, "erf erfc erfinv lgamma digamma logit i0 i0e i1 i1e entr gammaln ndtr psi"),
    ("float", REAL, keeps_nothing, "deg2rad rad2deg"),
    ("float", "buif", keeps_input, "erfcx log_ndtr ndtri bessel_j0 bessel_j1 bessel_y0 bessel_y1 airy_ai"),
    ("float", "uihf", keeps_input, "mvlgamma multigammaln"),
    ("real", "uihfc", keeps_input, "abs absolute"),
    ("same", "uihfc", keeps_nothing, "neg negative"),
    ("same", REAL, keeps_nothing, "sign"),
    ("same", ANY, keeps_input, "sgn"),
    ("same", "uihf", keeps_nothing, "ceil floor trunc fix"),
    ("same", "hf", keeps_nothing, "frac"),
    ("number", ANY, keeps_input, "square"),
    ("same", "bui", stops, "bitwise_not invert"),
    ("bool", ANY, stops, "isnan isinf isfinite isreal logical_not"),
    ("bool", REAL, stops, "isposinf isneginf signbit"),
)
_NAN_TO_NUM = partial(unary, "nan_to_num", ANY, "same")
_ROUND = tuple(function for function in spellings("round") if function is not torch.special.round)
RULES = (
    *(
        rule
        for result, kinds, keeps, names in _TABLE
        for name in names.split()
        for rule in rules(name, partial(unary, name, kinds, result), spellings(name), keeps)
    ),
    *rules("positive", positive, spellings("positive"), keeps_nothing),
    *rules("conj_physical", conj_physical, (torch.conj_physical, torch.Tensor.conj_physical), keeps_nothing),
    OpRule(
        "conj_physical",
        in_place("conj_physical", conj_physical, takes_overlap=lambda dtype: not dtype.is_complex),
        (torch.conj_physical_, torch.Tensor.conj_physical_),
    ),
    *rules("nan_to_num", _NAN_TO_NUM, (torch.nan_to_num, torch.Tensor.nan_to_num), keeps_input),
    OpRule(
        "nan_to_num",
        in_place("nan_to_num", _NAN_TO_NUM, takes_overlap=lambda dtype: KINDS.get(dtype, "f") in "bui"),
        (torch.nan_to_num_, torch.Tensor.nan_to_num_),
        keeps=keeps_input,
    ),
    *rules("angle", angle, spellings("angle"), keeps_input),
    *rules("round", partial(unary, "round", "uihf", "same"), _ROUND, keeps_nothing),
    *rules("round", partial(unary, "round", "hf", "same"), (torch.special.round,), keeps_nothing),
    *rules("frexp", frexp, spellings("frexp")),
    *rules("polygamma", polygamma, spellings("polygamma"), keeps_input),
)
