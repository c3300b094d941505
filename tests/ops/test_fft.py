"""Fourier transforms against eager torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.oracle import agree

PATIENT = settings(deadline=None, max_examples=60)
SIZES = st.sampled_from([1, 2, 3, 4, 5])
ONE = [torch.fft.fft, torch.fft.ifft, torch.fft.rfft, torch.fft.irfft, torch.fft.hfft, torch.fft.ihfft]
TWO = [torch.fft.fft2, torch.fft.ifft2, torch.fft.rfft2, torch.fft.irfft2, torch.fft.hfft2, torch.fft.ihfft2]
ANY = [torch.fft.fftn, torch.fft.ifftn, torch.fft.rfftn, torch.fft.irfftn, torch.fft.hfftn, torch.fft.ihfftn]
NORMS = st.sampled_from([None, "ortho", "forward", "backward", "wrong"])


@st.composite
def signals(draw: st.DrawFn) -> torch.Tensor:
    shape = draw(st.lists(SIZES, max_size=4))
    tensor = torch.ones(shape)
    if len(shape) > 1 and draw(st.booleans()):
        a, b = draw(st.permutations(range(len(shape))))[:2]
        return tensor.transpose(a, b)
    return tensor


@pytest.mark.parametrize("function", ONE)
@PATIENT
@given(signals(), st.sampled_from([None, None, 1, 3, 8, 0]), st.integers(-3, 3), NORMS)
def test_one_axis(function: Any, x: torch.Tensor, n: int | None, dim: int, norm: str | None) -> None:
    agree(function, x, n, dim, norm)


@pytest.mark.parametrize("function", TWO)
@PATIENT
@given(
    signals(), st.sampled_from([None, None, (3, 4), (-1, 6), (2,)]), st.sampled_from([(-2, -1), (1, 0), (2, 0), (1,)])
)
def test_two_axes(function: Any, x: torch.Tensor, s: Any, dim: Any) -> None:
    agree(function, x, s)
    agree(function, x, s, dim)


@pytest.mark.parametrize("function", ANY)
@PATIENT
@given(
    signals(),
    st.one_of(st.none(), st.lists(st.sampled_from([-1, 1, 2, 4]), max_size=3)),
    st.one_of(st.none(), st.lists(st.integers(-3, 2), max_size=3)),
)
def test_several_axes(function: Any, x: torch.Tensor, s: Any, dim: Any) -> None:
    agree(function, x, s, dim)
    agree(function, x)


@pytest.mark.parametrize("function", ONE)
@pytest.mark.parametrize(
    "dtype", [torch.int64, torch.bool, torch.float16, torch.float64, torch.complex64, torch.complex128]
)
def test_dtypes(function: Any, dtype: torch.dtype) -> None:
    agree(function, torch.ones(2, 4, dtype=dtype))


@PATIENT
@given(signals(), st.one_of(st.none(), st.integers(-3, 3), st.lists(st.integers(-3, 3), max_size=2)))
def test_shifts(x: torch.Tensor, dim: Any) -> None:
    agree(torch.fft.fftshift, x, dim)
    agree(torch.fft.ifftshift, x, dim)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_frequencies(n: int) -> None:
    agree(torch.fft.fftfreq, n, 0.5)
    agree(torch.fft.rfftfreq, n, dtype=torch.float64)
