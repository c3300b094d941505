"""The largest of many sums is their maximum at every size, and keeps no sum that another never falls below."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsym.sizes.arithmetic import Size, ceil_div, floor_div, multiply, product, symbol
from convsym.sizes.condition import divides, ge
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import evaluate
from convsym.sizes.extremes import Maximum
from convsym.sizes.largest import largest

N, H, W = map(symbol, "NHW")
SIZES: list[Size] = [
    1,
    N,
    product((N, H, W)),
    product((N, floor_div(H, 2), floor_div(W, 2))),
    product((N, ceil_div(H, 4), ceil_div(W, 4))),
    product((floor_div(H, 3), W)),
    multiply(N, floor_div(H, 8)),
]
SUMS = st.lists(st.dictionaries(st.sampled_from(SIZES), st.integers(1, 40), max_size=4), min_size=1, max_size=6)
DOMAINS = (
    Domain.positive("NHW"),
    Domain.positive("NHW").assume(divides(32, H)).assume(divides(32, W)),
    Domain.positive("NHW").assume(ge(H, 7)),
)


def _largest(sums: list[dict[Size, int]], domain: Domain) -> Size:
    sizes = list(dict.fromkeys(size for one in sums for size in one))
    return largest(numpy.array([[one.get(size, 0) for size in sizes] for one in sums], numpy.int64), sizes, domain)


@given(SUMS, st.sampled_from(DOMAINS), st.integers(1, 9), st.integers(1, 3), st.integers(1, 5))
def test_it_is_the_maximum_everywhere(
    sums: list[dict[Size, int]], domain: Domain, n: int, rows: int, columns: int
) -> None:
    sizes = {"N": n, "H": 32 * rows if domain is DOMAINS[1] else 6 + rows, "W": 32 * columns}
    values = [sum(times * evaluate(size, sizes) for size, times in one.items()) for one in sums]
    assert evaluate(_largest(sums, domain), sizes) == max(values)


def _kept(found: Size) -> int:
    return len(found.args) if isinstance(found, Maximum) else 1


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ({SIZES[3]: 4}, {SIZES[2]: 4}),
        ({SIZES[4]: 3, N: 1}, {SIZES[2]: 4}),
        ({SIZES[6]: 1, 1: 2}, {product((N, H)): 3}),
    ],
)
def test_larger_terms_make_up_for_smaller_ones(lower: dict[Size, int], higher: dict[Size, int]) -> None:
    assert _kept(_largest([lower, higher], DOMAINS[0])) == 1


def test_where_quotients_come_out_even_fewer_sums_are_left() -> None:
    sums = [{SIZES[3]: 12}, {SIZES[2]: 2}]
    assert _kept(_largest(sums, DOMAINS[0])) == 2
    assert str(_largest(sums, DOMAINS[1])) == "3*H*N*W"


def test_sums_that_are_largest_only_below_the_domain_are_left_out() -> None:
    steep, flat = {product((N, H, W)): 9}, {product((N, H, W)): 8, 1: 200}
    assert _kept(_largest([steep, flat], DOMAINS[0])) == 2
    assert str(_largest([steep, flat], DOMAINS[1])) == "9*H*N*W"


def test_a_sum_between_two_others_is_left_out() -> None:
    sums = [{SIZES[2]: times, 1: 100 - times} for times in range(1, 99)]
    assert _kept(_largest(sums, DOMAINS[0])) == 1
    sums = [{SIZES[2]: times, 1: 100 - 2 * times} for times in range(1, 40)]
    assert _kept(_largest(sums, DOMAINS[0])) == 2
