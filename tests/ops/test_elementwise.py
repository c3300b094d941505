"""Element-wise operations against eager torch: shapes, dtypes, layouts, numbers on either side, in-place forms."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convsym.ops import binary, unary
from tests.ops.draws import DTYPES, laid_out, numbers, partners, tensors
from tests.ops.oracle import agree

UNARY = sorted({rule.name for rule in unary.RULES} - {"frexp", "polygamma", "mvlgamma", "multigammaln", "invert"})
BINARY = [*(name for *_, names in binary._TABLE for name in names.split()), "ldexp", "float_power"]
ARITHMETIC = ("add", "sub", "mul", "div", "pow", "floor_divide", "remainder", "fmod", "rsub")
OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


def forms(name: str) -> list[Any]:
    """The function and the method of a name, and its in-place form."""
    spaces = (torch, torch.Tensor, torch.special)
    found = [getattr(space, n) for n in (name, f"{name}_") for space in spaces if hasattr(space, n)]
    return found or [getattr(torch.Tensor, f"__{name}__")]


def makes_half_complex(left: torch.Tensor, other: Any) -> bool:
    """Whether a result would be complex in half precision, for which torch has few kernels."""
    return isinstance(other, complex) and left.dtype in (torch.float16, torch.bfloat16)


@pytest.mark.parametrize("name", UNARY)
@settings(max_examples=50)
@given(data=st.data())
def test_a_function_of_each_element_agrees_with_torch(name: str, data: st.DataObject) -> None:
    function = data.draw(st.sampled_from(forms(name)))
    agree(function, data.draw(tensors()))


@pytest.mark.parametrize("name", [*BINARY, *ARITHMETIC])
@settings(max_examples=80)
@given(data=st.data())
def test_two_operands_agree_with_torch(name: str, data: st.DataObject) -> None:
    function = data.draw(st.sampled_from(forms(name)))
    left = data.draw(tensors())
    dtype = data.draw(st.sampled_from((left.dtype, *DTYPES)))
    other = data.draw(st.one_of(partners(tuple(left.shape)).flatmap(lambda s: laid_out(s, dtype)), numbers()))
    assume(not makes_half_complex(left, other))
    agree(function, left, other)


@pytest.mark.parametrize("name", [*(f"__{n}__" for n in (*OPERATORS, *COMPARISONS)), *(f"__r{n}__" for n in OPERATORS)])
@settings(max_examples=40)
@given(data=st.data())
def test_operators_with_numbers_agree_with_torch(name: str, data: st.DataObject) -> None:
    tensor, number = data.draw(tensors()), data.draw(numbers())
    assume(not makes_half_complex(tensor, number))
    agree(getattr(torch.Tensor, name), tensor, number)


@settings(max_examples=60)
@given(tensors(), st.sampled_from((None, "floor", "trunc", "round")), st.sampled_from((torch.int64, torch.float32)))
def test_division_with_a_rounding_mode_agrees_with_torch(
    left: torch.Tensor, mode: str | None, dtype: torch.dtype
) -> None:
    agree(torch.div, left, torch.ones(left.shape, dtype=dtype), rounding_mode=mode)


@settings(max_examples=60)
@given(tensors(), st.sampled_from(DTYPES), st.sampled_from((1, 2, 1.5, True)))
def test_alpha_agrees_with_torch(left: torch.Tensor, dtype: torch.dtype, alpha: Any) -> None:
    for function in (torch.add, torch.sub, torch.Tensor.add_):
        agree(function, left, torch.ones((), dtype=dtype), alpha=alpha)


@settings(max_examples=120)
@given(st.data())
def test_choice_agrees_with_torch(data: st.DataObject) -> None:
    input = data.draw(tensors())
    shape = tuple(input.shape)
    mask_dtype = data.draw(st.sampled_from((torch.bool, torch.bool, torch.bool, torch.uint8, torch.int64)))
    mask = data.draw(partners(shape).flatmap(lambda s: laid_out(s, mask_dtype)))
    dtype = data.draw(st.sampled_from(DTYPES))
    other = data.draw(st.one_of(partners(shape).flatmap(lambda s: laid_out(s, dtype)), numbers()))
    agree(torch.where, mask, input, other)
    agree(torch.Tensor.where, input, mask, other)
    value = data.draw(st.sampled_from((0, True, 1.5, -1e9, float("inf"), float("-inf"), 1e300, 300, -1, 1j)))
    agree(torch.masked_fill, input, mask, value)
    agree(torch.Tensor.masked_fill_, input, mask, value)


@settings(max_examples=120)
@given(st.data())
def test_bounds_agree_with_torch(data: st.DataObject) -> None:
    input = data.draw(tensors())
    shape = tuple(input.shape)
    if data.draw(st.booleans()):
        bounds = [data.draw(st.one_of(st.none(), st.sampled_from((0, 0.5, 2, True)))) for _ in range(2)]
    else:
        dtype = data.draw(st.sampled_from(DTYPES))
        bounds = [
            data.draw(st.one_of(st.none(), partners(shape).flatmap(lambda s: laid_out(s, dtype)))) for _ in range(2)
        ]
    for function in (torch.clamp, torch.Tensor.clip, torch.Tensor.clamp_):
        agree(function, input, *bounds)
    if bounds[0] is not None:
        agree(torch.clamp_min, input, bounds[0])
        agree(torch.clamp_max, input, bounds[0])


@settings(max_examples=50)
@given(st.data())
def test_mixing_agrees_with_torch(data: st.DataObject) -> None:
    input = data.draw(tensors())
    shape = tuple(input.shape)
    kinds = st.sampled_from((input.dtype, input.dtype, input.dtype, torch.float32, torch.int64))
    others = [data.draw(partners(shape).flatmap(lambda s: laid_out(s, data.draw(kinds)))) for _ in range(2)]
    agree(torch.lerp, input, others[0], data.draw(st.sampled_from((0.5, 1, others[1]))))
    agree(torch.addcmul, input, *others, value=2)
    agree(torch.addcdiv, input, *others)
    agree(torch.Tensor.addcmul_, input, *others)


@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_numbers_of_two_parts(dtype: torch.dtype) -> None:
    agree(torch.complex, torch.ones(3, dtype=dtype), torch.ones(3, dtype=dtype))
