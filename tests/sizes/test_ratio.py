"""Reals made of sizes round as Python's doubles do."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convsym.sizes import ratio
from convsym.sizes.arithmetic import add, floor_div, multiply, subtract, symbol
from convsym.sizes.evaluate import evaluate, vectorised

H, W = symbol("H"), symbol("W")

ROUNDINGS: list[tuple[Callable[[Any], Any], Callable[[Any], int]]] = [
    (ratio.floor, math.floor),
    (ratio.ceil, math.ceil),
    (ratio.truncate, int),
    (ratio.round_half_even, round),
]


@given(
    st.sampled_from(ROUNDINGS),
    st.sampled_from((2, 3, 4, 5, 6, 7, 8, 10, 12, 49)),
    st.sampled_from((0.5, 0.25, 0.75, 0.7, 1.3, 2.5, 1 / 3, 0.125)),
    st.integers(-9, 9),
    st.integers(1, 3000),
)
@settings(max_examples=300)
def test_rounded_reals_are_pythons(rounding: Any, d: int, factor: float, k: int, h: int) -> None:
    ours, pythons = rounding
    for real, number in (
        (ratio.divide(add(H, k), d), (h + k) / d),
        (ratio.multiply(H, factor), h * factor),
        (ratio.multiply(ratio.divide(H, d), factor), h / d * factor),
        (ratio.add(ratio.multiply(H, factor), k), h * factor + k),
        (ratio.subtract(ratio.divide(H, d), factor), h / d - factor),
        (ratio.divide(ratio.multiply(H, factor), factor), h * factor / factor),
        (ratio.multiply(ratio.divide(d, H), H), d / h * h),
    ):
        size = ours(real)
        assert evaluate(size, {"H": h}) == pythons(number)
        assert eval(str(size), {"math": math}, {"H": h}) == pythons(number)
        assert int(vectorised(size, {"H": [h]})[0]) == pythons(number)


def test_halves_and_thirds_are_quotients() -> None:
    assert ratio.floor(ratio.multiply(H, 0.5)) is floor_div(H, 2)
    assert ratio.ceil(ratio.divide(H, 3)) is floor_div(add(H, 2), 3)
    assert ratio.multiply(ratio.divide(H, 2), 2) is H
    assert ratio.multiply(ratio.multiply(H, 2.0), 0.5) is H
    assert ratio.divide(multiply(H, W), W) is H


def test_roots_of_squares_are_sizes() -> None:
    assert ratio.sqrt(multiply(H, H)) is H
    assert ratio.sqrt(add(multiply(H, add(H, 2)), 1)) == add(H, 1)
    assert ratio.power(multiply(9, multiply(H, H)), 0.5) == multiply(3, H)
    assert ratio.isqrt(49) == 7
    assert ratio.sqrt(49) == 7
    assert str(ratio.truncate(ratio.sqrt(H))) == "math.isqrt(H)"


@given(st.integers(1, 10**6))
def test_roots_of_other_sizes_are_exact(h: int) -> None:
    assert evaluate(ratio.floor(ratio.sqrt(H)), {"H": h}) == math.isqrt(h)
    assert evaluate(ratio.floor(ratio.power(H, 0.5)), {"H": h}) == int(h**0.5)
    assert evaluate(ratio.ceil(ratio.function("log2", H)), {"H": h}) == math.ceil(math.log2(h))


def test_infinite_factors_are_refused() -> None:
    with pytest.raises(ValueError, match="inf"):
        ratio.multiply(H, math.inf)
    with pytest.raises(ZeroDivisionError):
        ratio.divide(H, 0.0)


def test_truncation_goes_towards_zero() -> None:
    size = ratio.truncate(ratio.divide(subtract(H, 7), 2))
    assert [evaluate(size, {"H": h}) for h in range(1, 12)] == [int((h - 7) / 2) for h in range(1, 12)]
