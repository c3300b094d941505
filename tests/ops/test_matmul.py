"""Products of matrices and vectors against eager torch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.oracle import agree

PATIENT = settings(deadline=None)
SIZES = st.sampled_from([1, 2, 3, 3, 4])
SHAPES = st.lists(SIZES, min_size=0, max_size=4)
DTYPES = st.sampled_from([torch.float32, torch.float32, torch.float64, torch.int64, torch.bfloat16, torch.bool])


def made(shape: list[int], dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.ones(shape, dtype=dtype)


@st.composite
def tensors(draw: st.DrawFn, shape: list[int] | None = None) -> torch.Tensor:
    """A tensor of some layout: contiguous, or with two axes swapped."""
    tensor = made(draw(SHAPES) if shape is None else shape)
    if tensor.dim() > 1 and draw(st.booleans()):
        a, b = draw(st.permutations(range(tensor.dim())))[:2]
        return tensor.transpose(a, b).contiguous().transpose(a, b)
    return tensor


@PATIENT
@given(st.data())
def test_matmul_of_any_two_tensors(data: st.DataObject) -> None:
    agree(torch.matmul, data.draw(tensors()), data.draw(tensors()))


@PATIENT
@given(st.data(), st.lists(SIZES, max_size=2), SIZES, SIZES, SIZES)
def test_matmul_of_operands_that_mostly_fit(data: st.DataObject, batch: list[int], m: int, k: int, n: int) -> None:
    left = data.draw(st.sampled_from([[k], [m, k], [*batch, m, k], [1, m, k]]))
    right = data.draw(st.sampled_from([[k], [k, n], [*batch, k, n], [1, k, n]]))
    agree(torch.matmul, data.draw(tensors(left)), data.draw(tensors(right)))


@pytest.mark.parametrize("function", [torch.mm, torch.bmm, torch.mv, torch.dot, torch.vdot, torch.inner, torch.outer])
@PATIENT
@given(data=st.data())
def test_products_of_fixed_rank(function: object, data: st.DataObject) -> None:
    low = {"bmm": 3, "mm": 2, "mv": 2}.get(function.__name__, 1)  # type: ignore[attr-defined]
    m, k, n, b = (data.draw(SIZES) for _ in range(4))
    left = data.draw(st.sampled_from([[b, m, k][-low:], [b, m, k][-low:], [k], [m, k], []]))
    right = data.draw(st.sampled_from([[b, k, n][-low:], [k, n][-low:], [k], [n, k], [b, k, n], []]))
    agree(function, made(left), made(right))


@pytest.mark.parametrize("function", [torch.addmm, torch.addmv, torch.addr, torch.baddbmm, torch.addbmm])
@PATIENT
@given(data=st.data())
def test_products_that_are_added_to(function: object, data: st.DataObject) -> None:
    m, k, n, b = (data.draw(SIZES) for _ in range(4))
    left, right, result = {
        "addmm": ([m, k], [k, n], [m, n]),
        "addmv": ([m, k], [k], [m]),
        "addr": ([m], [n], [m, n]),
        "baddbmm": ([b, m, k], [b, k, n], [b, m, n]),
        "addbmm": ([b, m, k], [b, k, n], [m, n]),
    }[function.__name__]  # type: ignore[attr-defined]
    choices = [result, result, result[1:], [1] * len(result), [1, *result], [data.draw(SIZES), *result[1:]], []]
    added = data.draw(st.sampled_from(choices))
    if data.draw(st.integers(0, 9)) == 0:
        right = [*right[:-1], data.draw(SIZES)]
    if data.draw(st.integers(0, 9)) == 0:
        left = left[1:]
    agree(function, made(added), made(left), made(right), beta=data.draw(st.sampled_from([0, 1, 2])))


@PATIENT
@given(DTYPES, DTYPES, st.sampled_from([[3], [2, 3], [4, 2, 3]]))
def test_products_do_not_promote(a: torch.dtype, b: torch.dtype, shape: list[int]) -> None:
    agree(torch.matmul, made(shape, a), made([3, 4], b))
    agree(torch.matmul, made(shape, a), made([3], b))
    agree(torch.mm, made([2, 3], a), made([3, 4], b))
    agree(torch.addr, made([2, 3], a), made([2], b), made([3], b))
    agree(torch.outer, made([2], a), made([3], b))
    agree(torch.inner, made([2, 3], a), made([3], b))


def test_operators_are_matmul() -> None:
    a, b = made([2, 3]), made([3, 4])
    agree(torch.Tensor.__matmul__, a, b)
    agree(torch.Tensor.__rmatmul__, b, a)
