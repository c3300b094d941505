from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from convsym.reports.formula import TERM, Formula, Shape, filled, pieces

SUM = "298 624·N·H·W + 32 505 856·N·⌊H/16⌋·⌊W/16⌋ - 3·N·⌈(H + 1)/2⌉ + 7"


def test_terms_are_those_outside_brackets() -> None:
    assert pieces(SUM, TERM) == [
        "298 624·N·H·W",
        " + 32 505 856·N·⌊H/16⌋·⌊W/16⌋",
        " - 3·N·⌈(H + 1)/2⌉",
        " + 7",
    ]


def test_a_sum_breaks_between_terms() -> None:
    assert Formula(SUM).lines(40) == [
        "298 624·N·H·W",
        "+ 32 505 856·N·⌊H/16⌋·⌊W/16⌋",
        "- 3·N·⌈(H + 1)/2⌉ + 7",
    ]


def test_a_long_term_breaks_between_factors() -> None:
    assert Formula("28 311 552·N·⌊H/16⌋·⌊W/16⌋").lines(20) == ["28 311 552·N·⌊H/16⌋·", "⌊W/16⌋"]


def test_a_shape_breaks_between_sizes() -> None:
    assert Shape("N 3 (16·H + 48) (16·W + 48)").lines(18) == ["N 3 (16·H + 48)", "(16·W + 48)"]


@given(st.lists(st.text("ab ", min_size=1, max_size=30), min_size=1), st.integers(1, 20))
def test_no_line_is_too_wide_and_nothing_is_lost(parts: list[str], width: int) -> None:
    lines = filled(parts, width)
    assert all(len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(parts).replace(" ", "")
