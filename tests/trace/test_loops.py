"""Loops that end when a size is small enough."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import convsym


class Halves(nn.Module):
    """Pools until little is left."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        while x.shape[2] > 7:
            x = F.max_pool2d(x, 2)
        return x


class Inside(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), Halves())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)


@pytest.mark.parametrize("model", [Halves(), Inside()])
def test_a_loop_over_halves_is_followed_for_every_size_that_a_tensor_has(model: nn.Module) -> None:
    analysis = convsym.analyze(model, "N 1 H W")
    assert not any(part.contains(N=1, H=2**20, W=2**20) for part in analysis.domain.unexplored)
    for size in (1, 7, 8, 15, 16, 113, 225):
        assert analysis.at(N=1, H=size, W=size).outputs == [tuple(model(torch.zeros(1, 1, size, size)).shape)]
    assert analysis.domain.contains(N=1, H=7, W=1)
    assert not analysis.domain.contains(N=1, H=8, W=1)


def test_a_loop_over_frames_goes_round_a_few_times():
    class Frames(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return torch.stack([self.conv(x[:, t]) for t in range(x.size(1))], 1)

    a = convsym.analyze(Frames(), "N T 3 H W")
    assert [(str(p.size), p.value) for p in a.pins] == [("T", 8)]
    assert a.at(N=1, T=5, H=9, W=9).outputs == [(1, 5, 4, 7, 7)]
