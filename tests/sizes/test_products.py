"""Conditions over products, rewritten, hold where they did."""

from __future__ import annotations

import math
from itertools import product as combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convsym.sizes.arithmetic import multiply, power, product, subtract, symbol, total
from convsym.sizes.condition import FALSE, TRUE
from convsym.sizes.divisors import ceiling_steps, compositions, divisors, floor_steps
from convsym.sizes.factors import Factored, factored
from convsym.sizes.irreducible import factorisation
from convsym.sizes.products import without_products
from convsym.sizes.sets import is_presburger
from convsym.sizes.spelling import parse_condition, parse_size
from tests.sizes.expressions import grid_of

H, W = symbol("H"), symbol("W")


@given(
    st.sampled_from(["H", "H//2", "((H + 3)//4)", "(H//3 - 2)", "max(H, 4)", "(5 - H)"]),
    st.sampled_from(["W", "W//2", "((W + 1)//2)", "(W//4 - 1)", "(2*W + 1)", "(W - 7)"]),
    st.sampled_from(["", "*N", "*(N//2)"]),
    st.sampled_from(["== {}", "!= {}", ">= {}", "<= {}", "< {}", "% 12 == {}", "% 9 != {}"]),
    st.integers(0, 40),
)
@settings(max_examples=150)
def test_a_rewritten_product_holds_where_it_did(u: str, v: str, n: str, relation: str, number: int) -> None:
    condition = parse_condition(f"({u}*{v}{n}) {relation.format(number)}")
    rewritten = without_products(condition)
    if rewritten is None:
        return
    grid = grid_of("HWN")
    assert is_presburger(rewritten)
    assert np.array_equal(condition.vectorised(**grid), np.broadcast_to(rewritten.vectorised(**grid), grid["H"].shape))


@pytest.mark.parametrize(
    ("spelled", "simple"),
    [
        ("H*W == 4*(H//2)*(W//2)", "H % 2 == 0 and W % 2 == 0"),
        ("N*H*W == 9*N*(H//3)*(W//3)", "H % 3 == 0 and W % 3 == 0"),
        ("H*W >= 4*(H//2)*(W//2)", "True"),
        ("H*W > 4*(H//2)*(W//2)", "H % 2 == 1 or W % 2 == 1"),
        ("12 % N == 0", "N in (1, 2, 3, 4, 6, 12)"),
        ("H*H >= 50", "H >= 8"),
        ("H*(H//2) < 33", "H <= 8"),
        ("(H*W) // 4 == 3", "12 <= H*W <= 15"),
    ],
)
def test_products_become_plain_conditions(spelled: str, simple: str) -> None:
    found, expected = without_products(parse_condition(spelled)), parse_condition(simple)
    assert found is not None
    grid = grid_of("HWN")
    assert np.array_equal(found.vectorised(**grid), np.broadcast_to(expected.vectorised(**grid), grid["H"].shape))


@pytest.mark.parametrize(
    "spelled",
    [
        "H*W == N*N + 1",
        "W % H == 0",
        "H**2 + W**2 == N**2",
        "math.floor(H*0.7) == W",
        # Where the maximum is 0, there is no quotient.
        "W // max(H*W//2 - 9, 0) == 3",
    ],
)
def test_what_has_no_rewriting_is_left(spelled: str) -> None:
    assert without_products(parse_condition(spelled)) is None


def test_too_many_parts_are_not_built() -> None:
    assert without_products(parse_condition(f"H*W >= {10**9}")) is None
    assert without_products(parse_condition("H*W >= 0")) is TRUE
    assert without_products(parse_condition("H*W < 0")) is FALSE


def test_expanded_products_are_found_again() -> None:
    h, w = parse_size("H//8 - 3"), parse_size("W//8 - 3")
    assert factored(parse_size("16*(H//8 - 3)*(W//8 - 3) - 400")) == Factored(16, (h, w), -400)
    assert factored(parse_size("5*H*H*W + 1")) == Factored(5, (H, H, W), 1)
    assert factored(parse_size("H*W + H + 2*W + 7")) == Factored(1, (parse_size("H + 2"), parse_size("W + 1")), 5)
    assert factored(parse_size("4*H*W + 2*W - 6*H - 15")) == Factored(
        1, (parse_size("2*H + 1"), parse_size("2*W - 3")), -12
    )
    h, w = parse_size("2*(H//12) - max(H//4 - 5, 0) + 1"), parse_size("2*(W//6) - max(W//4 - 5, 0) - 3")
    found = factored(subtract(multiply(h, w), 12))
    assert found is not None
    assert (set(found.factors), found.constant) == ({h, w}, -12)
    assert factored(parse_size("H + W")) is None
    assert factored(parse_size("H*W + H*H + W*W")) is None


@given(st.lists(st.tuples(*[st.integers(-4, 4)] * 3), min_size=1, max_size=3))
def test_factors_multiply_to_what_they_are_factors_of(lines: list[tuple[int, int, int]]) -> None:
    h, w = parse_size("H"), parse_size("W//2")
    size = product([total([multiply(a, h), multiply(b, w), c]) for a, b, c in lines])
    if isinstance(size, int):
        return
    whole = factorisation(size)
    assert product([whole.content, *(power(factor, e) for factor, e in whole.factors)]) == size
    assert all(not isinstance(factor, int) for factor, _ in whole.factors)


@given(st.integers(1, 400))
def test_numbers_are_shared_out_completely(number: int) -> None:
    assert sorted(divisors(number)) == [d for d in range(1, number + 1) if number % d == 0]
    staircase = {i: -(-number // i) for i in ceiling_steps(number)}
    for a, b in combinations(range(1, 25), repeat=2):
        assert (a * b >= number) == any(a >= i and b >= rest for i, rest in staircase.items())
        assert (a * b <= number) == any(a <= i and b <= number // i for i in floor_steps(number))


def test_compositions_are_all_ways() -> None:
    assert sorted(compositions(2, 3)) == sorted(c for c in combinations(range(3), repeat=3) if sum(c) == 2)
    assert len(list(compositions(5, 3))) == math.comb(7, 2)
