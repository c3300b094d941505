"""The window formulas against windows that are really slid."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from convsym.sizes.arithmetic import ceil_div, floor_div, multiply, symbol
from convsym.sizes.evaluate import evaluate
from convsym.sizes.windows import (
    input_sizes_for,
    input_sizes_for_transposed,
    reach,
    transposed_out,
    window_out,
    window_out_ceil_mode,
)

H = symbol("H")
kernels, strides, dilations, pads = st.integers(1, 7), st.integers(1, 5), st.integers(1, 4), st.integers(0, 4)


@given(st.integers(1, 40), kernels, strides, pads, pads, dilations)
@settings(max_examples=200)
def test_the_output_counts_the_places_where_the_window_fits(
    size: int, k: int, s: int, before: int, after: int, d: int
) -> None:
    padded = size + before + after
    places = sum(1 for start in range(0, padded, s) if start + d * (k - 1) + 1 <= padded)
    found = window_out(size, k, s, before, after, d)
    assert found == places or (places == 0 and isinstance(found, int) and found <= 0)
    assert evaluate(window_out(H, k, s, before, after, d), {"H": size}) == found


@given(st.integers(1, 40), kernels, strides, pads, dilations)
@settings(max_examples=200)
def test_with_ceil_mode_a_last_window_may_hang_over_but_starts_inside(
    size: int, k: int, s: int, p: int, d: int
) -> None:
    p = min(p, k // 2)
    padded = size + 2 * p
    span = d * (k - 1) + 1
    if span > padded:
        return
    starts = [i * s for i in range(padded) if i == 0 or (i - 1) * s + span < padded]
    places = len([start for start in starts if start < size + p])
    assert window_out_ceil_mode(size, k, s, p, d) == places
    assert evaluate(window_out_ceil_mode(H, k, s, p, d), {"H": size}) == places


@given(st.integers(1, 40), kernels, strides, pads, dilations, st.integers(0, 4))
def test_a_transposed_window_is_undone_by_the_window(size: int, k: int, s: int, p: int, d: int, extra: int) -> None:
    extra %= s
    out = transposed_out(size, k, s, p, d, extra)
    assert window_out(out, k, s, p, p, d) == size
    assert input_sizes_for_transposed(out, k, s, p, d, extra) == size


@given(st.integers(1, 20), kernels, strides, pads, pads, dilations)
def test_the_inverse_gives_all_inputs_and_no_other(out: int, k: int, s: int, before: int, after: int, d: int) -> None:
    least, most = input_sizes_for(out, k, s, before, after, d)
    assert isinstance(least, int) and isinstance(most, int)
    found = [n for n in range(least - 3 * s, most + 3 * s) if window_out(n, k, s, before, after, d) == out]
    assert found == list(range(least, most + 1))


def test_symbolic_windows_are_short() -> None:
    assert window_out(H, 7, 2, 3, 3) is ceil_div(H, 2)
    assert window_out(H, 3, 1, 1, 1) is H
    assert window_out(window_out(H, 2, 2), 2, 2) is floor_div(H, 4)
    assert transposed_out(H, 4, 2, 1) == multiply(2, H)
    assert window_out_ceil_mode(H, 2, 2) is ceil_div(H, 2)
    assert reach(3, 2) == 5
    assert input_sizes_for_transposed(H, 4, 2, 1) is None
