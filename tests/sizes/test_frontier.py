"""What a frontier leaves out is nowhere the largest, whatever the weights of the keys are."""

from __future__ import annotations

import numpy
from hypothesis import given
from hypothesis import strategies as st

from convsym.sizes.frontier import frontier

KEYS = st.integers(1, 4).flatmap(
    lambda columns: st.lists(st.lists(st.integers(0, 9), min_size=columns, max_size=columns), min_size=1, max_size=12)
)


@given(KEYS, st.lists(st.integers(0, 20), min_size=4, max_size=4))
def test_a_largest_row_is_always_kept(rows: list[list[int]], weights: list[int]) -> None:
    values = numpy.array(rows) @ numpy.array(weights[: len(rows[0])])
    assert max(values[frontier(numpy.array(rows))]) == max(values)


def test_of_rows_on_a_line_the_ends_are_kept() -> None:
    line = numpy.array([[9 * n, 700 - 7 * n, 3 * n, 5] for n in range(100)])
    assert frontier(line) == [0, 99]


def test_whole_numbers_decide_where_floating_point_numbers_cannot() -> None:
    large = 1 << 55
    assert frontier(numpy.array([[large, 0], [large // 2 + 1, large // 2], [0, large]])) == [0, 1, 2]
    assert frontier(numpy.array([[large, 0], [large // 2, large // 2], [0, large]])) == [0, 2]
