"""Receptive fields against what gradients reach: the input pixels that one output pixel depends on."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import convsym
from convsym.analysis.receptive import Field, misaligned, padding_share
from convsym.sizes.evaluate import evaluate

KINDS = ("conv", "pool", "transposed", "nearest", "linear", "pad")
windows = st.tuples(st.sampled_from(KINDS), st.integers(1, 4), st.integers(1, 3), st.integers(0, 1), st.integers(1, 2))


def layer(kind: str, kernel_size: int, stride: int, padding: int, dilation: int) -> nn.Module:
    made: nn.Module
    if kind == "conv":
        made = nn.Conv1d(1, 1, kernel_size, stride, padding, dilation)
    elif kind == "transposed":
        made = nn.ConvTranspose1d(1, 1, kernel_size, stride, min(padding, (kernel_size - 1) // 2), dilation=dilation)
    elif kind == "pool":
        return nn.AvgPool1d(kernel_size, stride, min(padding, kernel_size // 2))
    elif kind == "pad":
        return nn.ConstantPad1d((padding, kernel_size - 1), 0.0)
    else:
        return nn.Upsample(scale_factor=stride, mode=kind)
    nn.init.ones_(made.weight)
    return made


def runs(model: nn.Module, length: int, margin: int) -> list[tuple[int, int] | None]:
    """For each output pixel the first and the last input pixel that it depends on; None so near to a border."""
    jacobian = torch.autograd.functional.jacobian(model, torch.ones(1, 1, length, dtype=torch.float64))
    reached = jacobian[0, 0, :, 0, 0, :] != 0
    found: list[tuple[int, int] | None] = []
    for row in reached:
        hit = row.nonzero().flatten().tolist()
        found.append((hit[0], hit[-1]) if hit and margin <= hit[0] and hit[-1] < length - margin else None)
    return found


def field_of(model: nn.Module, spec: str = "1 1 L") -> Field:
    analysis = convsym.analyze(model, spec)
    return analysis.receptive_fields[analysis.calls[-1].index][-1]


@settings(max_examples=60, deadline=None)
@given(st.lists(windows, min_size=1, max_size=4))
def test_stacks_of_windows_see_what_gradients_reach(stack: list[tuple[str, int, int, int, int]]) -> None:
    model = nn.Sequential(*(layer(*arguments) for arguments in stack)).double()
    field = field_of(model)
    seen = runs(model, 4 * field.size + 60, field.size)
    inside = [(o, run) for o, run in enumerate(seen) if run is not None]
    # A stride may step from one of the zeros that a transposed convolution leaves between its inputs to the next.
    assume(inside)
    widest = max(last - first + 1 for _, (first, last) in inside)
    # A stride over a finer grid may always meet it at the same place, where fewer pixels are seen than elsewhere.
    coarse = all(kind in ("conv", "pool", "pad") for kind, *_ in stack)
    gapless = all(stride == 1 or kind in ("transposed", "nearest", "linear", "pad") for kind, _, stride, *_ in stack)
    plain = all(dilation == 1 for *_, dilation in stack)
    assert widest == field.size if coarse or (gapless and plain) else widest <= field.size
    if coarse:
        assert all(Fraction(a + b, 2) == field.centre + o * field.stride for o, (a, b) in inside)


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
    assert misaligned(analysis.calls, analysis.cases[0].inputs) == ()


def test_a_transposed_convolution_halves_the_stride() -> None:
    analysis = convsym.analyze(nn.ConvTranspose2d(3, 3, 4, 2, 1), "N 3 H W")
    height, _ = analysis.receptive_fields[0]
    assert (height.size, height.stride) == (2, 1 / 2)


class Skip(nn.Module):
    """A skip past two convolutions; where their padding is uneven, the skip stands half a pixel aside."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel, padding="same")
        nn.init.ones_(self.conv.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x)


def test_a_skip_past_an_even_kernel_is_misaligned() -> None:
    analysis = convsym.analyze(Skip(4), "1 1 L")
    (found,) = misaligned(analysis.calls, analysis.cases[0].inputs)
    assert found.call.op == "add"
    assert set(found.centres) == {Fraction(0), Fraction(1, 2)}
    assert misaligned((even := convsym.analyze(Skip(3), "1 1 L")).calls, even.cases[0].inputs) == ()


def test_a_misaligned_join_sees_what_gradients_reach() -> None:
    class Aside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(1, 1, 3)
            nn.init.ones_(self.conv.weight)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.pad(self.conv(x), (2, 0)) + F.pad(self.conv(x), (0, 2))

    model = Aside().double()
    field = field_of(model)
    inside = [run for run in runs(model, 40, 5) if run is not None]
    assert max(last - first + 1 for first, last in inside) == field.size == 5
    assert (field.lowest, field.highest) == (-1, 1)


def test_what_meets_a_mean_over_all_pixels_sees_all() -> None:
    class Excited(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1)
            self.gate = nn.Conv2d(4, 4, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.conv(x)
            return x * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(x, 1)))

    analysis = convsym.analyze(Excited(), "N 4 H W")
    height, _ = analysis.receptive_fields[analysis.calls[-1].index]
    assert (height.size, height.sees_all) == (3, True)
    assert not analysis.receptive_fields[0][0].sees_all


@pytest.mark.parametrize(
    ("make", "is_known"),
    [
        (lambda x: x.permute(0, 2, 3, 1).softmax(-1).permute(0, 3, 1, 2), True),
        (lambda x: x.flatten(2).view(x.shape), False),
        (lambda x: x.view(x.shape[0], 2, 2, *x.shape[2:]).transpose(1, 2).reshape(x.shape), True),
        (lambda x: torch.stack([x, x], 1).flatten(1, 2), True),
        (lambda x: torch.cat([x, x], 1).chunk(2, 1)[0], True),
        (lambda x: x.amax(1, keepdim=True) * x, True),
        (lambda x: x.mean((2, 3), keepdim=True), False),
        (lambda x: x.softmax(-1), False),
        (lambda x: x.flip(2), False),
        (lambda x: x.cumsum(2), False),
        (lambda x: F.interpolate(x, size=(7, 7)), False),
        (lambda x: F.pixel_shuffle(x, 2), True),
    ],
)
def test_a_field_is_known_as_long_as_axes_are_grids(make: Any, is_known: bool) -> None:
    class Made(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, x: torch.Tensor) -> Any:
            return make(self.conv(x))

    analysis = convsym.analyze(Made(), "N 4 H W", assume="H >= 2 and W >= 2 and N >= 2")
    fields = analysis.receptive_fields.get(analysis.calls[-1].index)
    assert (fields is not None) == is_known
    assert fields is None or all(f.size == 3 for f in fields)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(1, 2), st.integers(8, 14))
def test_the_share_of_padding_is_that_of_taps_outside(
    kernel: int, stride: int, padding: int, dilation: int, size: int
) -> None:
    conv = nn.Conv2d(1, 1, kernel, stride, padding, dilation, bias=False).double()
    nn.init.ones_(conv.weight)
    analysis = convsym.analyze(conv, "1 1 H W")
    sizes = {"H": size, "W": size + 1}
    with torch.no_grad():
        # Ones over ones: each output is the number of its taps that are inside.
        inside = conv(torch.ones(1, 1, size, size + 1, dtype=torch.float64))
    taps = evaluate(analysis.calls[0].output.numel, sizes) * kernel * kernel
    assert padding_share(analysis.calls[0], sizes) == 1 - Fraction(int(inside.sum()), taps)


def test_strides_multiply_along_a_real_backbone() -> None:
    from tests.torchvision_on_cpu import models

    with convsym.without_weights():
        model = models.resnet18().eval()
    analysis = convsym.analyze(model, "N 3 H W")
    last = max(analysis.receptive_fields)
    height, width = analysis.receptive_fields[last]
    assert (height, analysis.calls[last].path) == (width, "layer4.1.relu")
    assert (height.size, height.stride) == (435, 32)
    assert misaligned(analysis.calls, analysis.cases[0].inputs) == ()
    assert all(a.stride <= b.stride for a, b in pairwise(f[0] for f in analysis.receptive_fields.values()))
