"""Statistics and distances against eager torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.oracle import agree, inferred

pytestmark = pytest.mark.filterwarnings("ignore:cov")
PATIENT = settings(deadline=None, max_examples=60)
SIZES = st.sampled_from([1, 2, 3, 4])
SHAPES = st.lists(SIZES, max_size=3)
DTYPES = [torch.float32, torch.float64, torch.float16, torch.int64, torch.int32, torch.bool, torch.complex64]


@PATIENT
@given(SHAPES, st.booleans(), st.booleans(), st.integers(0, 1))
def test_cov(shape: list[int], counted: bool, weighted: bool, wrong: int) -> None:
    x = torch.ones(shape)
    observations = (shape[-1] if shape else 1) + wrong
    whole = torch.ones(observations, dtype=torch.int64)
    agree(torch.cov, x, fweights=whole if counted else None, aweights=torch.ones(observations) if weighted else None)
    agree(torch.cov, x, fweights=torch.ones(observations))
    agree(torch.corrcoef, x)


@pytest.mark.parametrize("function", [torch.cov, torch.corrcoef, torch.histc, torch.pdist, torch.bincount])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(function: Any, dtype: torch.dtype) -> None:
    shape = (3,) if function is torch.bincount else (3, 4)
    # The largest number is 0, so bincount gives as little as it can.
    x = torch.zeros(shape, dtype=dtype)
    if function is torch.bincount:
        agree(function, x, minlength=1)
    else:
        agree(function, x)


@pytest.mark.parametrize("bins", [1, 7, 0])
@pytest.mark.parametrize("limits", [(0, 0), (0, 1), (1, 0)])
def test_histc(bins: int, limits: tuple[int, int]) -> None:
    agree(torch.histc, torch.rand(3, 4), bins, *limits)


def test_bincount() -> None:
    x = torch.zeros(3, dtype=torch.int64)
    for weights in (None, torch.ones(3), torch.ones(3).half(), torch.ones(4), torch.ones(3, 1)):
        agree(torch.bincount, x, weights, 5)
    agree(torch.bincount, x, None, -1)
    agree(torch.bincount, x.reshape(3, 1))
    outcome, _ = inferred(torch.bincount, x)
    assert outcome.output.shape == (0,)


@PATIENT
@given(st.data(), SHAPES, st.booleans(), st.integers(-3, 3))
def test_quantile(data: st.DataObject, shape: list[int], keepdim: bool, dim: int) -> None:
    x = torch.ones(shape)
    q = data.draw(st.sampled_from([0.5, 1.5, torch.tensor(0.5), torch.ones(2), torch.ones(1), torch.ones(1, 1)]))
    for function in (torch.quantile, torch.nanquantile):
        agree(function, x, q)
        agree(function, x, q, dim, keepdim)
        agree(function, x, q, keepdim=keepdim)
    agree(torch.quantile, x, torch.ones(2, dtype=torch.float64))
    agree(torch.quantile, x.double(), torch.ones(2, dtype=torch.float64))


@PATIENT
@given(SHAPES, SHAPES)
def test_dist(a: list[int], b: list[int]) -> None:
    agree(torch.dist, torch.ones(a), torch.ones(b))
    agree(torch.dist, torch.ones(a), torch.ones(b, dtype=torch.float64))
    agree(torch.dist, torch.ones(a), torch.ones(a, dtype=torch.complex64))
    agree(torch.dist, torch.ones(a, dtype=torch.int64), torch.ones(a, dtype=torch.int64))


@PATIENT
@given(SHAPES)
def test_pdist(shape: list[int]) -> None:
    agree(torch.pdist, torch.ones(shape))
