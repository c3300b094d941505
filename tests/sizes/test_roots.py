"""Powers compare as their roots do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsym.sizes.spelling import parse_condition
from tests.sizes.expressions import grid_of


@pytest.mark.parametrize(
    ("spelled", "said"),
    [
        ("min(H, W)**2 == 49", "min(H, W) == 7"),
        ("H**2 == 50", "False"),
        ("H**2*W**2 >= 50", "H*W >= 8"),
        ("H**3 <= 26", "H <= 2"),
        ("4*H**2 == W**2", "2*H == W"),
        ("H**2 == 2*W**2", "H**2 == 2*W**2"),
        ("(H - 5)**2 == 9", "H*(H - 10) == -16"),
    ],
)
def test_powers_of_sizes_are_compared_by_their_roots(spelled: str, said: str) -> None:
    assert str(parse_condition(spelled)) == said


@given(
    st.sampled_from(["H", "H//2", "min(H, W)", "H*(W//3)"]),
    st.integers(1, 4),
    st.sampled_from(["==", "!=", ">=", "<=", ">", "<"]),
    st.integers(-5, 90) | st.sampled_from(["W**2", "9*W**2", "2*W**4", "(W//4)**3"]),
)
def test_roots_hold_where_powers_do(base: str, exponent: int, relation: str, other: int | str) -> None:
    spelled = f"({base})**{exponent} {relation} {other}"
    grid = grid_of("HW")
    expected = np.broadcast_to(eval(spelled, {"min": np.minimum}, dict(grid)), next(iter(grid.values())).shape)
    found = np.broadcast_to(parse_condition(spelled).vectorised(**grid), expected.shape)
    assert np.array_equal(found, expected)
