"""Specs, sizes and conditions as people write them, and what is said of those that are none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from convsym.sizes.arithmetic import add, ceil_div, floor_div, modulo, multiply, symbol
from convsym.sizes.condition import FALSE, TRUE
from convsym.sizes.spelling import (
    SpellingError,
    latex,
    parse_condition,
    parse_size,
    parse_spec,
    pretty,
    text,
)
from tests.sizes.expressions import computed, sizes

H, W, N = symbol("H"), symbol("W"), symbol("N")


def test_a_spec_is_sizes_and_a_dtype() -> None:
    spec = parse_spec("N 3 32*h 2*w+1")
    assert spec.shape == (N, 3, multiply(32, symbol("h")), add(multiply(2, symbol("w")), 1))
    assert spec.dtype is None
    assert spec.symbols == ("N", "h", "w")
    assert parse_spec("N L : int64").dtype == "int64"
    assert parse_spec("").shape == ()


@pytest.mark.parametrize(
    ("spelled", "complaint"),
    [
        ("N 3 H[0]", r"'H\[0\]' in .* is not a size"),
        ("N -3", "negative"),
        ("N:", "no dtype"),
        ("N:int 64", "no dtype"),
        ("N H/2", "not a whole number for every size"),
        ("N 3..4", "does not read as Python"),
        ("N True", "is no number"),
    ],
)
def test_a_spec_that_is_none_is_explained(spelled: str, complaint: str) -> None:
    with pytest.raises(SpellingError, match=complaint) as caught:
        parse_spec(spelled)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spelled", "complaint"),
    [
        ("H = 3", "= should be =="),
        ("H", "is no comparison"),
        ("H >> 1 == 2", "operator that sizes do not know"),
        ("f(H) == 2", "is no function of sizes"),
        ("H == 'a'", "is no number"),
        ("H in 3", "is no list of sizes"),
        ("H is 3", "compared in a way"),
        ("H % 0 == 1", "divides by zero"),
        ("H ** 999 == 1", "too high a power"),
        ("H * 1e999 > 3", "inf"),
        ("(H / 3) % 2 == 1", "a whole number is needed"),
        ("", "nothing is written"),
        ("import os", "does not read"),
        ("__import__('os').getcwd() == 1", "is no function of sizes|is no number"),
        ("(lambda: 3)() == 3", "is no function of sizes"),
        ("[H for H in (1,)] == 1", "is no arithmetic over sizes"),
    ],
)
def test_a_condition_that_is_none_is_explained(spelled: str, complaint: str) -> None:
    with pytest.raises(SpellingError, match=complaint):
        parse_condition(spelled)


@pytest.mark.parametrize(
    ("spelled", "read"),
    [
        ("H % 32 == 0 and 64 <= H <= 1024", "H % 32 == 0 and 64 <= H <= 1024"),
        ("not (H < 3 or W == 5)", "H >= 3 and W != 5"),
        ("H in (1, 2)", "H == 1 or H == 2"),
        ("H not in (1, 2)", "H != 1 and H != 2"),
        ("ceil(H/4) == 7", "(H + 3)//4 == 7"),
        ("math.floor(H*0.7) == 5", "math.floor(H*0.7) == 5"),
        ("min(H, W) >= 4", "H >= 4 and W >= 4"),
        ("H*W == 4096", "H*W == 4096"),
        ("H/W <= 2", "2*W >= H"),
        ("every N, H >= 1", "True"),
        ("nothing", "False"),
        ("True if H > 3 else W > 3", "H >= 4 or (H <= 3 and W >= 4)"),
    ],
)
def test_conditions_read_as_they_are_meant(spelled: str, read: str) -> None:
    condition, expected = parse_condition(spelled), parse_condition(read)
    for h in range(1, 40):
        for w in range(1, 9):
            assert condition.holds(H=h, W=w) == expected.holds(H=h, W=w)
    assert (condition is TRUE) == (read == "True") and (condition is FALSE) == (read == "False")


@given(sizes("HWN"))
@settings(max_examples=150)
def test_text_reads_back_as_the_same_number(source: str) -> None:
    size = parse_size(source)
    again = parse_size(text(size))
    for h, w, n in ((1, 1, 1), (7, 12, 3), (32, 5, 2), (61, 44, 9)):
        expected = computed(source, H=h, W=w, N=n)
        assert eval(text(size), {"math": math}, {"H": h, "W": w, "N": n}) == expected
        assert computed(str(again), H=h, W=w, N=n) == expected
    assert pretty(size) and latex(size)


@pytest.mark.parametrize(
    ("spelled", "python", "mathematics"),
    [
        ("(H+1)//2", "(H + 1)//2", "⌈H/2⌉"),
        ("H//4", "H//4", "⌊H/4⌋"),
        ("64*N*((H+1)//2)", "64*N*((H + 1)//2)", "64·N·⌈H/2⌉"),
        ("H % 16", "H % 16", "H mod 16"),
        ("H*H", "H**2", "H²"),
        ("W - H", "W - H", "W - H"),
        ("-(H//3)", "-(H//3)", "-⌊H/3⌋"),
        ("H - W//2", "H - (W//2)", "H - ⌊W/2⌋"),
        ("(3*H - 2)//W", "(3*H - 2)//W", "⌊(3·H - 2)/W⌋"),
        ("1234567*H", "1234567*H", "1 234 567·H"),
    ],
)
def test_sizes_are_written_as_source_and_as_mathematics(spelled: str, python: str, mathematics: str) -> None:
    size = parse_size(spelled)
    assert text(size) == python
    assert pretty(size) == mathematics


def test_latex_is_that_of_mathematics() -> None:
    assert latex(ceil_div(H, 2)) == r"\left\lceil \frac{H}{2} \right\rceil"
    assert latex(multiply(multiply(64, N), floor_div(H, 4))) == r"64 N \left\lfloor \frac{H}{4} \right\rfloor"
    assert latex(modulo(H, 4)) == r"H \bmod 4"
