from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsym.reports.units import count, memory, share


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 FLOP"),
        (999, "999 FLOP"),
        (1000, "1.00 kFLOP"),
        (1160, "1.16 kFLOP"),
        (31_037_698, "31.0 MFLOP"),
        (999_499, "999 kFLOP"),
        (999_500, "1.00 MFLOP"),
        (8_178_368_512, "8.18 GFLOP"),
        (10**21, "1000 EFLOP"),
    ],
)
def test_counts_have_three_digits(number: int, shown: str) -> None:
    assert count(number, "FLOP") == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (102_228_128, "97.5 MiB"), (1023 * 1024, "1020 KiB")],
)
def test_memory_is_in_factors_of_1024(number: int, shown: str) -> None:
    assert memory(number) == shown


@given(st.integers(1, 10**20))
def test_what_is_shown_is_within_half_a_per_cent(number: int) -> None:
    value, _, unit = count(number, "x").partition(" ")
    factor = 1000 ** ("", "k", "M", "G", "T", "P", "E").index(unit.removesuffix("x"))
    assert math.isclose(float(value) * factor, number, rel_tol=0.005)


def test_a_share_that_is_not_nothing_is_not_shown_as_nothing() -> None:
    assert share(0, 100) == "0 %"
    assert share(1, 1000) == "<1 %"
    assert share(5, 5) == "100 %"
    assert share(0, 0) == "0 %"
