"""Sizes that differ from case to case."""

from __future__ import annotations

import pickle

import pytest

from convsym.sizes.arithmetic import add, floor_div, multiply, symbol
from convsym.sizes.cases import Piecewise, piecewise
from convsym.sizes.condition import FALSE, TRUE, divides, ge, negate
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import compiled, evaluate, vectorised
from convsym.sizes.spelling import parse_size, text

H, W = symbol("H"), symbol("W")
EVEN = divides(2, H)
BY_PARITY = piecewise([(EVEN, floor_div(H, 2)), (TRUE, add(H, W))])


def test_the_first_condition_that_holds_gives_the_size() -> None:
    assert str(BY_PARITY) == "(H//2 if H % 2 == 0 else H + W)"
    assert [evaluate(BY_PARITY, {"H": h, "W": 5}) for h in (4, 5)] == [2, 10]
    assert [compiled(BY_PARITY)({"H": h, "W": 5}) for h in (4, 5)] == [2, 10]
    assert vectorised(BY_PARITY, {"H": [4, 5], "W": 5}).tolist() == [2, 10]
    assert eval(str(BY_PARITY), {}, {"H": 5, "W": 5}) == 10
    assert parse_size(text(BY_PARITY)) == BY_PARITY


def test_pieces_take_part_in_arithmetic() -> None:
    size = add(multiply(BY_PARITY, 3), 1)
    assert evaluate(size, {"H": 4, "W": 5}) == 7
    assert eval(str(size), {}, {"H": 4, "W": 5}) == 7
    assert pickle.loads(pickle.dumps(size)) == size
    assert size.subs(H, 4) == 7 if not isinstance(size, int) else False


def test_pieces_that_say_the_same_are_one() -> None:
    assert piecewise([(EVEN, H), (negate(EVEN), H)]) is H
    assert piecewise([(FALSE, W), (TRUE, H), (EVEN, W)]) is H
    assert isinstance(BY_PARITY, Piecewise)
    assert BY_PARITY.pieces == ((EVEN, floor_div(H, 2)), (TRUE, add(H, W)))
    with pytest.raises(ValueError, match="needs a piece"):
        piecewise([(FALSE, H)])


def test_a_domain_decides_pieces() -> None:
    domain = Domain.positive("HW").assume(EVEN)
    assert domain.simplify(BY_PARITY) == floor_div(H, 2)
    assert str(Domain.positive("HW").assume(ge(3, BY_PARITY))) != "nothing"


def test_what_is_not_needed_may_divide_by_zero() -> None:
    size = piecewise([(ge(H, 4), floor_div(W, add(H, -3))), (TRUE, 7)])
    assert evaluate(size, {"H": 3, "W": 2}) == 7
    assert compiled(size)({"H": 3, "W": 2}) == 7
    assert vectorised(size, {"H": [3, 4], "W": 2}).tolist() == [7, 2]
