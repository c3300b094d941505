"""Receptive fields against what gradients reach: the input pixels that one output pixel depends on."""

from __future__ import annotations

import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

import convsym

windows = st.tuples(
    st.sampled_from(["conv", "pool"]), st.integers(1, 4), st.integers(1, 3), st.integers(0, 1), st.integers(1, 2)
)


def layer(kind: str, kernel_size: int, stride: int, padding: int, dilation: int) -> nn.Module:
    if kind == "conv":
        made = nn.Conv1d(1, 1, kernel_size, stride, padding, dilation)
        nn.init.ones_(made.weight)
        return made
    return nn.AvgPool1d(kernel_size, stride, min(padding, kernel_size // 2))


def reached(model: nn.Module, length: int) -> tuple[int, int]:
    """The first pixel and the number of pixels that the middle output depends on."""
    x = torch.ones(1, 1, length, requires_grad=True)
    y = model(x)
    y[0, 0, y.shape[-1] // 2].backward()
    hit = x.grad[0, 0].nonzero().flatten().tolist()
    return hit[0], hit[-1] - hit[0] + 1


@settings(max_examples=60, deadline=None)
@given(st.lists(windows, min_size=1, max_size=4))
def test_stacks_of_windows_see_what_gradients_reach(stack: list[tuple[str, int, int, int, int]]) -> None:
    model = nn.Sequential(*(layer(*arguments) for arguments in stack))
    analysis = convsym.analyze(model, "1 1 L")
    (field,) = analysis.receptive_fields[analysis.calls[-1].index]
    length = 4 * field.size + 64
    position = analysis.at(L=length).outputs[0][-1] // 2
    first, size = reached(model, length)
    assume(first > 0 and first + size < length)
    assert size == field.size
    assert first == field.centre + position * field.stride - (field.size - 1) / 2


def test_branches_that_join_give_the_smallest_and_the_largest() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.near = nn.Conv2d(3, 4, 1)
            self.far = nn.Conv2d(3, 4, 7, padding=3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.near(x) + self.far(x)

    analysis = convsym.analyze(Two(), "N 3 H W")
    height, _ = analysis.receptive_fields[analysis.calls[-1].index]
    assert (height.smallest, height.size) == (1, 7)


def test_a_transposed_convolution_halves_the_stride() -> None:
    analysis = convsym.analyze(nn.ConvTranspose2d(3, 3, 4, 2, 1), "N 3 H W")
    height, _ = analysis.receptive_fields[0]
    assert (height.size, height.stride) == (2, 1 / 2)
