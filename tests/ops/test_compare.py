"""Comparisons of tensors, differences and conjugates against eager torch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.oracle import agree, inferred, judged

PATIENT = settings(deadline=None, max_examples=80)
SIZES = st.sampled_from([1, 2, 3])
SHAPES = st.lists(SIZES, max_size=3)
DTYPES = [torch.float32, torch.int64, torch.bool, torch.complex64]


@PATIENT
@given(SHAPES, SHAPES, st.sampled_from(DTYPES), st.sampled_from(DTYPES))
def test_isclose(a: list[int], b: list[int], first: torch.dtype, second: torch.dtype) -> None:
    agree(torch.isclose, torch.ones(a, dtype=first), torch.ones(b, dtype=second))
    agree(torch.isclose, torch.ones(a), torch.ones(b))
    x, y = torch.ones(a), torch.ones(b, dtype=second)
    _, site = inferred(torch.allclose, x, y)
    assert bool(site.failed) == (judged(torch.allclose, x, y).refusal is not None)


def test_tensors_of_different_shape_are_not_equal() -> None:
    outcome, _ = inferred(torch.equal, torch.ones(2), torch.ones(3))
    assert outcome.output is False


@PATIENT
@given(st.data(), SHAPES, st.integers(-1, 4), st.integers(-3, 3))
def test_diff(data: st.DataObject, shape: list[int], n: int, dim: int) -> None:
    x = torch.ones(shape)
    if len(shape) > 1 and data.draw(st.booleans()):
        x = x.transpose(0, 1)
    agree(torch.diff, x, n, dim)
    other = torch.ones(data.draw(st.sampled_from([list(x.shape), [*x.shape, 1], [2, *x.shape[1:]], list(x.shape[1:])])))
    agree(torch.diff, x, n, dim, prepend=other)
    agree(torch.diff, x.int(), max(n, 1), dim, prepend=other, append=other)


@pytest.mark.parametrize("dtype", DTYPES)
def test_conjugates(dtype: torch.dtype) -> None:
    x = torch.ones(2, 3, dtype=dtype)
    for function in (torch.conj, torch.resolve_conj, torch.resolve_neg):
        agree(function, x)
        agree(function, x.T)
