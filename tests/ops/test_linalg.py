"""Linear algebra against eager torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.oracle import agree

PATIENT = settings(deadline=None, max_examples=40)
SIZES = st.sampled_from([1, 2, 3, 4])
THREES = st.sampled_from([1, 2, 3])
DTYPES = [torch.float32, torch.float64, torch.complex64, torch.float16, torch.int64]

SQUARE = [
    torch.linalg.inv,
    torch.inverse,
    torch.linalg.inv_ex,
    torch.det,
    torch.linalg.det,
    torch.logdet,
    torch.linalg.slogdet,
    torch.slogdet,
    torch.linalg.cholesky,
    torch.linalg.cholesky_ex,
    torch.linalg.eig,
    torch.linalg.eigvals,
    torch.linalg.eigh,
    torch.linalg.eigvalsh,
    torch.linalg.matrix_exp,
]
RECTANGULAR = [
    torch.linalg.svd,
    torch.svd,
    torch.linalg.svdvals,
    torch.linalg.qr,
    torch.linalg.pinv,
    torch.pinverse,
    torch.linalg.matrix_rank,
    torch.linalg.lu_factor_ex,
]


def plain(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Matrices that can be inverted and decomposed: the identity and a little more on the diagonal."""
    if len(shape) < 2:
        return torch.ones(shape, dtype=dtype)
    matrix = torch.diag(torch.arange(1, max(shape[-2:]) + 1))[: shape[-2], : shape[-1]]
    return matrix.to(dtype).expand(shape).clone()


@pytest.mark.parametrize("function", SQUARE)
@PATIENT
@given(st.lists(SIZES, min_size=1, max_size=2), SIZES, st.booleans())
def test_square_matrices(function: Callable[..., Any], batch: list[int], n: int, is_square: bool) -> None:
    agree(function, plain(*batch, n, n if is_square else 3))
    agree(function, plain(n, n))
    agree(function, plain(n))


@pytest.mark.parametrize("function", RECTANGULAR)
@PATIENT
@given(st.lists(SIZES, max_size=2), SIZES, SIZES)
def test_matrices(function: Callable[..., Any], batch: list[int], m: int, n: int) -> None:
    agree(function, plain(*batch, m, n))
    agree(function, plain(n))


@pytest.mark.parametrize("function", [*SQUARE, *RECTANGULAR])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(function: Callable[..., Any], dtype: torch.dtype) -> None:
    agree(function, plain(2, 3, 3, dtype=dtype))


@PATIENT
@given(SIZES, SIZES)
def test_modes_of_decompositions(m: int, n: int) -> None:
    x = plain(2, m, n)
    agree(torch.linalg.svd, x, full_matrices=False)
    agree(torch.svd, x, False)
    agree(torch.svd, x, True, False)
    for mode in ("reduced", "complete", "r", "other"):
        agree(torch.linalg.qr, x, mode)


@PATIENT
@given(st.data(), st.lists(SIZES, max_size=2), SIZES, SIZES, st.booleans())
def test_solvers(data: st.DataObject, batch: list[int], n: int, k: int, left: bool) -> None:
    matrix = [*data.draw(st.sampled_from([batch, [1] * len(batch), []])), n, n]
    sides = [[*batch, n, k], [*batch, n], [n], [n, k], [k, n], [*batch, k, n]]
    right = data.draw(st.sampled_from(sides))
    agree(torch.linalg.solve, plain(*matrix), torch.ones(right), left=left)
    agree(torch.linalg.solve_triangular, plain(*matrix), torch.ones(right), upper=True, left=left)


@PATIENT
@given(st.lists(THREES, max_size=3), st.lists(THREES, max_size=3), st.integers(-3, 2))
def test_cross(a: list[int], b: list[int], dim: int) -> None:
    agree(torch.linalg.cross, torch.ones(a), torch.ones(b), dim=dim)
    agree(torch.cross, torch.ones(a), torch.ones(b), dim)
    agree(torch.cross, torch.ones(a), torch.ones(a, dtype=torch.bool))
    agree(torch.linalg.cross, torch.ones(*a, 3), torch.ones(*b, 3, dtype=torch.int64))


@given(st.lists(SIZES, max_size=3))
@PATIENT
def test_trace(shape: list[int]) -> None:
    agree(torch.trace, torch.ones(shape))
    agree(torch.trace, torch.ones(shape, dtype=torch.int32))
