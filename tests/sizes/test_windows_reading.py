"""Which elements windows read: torch's gradients are the judge."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from convsym.sizes.windows import positions_read, taps_per_output, unread_at_the_end

KERNELS, STRIDES, PADS, DILATIONS = st.integers(1, 5), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3)


def is_read(size: int, kernel: int, stride: int, padding: int, dilation: int) -> list[bool]:
    """Whether each element of an axis has a part in a convolution along it."""
    x = torch.zeros(1, 1, size, requires_grad=True)
    F.conv1d(x, torch.ones(1, 1, kernel), stride=stride, padding=padding, dilation=dilation).sum().backward()
    assert x.grad is not None
    return (x.grad[0, 0] > 0).tolist()


@settings(max_examples=60, deadline=None)
@given(KERNELS, STRIDES, PADS, DILATIONS)
def test_far_from_the_border_the_pattern_of_what_is_read_repeats(
    kernel: int, stride: int, padding: int, dilation: int
) -> None:
    size = 60
    read = is_read(size, kernel, stride, padding, dilation)
    positions = positions_read(stride, kernel, stride, padding, dilation)
    middle = range(20, 40)
    assert [read[i] for i in middle] == [i % stride in positions for i in middle]


@settings(max_examples=60, deadline=None)
@given(st.integers(16, 30), KERNELS, STRIDES, PADS)
def test_behind_the_last_window_nothing_is_read(size: int, kernel: int, stride: int, padding: int) -> None:
    read = is_read(size, kernel, stride, padding, 1)
    last = max(i for i, one in enumerate(read) if one)
    left = unread_at_the_end(size, kernel, stride, padding, padding)
    if stride <= kernel:
        assert size - 1 - last == left


@settings(max_examples=60, deadline=None)
@given(KERNELS, STRIDES, DILATIONS)
def test_a_transposed_convolution_of_ones_counts_its_taps(kernel: int, stride: int, dilation: int) -> None:
    y = F.conv_transpose1d(torch.ones(1, 1, 40), torch.ones(1, 1, kernel), stride=stride, dilation=dilation)[0, 0]
    middle = y[3 * 12 : -3 * 12] if len(y) > 80 else y[14:-14]
    assert taps_per_output(kernel, stride, dilation) == (int(middle.min()), int(middle.max()))
