"""Numbers that depend on the data, where Python needs them as they are."""

from __future__ import annotations

import torch
from torch import nn

import convsym


class Experts(nn.Module):
    """A layer that is chosen by the data."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(8, 3)
        self.experts = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        best = self.gate(x.mean(0)).argmax()
        return self.experts[best](x)


def test_a_layer_that_the_data_choose_is_taken_as_the_first_and_the_line_is_named() -> None:
    a = convsym.analyze(Experts(), "N 8")
    assert str(a.outputs.shape) == "(N, 8)"
    assert a.domain.contains(N=5)
    (pin,) = a.pins
    assert pin.value == 0
    assert pin.place is not None
    assert pin.place.file == __file__
