"""Sizes compute what Python computes, in one form per value."""

from __future__ import annotations

import pickle

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from convsym.sizes import arithmetic
from convsym.sizes.arithmetic import (
    absolute,
    add,
    ceil_div,
    equal,
    exact_div,
    floor_div,
    maximum,
    minimum,
    modulo,
    multiply,
    negate,
    normal,
    power,
    product,
    subtract,
    symbol,
    total,
    unknown,
)
from convsym.sizes.spelling import parse_size
from tests.sizes.expressions import computed, sizes, windows

H, W, N, C = (symbol(name) for name in "HWNC")
small = st.integers(1, 60)


@given(sizes("HWN"), small, small, small)
@settings(max_examples=400)
def test_a_normal_form_is_the_number_that_python_computes(source: str, h: int, w: int, n: int) -> None:
    size = parse_size(source)
    assert computed(str(size), H=h, W=w, N=n) == computed(source, H=h, W=w, N=n)


@given(windows("H"), windows("W"))
def test_sums_and_products_do_not_depend_on_the_order(a: str, b: str) -> None:
    x, y = parse_size(a), parse_size(b)
    assert add(x, y) is add(y, x)
    assert multiply(x, y) is multiply(y, x)
    assert subtract(add(x, y), y) == x
    assert equal(multiply(add(x, y), 3), add(multiply(x, 3), multiply(y, 3)))
    assert negate(subtract(x, y)) == subtract(y, x)


@given(windows("HW"), st.integers(1, 9), st.integers(1, 9), st.integers(-9, 9))
def test_nested_windows_collapse(source: str, a: int, c: int, y: int) -> None:
    x = parse_size(source)
    assert equal(floor_div(add(floor_div(x, a), y), c), floor_div(add(x, a * y), a * c))


@given(windows("HW"), st.integers(1, 12))
def test_a_ceiling_is_the_floor_of_the_raised_numerator_and_the_floor_of_the_negative(source: str, d: int) -> None:
    x = parse_size(source)
    assert equal(ceil_div(x, d), floor_div(add(x, d - 1), d))
    assert equal(ceil_div(x, d), negate(floor_div(negate(x), d)))


@given(windows("HW"), st.integers(2, 3), st.integers(1, 4))
def test_parts_of_a_size_add_up_to_it(source: str, parts: int, m: int) -> None:
    x = parse_size(source)
    assert equal(total(floor_div(add(x, k * m), parts * m) for k in range(parts)), floor_div(x, m))


def test_equal_sizes_are_one_object() -> None:
    assert ceil_div(H, 2) is floor_div(add(H, 1), 2)
    assert negate(floor_div(negate(H), 2)) is ceil_div(H, 2)
    assert subtract(H, floor_div(H, 2)) is ceil_div(H, 2)
    assert add(floor_div(H, 2), ceil_div(H, 2)) is H
    assert add(floor_div(subtract(add(H, 6), 7), 2), 1) is ceil_div(H, 2)
    assert ceil_div(ceil_div(ceil_div(H, 2), 2), 8) is ceil_div(H, 32)


@pytest.mark.parametrize("form", [modulo(H, 16), subtract(H, 1), multiply(H, multiply(W, W)), ceil_div(H, 4)])
def test_forms_are_those_that_sympy_would_give(form: sympy.Expr) -> None:
    assert sympy.expand(form) == form
    assert form.func(*form.args) == form
    assert pickle.loads(pickle.dumps(form)) == form


def test_substitution_keeps_the_normal_form() -> None:
    assert ceil_div(H, 32).subs(H, 64) == 2
    assert floor_div(H, 4).subs(H, 2 * W) == floor_div(W, 2)


def test_constants_are_plain_ints() -> None:
    assert type(subtract(H, H)) is int
    assert type(floor_div(multiply(H, 6), multiply(H, 3))) is int
    assert type(normal(sympy.Integer(7))) is int
    assert type(total([])) is int and type(product([])) is int and product([]) == 1


def test_common_factors_of_symbolic_divisors_cancel() -> None:
    assert floor_div(product([N, C, H, W]), multiply(N, C)) == multiply(H, W)
    assert floor_div(multiply(add(H, W), 6), multiply(add(H, W), 4)) == 1
    assert floor_div(multiply(H, multiply(N, 3)), multiply(N, 6)) == floor_div(H, 2)
    assert str(floor_div(H, subtract(W, 1))) == "H//(W - 1)"


def test_exact_division_is_of_polynomials() -> None:
    assert exact_div(multiply(add(H, W), subtract(H, 1)), subtract(H, 1)) == add(H, W)
    assert exact_div(multiply(H, 6), multiply(H, 4)) is None
    assert exact_div(H, W) is None
    assert exact_div(12, 5) is None
    assert exact_div(12, 0) is None
    assert exact_div(0, H) == 0


def test_a_division_by_zero_is_pythons_error() -> None:
    for divide in (floor_div, ceil_div, modulo):
        with pytest.raises(ZeroDivisionError):
            divide(H, 0)


def test_extremes_drop_what_never_counts() -> None:
    assert maximum(H, 1) is H
    assert minimum(H, add(H, 1)) is H
    assert maximum(maximum(H, 3), 5) == maximum(5, H)
    assert minimum(3, 4) == 3
    assert absolute(negate(H)) is H
    assert absolute(-3) == 3


def test_unknown_sizes_know_their_least_value() -> None:
    u = unknown("u", 2)
    assert unknown("u", 2) is u
    assert u != unknown("u", 3)
    assert pickle.loads(pickle.dumps(u)) == u
    assert maximum(u, 2) is u
    with pytest.raises(ValueError, match="never negative"):
        unknown("v", -1)


def test_powers() -> None:
    assert power(add(H, 1), 2) == add(add(multiply(H, H), multiply(2, H)), 1)
    assert power(H, 0) == 1
    with pytest.raises(ValueError):
        power(H, -1)


def test_what_is_no_size_is_refused() -> None:
    with pytest.raises(TypeError, match="not a size"):
        add(H, sympy.Rational(1, 2))


def test_long_chains_of_additions_are_no_trouble() -> None:
    size: arithmetic.Size = H
    for i in range(10_000):
        size = add(size, floor_div(H, i % 7 + 2))
    assert computed(str(size), H=60) == 60 + sum(60 // (i % 7 + 2) for i in range(10_000))


def test_quotients_may_nest_a_thousand_deep() -> None:
    from convsym.sizes.evaluate import compiled, evaluate

    size: arithmetic.Size = H
    number = 40
    for _ in range(1000):
        size = floor_div(add(multiply(size, 3), W), 7)
        number = (number * 3 + 9) // 7
    assert evaluate(size, {"H": 40, "W": 9}) == number == compiled(size)({"H": 40, "W": 9})
