"""Conditions are true where Python says so, and say it as a person would."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings

from convsym.sizes import ratio
from convsym.sizes.arithmetic import add, ceil_div, floor_div, minimum, modulo, multiply, product, subtract, symbol
from convsym.sizes.condition import (
    FALSE,
    TRUE,
    Condition,
    all_of,
    any_of,
    divides,
    eq,
    ge,
    gt,
    le,
    lt,
    ne,
    negate,
)
from convsym.sizes.spelling import parse_condition
from tests.sizes.expressions import computed, conditions, grid_of, truths

H, W, N = symbol("H"), symbol("W"), symbol("N")
h, w = floor_div(H, 8), floor_div(W, 8)


@given(conditions("HW"))
@settings(max_examples=150)
def test_a_condition_holds_where_python_says_so(source: str) -> None:
    condition = parse_condition(source)
    grid = grid_of("HW")
    expected = truths(source, grid)
    assert np.array_equal(condition.vectorised(**grid), expected)
    assert np.array_equal(negate(condition).vectorised(**grid), ~expected)
    for i in range(0, 900, 37):
        point = {name: int(axis.flat[i]) for name, axis in grid.items()}
        assert condition.holds(**point) == expected.flat[i] == bool(computed(str(condition), **point))


@given(conditions("HW"))
@settings(max_examples=100)
def test_what_is_printed_reads_back(source: str) -> None:
    condition = parse_condition(source)
    grid = grid_of("HW")
    assert np.array_equal(parse_condition(str(condition)).vectorised(**grid), condition.vectorised(**grid))
    assert pickle.loads(pickle.dumps(condition)) == condition
    assert hash(parse_condition(source)) == hash(condition)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (all_of(eq(modulo(H, 16), 0), ge(H, 16)), "H % 16 == 0 and H >= 16"),
        (eq(modulo(ceil_div(H, 2), 4), 0), "((H + 1)//2) % 4 == 0"),
        (eq(multiply(2, ceil_div(H, 16)), ceil_div(H, 8)), "((H + 7)//8) % 2 == 0"),
        (eq(multiply(2, floor_div(H, 2)), H), "H % 2 == 0"),
        (all_of(ge(H, 195), le(H, 226)), "195 <= H <= 226"),
        (gt(H, W), "H > W"),
        (lt(H, 5), "H <= 4"),
        (ge(floor_div(H, 4), 3), "H >= 12"),
        (ne(modulo(H, 32), 1), "H % 32 != 1"),
        (ne(modulo(H, 2), 0), "H % 2 == 1"),
        (ge(modulo(H, 4), 2), "H % 4 >= 2"),
        (eq(product([N, H]), product([N, W])), "H == W"),
        (eq(multiply(subtract(h, 3), subtract(w, 3)), 1), "(H//8 - 3)*(W//8 - 3) == 1"),
        (eq(multiply(16, multiply(subtract(h, 3), subtract(w, 3))), 400), "(H//8 - 3)*(W//8 - 3) == 25"),
        (divides(400, product([16, N, h, w])), "(N*(H//8)*(W//8)) % 25 == 0"),
        (divides(multiply(5, N), multiply(12, N)), "False"),
        (divides(multiply(5, N), product([12, N, H, W])), "(H*W) % 5 == 0"),
        (divides(product([5, N, H]), multiply(N, W)), "W % (5*H) == 0"),
        (ge(minimum(H, W), 4), "H >= 4 and W >= 4"),
        (any_of(le(H, 4), eq(H, 7)), "H <= 4 or H == 7"),
        (ge(ratio.divide(H, W), 1.5), "2*H >= 3*W"),
        (lt(ratio.multiply(H, 0.7), 9), "H*0.7 < 9"),
    ],
)
def test_conditions_are_written_as_a_person_would(condition: Condition, words: str) -> None:
    assert str(condition) == words


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        (eq(H, H), TRUE),
        (ge(H, 1), TRUE),
        (eq(H, 0), FALSE),
        (le(H, 0), FALSE),
        (eq(multiply(2, H), 5), FALSE),
        (divides(H, product([H, W, 3])), TRUE),
        (divides(4, multiply(8, H)), TRUE),
        (divides(0, 5), FALSE),
        (eq(modulo(H, 4), 4), FALSE),
        (ge(modulo(H, 4), 4), FALSE),
        (le(modulo(H, 4), 3), TRUE),
        (all_of(ge(H, 5), negate(ge(H, 5))), FALSE),
        (any_of(ge(H, 5), negate(ge(H, 5))), TRUE),
        (all_of(), TRUE),
        (any_of(), FALSE),
    ],
)
def test_what_is_plain_is_decided(condition: Condition, truth: Condition) -> None:
    assert condition is truth


def test_the_constants_stay_themselves_between_processes() -> None:
    assert pickle.loads(pickle.dumps(TRUE)) is TRUE
    assert pickle.loads(pickle.dumps(FALSE)) is FALSE


def test_a_condition_has_no_truth_of_its_own() -> None:
    with pytest.raises(TypeError, match="no truth of its own"):
        bool(ge(H, 5))


def test_what_divides_by_zero_does_not_hold() -> None:
    condition = eq(floor_div(N, subtract(H, 3)), 2)
    assert not condition.holds(H=3, N=4)
    assert any_of(condition, le(H, 5)).holds(H=3, N=4)
    assert condition.vectorised(H=[3, 4, 5], N=4).tolist() == [False, False, True]
    assert divides(subtract(H, 3), N).vectorised(H=[3, 4, 5], N=4).tolist() == [False, True, True]


def test_a_missing_size_is_named() -> None:
    with pytest.raises(ValueError, match="no value was given for W"):
        gt(H, W).holds(H=3)
    with pytest.raises(ValueError, match="no value was given for W"):
        gt(H, W).vectorised(H=[3])


def test_symbols_are_those_it_speaks_of() -> None:
    assert all_of(ge(H, 3), divides(add(W, 1), N)).symbols == {H, W, N}
