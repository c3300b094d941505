"""Values of sizes: one at a time, compiled, and over arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from convsym.sizes.arithmetic import add, floor_div, multiply, power, symbol, total
from convsym.sizes.evaluate import Evaluation, compiled, evaluate, vectorised
from convsym.sizes.spelling import parse_size
from tests.sizes.expressions import computed, grid_of, sizes

H, W = symbol("H"), symbol("W")


@given(sizes("HW"))
@settings(max_examples=150)
def test_all_ways_to_evaluate_agree_with_python(source: str) -> None:
    size = parse_size(source)
    grid = grid_of("HW")
    found = vectorised(size, grid)
    run = compiled(size)
    for i in range(0, 900, 97):
        point = {name: int(axis.flat[i]) for name, axis in grid.items()}
        expected = computed(source, **point)
        assert evaluate(size, point) == expected
        assert run(point) == expected
        assert int(found.flat[i]) == expected


def test_what_sizes_share_is_computed_once() -> None:
    at = Evaluation({"H": 7, "W": 5})
    assert [at.value(size) for size in (floor_div(H, 2), multiply(floor_div(H, 2), W), 3)] == [3, 15, 3]


def test_large_numbers_do_not_overflow() -> None:
    size = power(multiply(H, W), 4)
    found = vectorised(size, {"H": [10**6, 1], "W": [10**6, 2]})
    assert found.tolist() == [10**48, 16]
    assert vectorised(multiply(H, W), {"H": [10**6], "W": [3]}).dtype == np.int64


def test_arrays_broadcast() -> None:
    h, w = np.arange(1, 4)[:, None], np.arange(1, 5)
    assert vectorised(add(H, W), {"H": h, "W": w}).tolist() == (h + w).tolist()
    assert vectorised(7, {"H": h}).tolist() == [[7], [7], [7]]
    assert vectorised(H, {"H": np.array([], dtype=int)}).shape == (0,)


def test_a_division_by_zero_is_pythons_error() -> None:
    size = floor_div(W, add(H, -3))
    for run in (lambda: evaluate(size, {"H": 3, "W": 1}), lambda: compiled(size)({"H": 3, "W": 1})):
        with pytest.raises(ZeroDivisionError):
            run()
    with pytest.raises(ZeroDivisionError):
        vectorised(size, {"H": [3], "W": [1]})


def test_what_is_missing_or_no_integer_is_said() -> None:
    with pytest.raises(ValueError, match=r"no value was given for W \(given: H\)"):
        evaluate(multiply(H, W), {"H": 3})
    with pytest.raises(ValueError, match="no value was given for W"):
        compiled(multiply(H, W))({"H": 3})
    with pytest.raises(ValueError, match="sizes are integers"):
        vectorised(H, {"H": [1.5]})


def test_a_million_sizes_take_less_than_a_second() -> None:
    size = total(multiply(multiply(floor_div(H, 2**k), floor_div(W, 2**k)), 64) for k in range(6))
    h = np.arange(1, 1_000_001)
    found = vectorised(size, {"H": h, "W": h})
    assert found[223] == evaluate(size, {"H": 224, "W": 224})
