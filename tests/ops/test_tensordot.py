"""Products over several axes or matrices against eager torch."""

from __future__ import annotations

import warnings
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.oracle import agree

PATIENT = settings(deadline=None)
SIZES = st.sampled_from([1, 2, 3, 4])
SHAPES = st.lists(SIZES, max_size=3)


@PATIENT
@given(SHAPES, SHAPES, SHAPES, st.integers(-1, 3))
def test_tensordot_over_the_last_axes(left: list[int], shared: list[int], right: list[int], dims: int) -> None:
    a, b = torch.ones(left + shared), torch.ones(shared + right)
    agree(torch.tensordot, a, b, len(shared))
    agree(torch.tensordot, a, b, dims)


@PATIENT
@given(SHAPES, SHAPES, st.lists(st.integers(-3, 2), max_size=2), st.lists(st.integers(-3, 2), max_size=2))
def test_tensordot_over_named_axes(a: list[int], b: list[int], left: list[int], right: list[int]) -> None:
    agree(torch.tensordot, torch.ones(a), torch.ones(b), (left, right))


@PATIENT
@given(SHAPES, SHAPES)
def test_kron(a: list[int], b: list[int]) -> None:
    agree(torch.kron, torch.ones(a), torch.ones(b, dtype=torch.float64))


@PATIENT
@given(st.lists(SIZES, min_size=1, max_size=6), st.booleans(), st.booleans(), st.integers(0, 9))
def test_chains(sizes: list[int], row: bool, column: bool, wrong: int) -> None:
    matrices = [torch.ones(a, b + (wrong == i)) for i, (a, b) in enumerate(pairwise(sizes))]
    if row and matrices:
        matrices[0] = matrices[0][0]
    if column and len(matrices) > 1:
        matrices[-1] = matrices[-1][:, 0]
    if matrices:
        agree(torch.linalg.multi_dot, matrices)
    if len(matrices) > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            agree(torch.chain_matmul, *matrices)


@PATIENT
@given(SHAPES, SHAPES, st.integers(-3, 2))
def test_vecdot(a: list[int], b: list[int], dim: int) -> None:
    agree(torch.linalg.vecdot, torch.ones(a), torch.ones(b), dim=dim)


@pytest.mark.parametrize("n", range(-5, 18))
def test_powers_of_matrices(n: int) -> None:
    agree(torch.matrix_power, torch.eye(3), n)
    agree(torch.linalg.matrix_power, torch.eye(3).expand(2, 3, 3).contiguous(), n)


@pytest.mark.parametrize("n", [0, 1, 2, -1])
def test_powers_of_what_is_no_square_matrix(n: int) -> None:
    for shape in ((2, 3), (3,), (1, 2, 1)):
        agree(torch.matrix_power, torch.ones(shape), n)
