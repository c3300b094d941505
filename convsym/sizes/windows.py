"""The sliding window: how many places it takes, what it reads, its transpose, its form with ceil_mode, its inverses.

Sizes are in elements along one axis; every function works on ints and on symbolic sizes alike. Nothing is refused here:
where a layer needs more (a kernel that fits, a positive output), the formula simply gives less than one.
"""

from __future__ import annotations

from collections import Counter

from convsym.sizes.arithmetic import (
    Size,
    add,
    ceil_div,
    floor_div,
    maximum,
    minimum,
    modulo,
    multiply,
    negate,
    subtract,
    total,
)


def reach(kernel_size: Size, dilation: Size = 1) -> Size:
    """The elements a window spans: ``dilation * (kernel_size - 1) + 1``."""
    return add(multiply(dilation, subtract(kernel_size, 1)), 1)


def window_out(
    size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding_before: Size = 0,
    padding_after: Size = 0,
    dilation: Size = 1,
) -> Size:
    """The output of a convolution or pool along one axis.

    >>> window_out(224, 7, stride=2, padding_before=3, padding_after=3)
    112
    """
    room = subtract(total((size, padding_before, padding_after)), reach(kernel_size, dilation))
    return add(floor_div(room, stride), 1)


def window_out_ceil_mode(
    size: Size, kernel_size: Size, stride: Size = 1, padding: Size = 0, dilation: Size = 1
) -> Size:
    """The output of a pool with ``ceil_mode=True``: a last window may hang over the end, but must start inside.

    >>> window_out_ceil_mode(6, 3, stride=2)
    3
    """
    room = subtract(add(size, multiply(2, padding)), reach(kernel_size, dilation))
    starts_inside = floor_div(subtract(add(size, padding), 1), stride)
    return add(minimum(ceil_div(room, stride), starts_inside), 1)


def transposed_out(
    size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    output_padding: Size = 0,
) -> Size:
    """The output of a transposed convolution along one axis.

    >>> transposed_out(113, 3, stride=2, padding=1)
    225
    """
    spread = multiply(subtract(size, 1), stride)
    return total((spread, multiply(-2, padding), reach(kernel_size, dilation), output_padding))


def input_sizes_for(
    out: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding_before: Size = 0,
    padding_after: Size = 0,
    dilation: Size = 1,
) -> tuple[Size, Size]:
    """The least and the greatest input size that ``window_out`` takes to ``out``; both may be below one.

    >>> input_sizes_for(113, 3, stride=2, padding_before=1, padding_after=1)
    (225, 226)
    """
    least = total(
        (
            multiply(subtract(out, 1), stride),
            reach(kernel_size, dilation),
            negate(padding_before),
            negate(padding_after),
        )
    )
    return least, subtract(add(least, stride), 1)


def input_sizes_for_transposed(
    out: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    output_padding: Size = 0,
) -> Size | None:
    """The one input size that ``transposed_out`` takes to a whole number ``out``, or None where there is none.

    A symbolic ``out`` gives the size only where the stride divides identically.

    >>> input_sizes_for_transposed(225, 3, stride=2, padding=1)
    113
    """
    from convsym.sizes.arithmetic import exact_div

    spread = total((out, multiply(2, padding), negate(reach(kernel_size, dilation)), negate(output_padding)))
    steps = exact_div(spread, stride)
    return None if steps is None else add(steps, 1)


def positions_read(period: int, kernel_size: int, stride: int, padding: int = 0, dilation: int = 1) -> frozenset[int]:
    """Which positions of the input, counted around a multiple of the stride, some window far from the border reads.

    >>> sorted(positions_read(4, kernel_size=1, stride=2))
    [0, 2]
    """
    starts = range(0, period, stride)
    return frozenset((start + tap * dilation - padding) % period for start in starts for tap in range(kernel_size))


def unread_at_the_end(
    size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding_before: Size = 0,
    padding_after: Size = 0,
    dilation: Size = 1,
) -> Size:
    """How many elements at the end of the input lie behind the last window; padding that does counts for nothing.

    >>> unread_at_the_end(15, 2, stride=2), unread_at_the_end(224, 7, stride=2, padding_before=3, padding_after=3)
    (1, 0)
    """
    room = subtract(total((size, padding_before, padding_after)), reach(kernel_size, dilation))
    return maximum(subtract(modulo(room, stride), padding_after), 0)


def taps_per_output(kernel_size: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """The fewest and the most taps of a transposed convolution that reach one output far from the border.

    >>> taps_per_output(4, 2), taps_per_output(3, 2), taps_per_output(1, 2)
    ((2, 2), (1, 2), (0, 1))
    """
    counts = Counter(tap * dilation % stride for tap in range(kernel_size))
    reached = [counts[position] for position in range(stride)]
    return min(reached), max(reached)
