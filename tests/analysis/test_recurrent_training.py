"""Training recurrent layers: the FLOPs of their gradients and what autograd keeps, against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import convsym
from tests.analysis.training import flops_of_both_passes, saved_bytes


class _After(nn.Module):
    """A linear layer, where the input is to need a gradient, and a recurrent one."""

    def __init__(self, layer: Any, learned: bool, state: torch.Tensor | None = None) -> None:
        super().__init__()
        self.before = nn.Linear(3, 3) if learned else nn.Identity()
        self.layer = layer
        self.state = state

    def forward(self, x: torch.Tensor) -> Any:
        x = self.before(x)
        # The tensor itself is returned too, so that its memory is not given out again.
        return x, self.layer(x) if self.state is None else self.layer(x, self.state)


_OPTIONS: list[dict[str, Any]] = [
    {},
    {"num_layers": 2},
    {"bidirectional": True, "bias": False},
    {"num_layers": 3, "bidirectional": True},
    {"num_layers": 2, "batch_first": True},
    {"num_layers": 2, "dropout": 0.5},
]


pytestmark = pytest.mark.filterwarnings("ignore:dropout option adds dropout")


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("options", _OPTIONS, ids=str)
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_layer(kind: Any, options: dict[str, Any], learned: bool) -> None:
    model = _After(kind(3, 6, **options), learned)
    a = convsym.analyze(model, "T N 3")
    at, x = a.at(T=5, N=2), torch.ones(5, 2, 3)
    if kind is nn.LSTM:
        assert a.unsaved == ("lstm",)
        assert at.saved_bytes == saved_bytes(model, x, leave_out=torch.uint8)
        # The fused kernel of single precision hides its products from torch's counter.
        model, x = model.double(), x.double()
    else:
        assert a.unsaved == ()
        assert at.saved_bytes == saved_bytes(model, x)
    assert at.backward_flops == flops_of_both_passes(model, x)[1]


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("options", [*_OPTIONS, {"proj_size": 2}, {"proj_size": 2, "bidirectional": True}], ids=str)
def test_a_long_short_term_memory_that_runs_step_by_step(options: dict[str, Any], learned: bool) -> None:
    model = _After(nn.LSTM(3, 6, **options), learned).double()
    a = convsym.analyze(model, "T N 3:float64")
    assert a.unsaved == ()
    assert a.at(T=5, N=2).saved_bytes == saved_bytes(model, torch.ones(5, 2, 3).double())


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU])
def test_a_given_state_is_kept(kind: Any) -> None:
    model = _After(kind(3, 6), True, torch.ones(1, 2, 6))
    at = convsym.analyze(model, "T N 3").at(T=5, N=2)
    assert at.saved_bytes == saved_bytes(model, torch.ones(5, 2, 3))
    assert at.backward_flops == flops_of_both_passes(model, torch.ones(5, 2, 3))[1]


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("kind", [nn.RNNCell, nn.GRUCell, nn.LSTMCell])
def test_a_cell(kind: Any, learned: bool) -> None:
    model = _After(kind(3, 6), learned)
    at = convsym.analyze(model, "N 3").at(N=2)
    assert at.saved_bytes == saved_bytes(model, torch.ones(2, 3))
    assert at.backward_flops == flops_of_both_passes(model, torch.ones(2, 3))[1]
