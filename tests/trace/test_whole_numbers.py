"""Fractions where torch takes whole numbers are mistakes: `c / 2` in place of `c // 2`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import convsym

Forward = Callable[[Any], Any]


class _Called(nn.Module):
    def __init__(self, function: Forward) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x)


def errors(model: nn.Module) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in convsym.analyze(model, "N 4 H W").diagnostics if d.is_error]


_FUNCTIONS: tuple[tuple[Forward, str], ...] = (
    (lambda x: x.view(x.size(0), x.size(1) / 2, -1), "view takes whole numbers, but gets 2.0"),
    (lambda x: x.reshape(-1, x.shape[2] / 2), "reshape takes whole numbers, but gets H/2"),
    (lambda x: x[:, : x.size(1) / 2], "getitem takes whole numbers, but gets 2.0"),
    (lambda x: torch.zeros(x.size(0), x.size(1) / 2), "zeros takes whole numbers, but gets 2.0"),
    (lambda x: x.split(x.size(1) / 2, 1), "split takes whole numbers, but gets 2.0"),
    (lambda x: x.unflatten(1, (2.0, 2)), "unflatten takes whole numbers, but gets 2.0"),
    (lambda x: F.pad(x, (1.0, 1)), "pad takes whole numbers, but gets 1.0"),
    (lambda x: F.max_pool2d(x, 2.0), "max_pool2d takes whole numbers, but gets 2.0"),
    (
        lambda x: F.interpolate(x, size=(x.shape[2] / 2, x.shape[3] / 2)),
        "interpolate takes whole numbers, but gets H/2 and W/2",
    ),
    (lambda x: F.adaptive_avg_pool2d(x, (x.shape[2] / 2, 1)), "adaptive_avg_pool2d takes whole numbers, but gets H/2"),
)


@pytest.mark.parametrize(("function", "message"), _FUNCTIONS)
def test_a_function_is_not_given_fractions(function: Forward, message: str) -> None:
    with pytest.raises(TypeError):
        function(torch.rand(2, 4, 6, 6))
    [(code, found)] = errors(_Called(function))
    assert (code, found.partition(" (at ")[0]) == ("CS127", message)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 8, 3, padding=1.0),  # type: ignore[arg-type]
        nn.Conv2d(4, 8, 3, stride=(2, 2.0)),  # type: ignore[arg-type]
        nn.Conv2d(4, 8, 3, padding=True),
        nn.MaxPool2d(2.0),  # type: ignore[arg-type]
        nn.AvgPool2d(2, padding=False),
        nn.ConvTranspose2d(4, 8, 3, output_padding=0.0),  # type: ignore[arg-type]
        nn.AdaptiveAvgPool2d((2.0, 2)),  # type: ignore[arg-type]
    ],
)
def test_a_layer_is_not_given_fractions_or_bools(layer: nn.Module) -> None:
    with pytest.raises(TypeError):
        layer(torch.rand(2, 4, 6, 6))
    assert [code for code, _ in errors(layer)] == ["CS127"]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.interpolate(x, scale_factor=1.5),
        lambda x: F.dropout(x, 0.5) * 2.0,
        lambda x: torch.arange(0, 4.0)[:, None, None] * x,
        lambda x: F.conv2d(x, torch.rand(2, 4, 1, 1), stride=(1, True)),
        lambda x: x.view(x.size(0), int(x.size(1) / 2), -1),
    ],
)
def test_other_fractions_are_as_good_as_any_number(function: Forward) -> None:
    function(torch.rand(2, 4, 6, 6))
    assert not errors(_Called(function))


class _Blocks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = self.block(4, 8, 3), self.block(8, 8, 5)

    def block(self, c_in: int, c_out: int, kernel: int) -> nn.Module:
        return nn.Conv2d(c_in, c_out, kernel, padding=(kernel - 1) / 2)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in (self.first, self.second):
            x = layer(x)
        return x.view(x.size(0), x.size(1) / 2, -1)  # type: ignore[call-overload]


def test_the_way_goes_on_after_a_fraction_and_a_line_used_twice_is_one_mistake() -> None:
    found = errors(_Blocks())
    assert [message.partition(":")[2] or message for _, message in found] == [
        " conv2d takes whole numbers, but gets 1.0",
        "view takes whole numbers, but gets 4.0",
    ]
