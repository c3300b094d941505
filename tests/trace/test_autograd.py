"""What traced tensors say of their gradients, against eager torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import convsym
from tests.analysis.training import flops_of_both_passes, saved_bytes


class _Asking(nn.Module):
    """Tells what its tensors say on the way."""

    def __init__(self, tell: Callable[[Any], None]) -> None:
        super().__init__()
        self.tell = tell
        self.a = nn.Linear(4, 4)
        self.frozen = nn.Linear(4, 4).requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.ask(x, self.frozen(x), self.frozen.weight, self.a.weight)
        y = self.a(x)
        self.ask(y, self.frozen(y), y.argmax(1), y > 0, y.detach(), y[:1].relu_())
        with torch.no_grad():
            self.ask(y, y * 2, self.a(x))
        given = torch.zeros_like(x)
        given[:, :2] = y[:, :2]
        self.ask(given, given.sum())
        started = x + 1
        started.requires_grad_()
        self.ask(started, started * 2, started.requires_grad_().sum())
        return y.sum() + started.sum()

    def ask(self, *tensors: torch.Tensor) -> None:
        for tensor in tensors:
            self.tell((tensor.requires_grad, tensor.grad_fn is None, tensor.is_leaf))


def test_in_training_mode_they_say_what_they_say_in_a_training_step() -> None:
    expected: list[Any] = []
    said: list[Any] = []
    _Asking(expected.append).train()(torch.ones(3, 4))
    convsym.analyze(_Asking(said.append).train(), "N 4")
    assert said == expected


def test_in_evaluation_mode_only_weights_require_a_gradient() -> None:
    said: list[Any] = []
    convsym.analyze(_Asking(said.append).eval(), "N 4")
    assert said.pop(3) == (True, True, True)
    assert set(said) == {(False, True, True)}


def test_parameters_of_open_sizes_say_it_too() -> None:
    said = []

    class Model(nn.Module):
        def __init__(self, c: Any) -> None:
            super().__init__()
            self.a, self.frozen = nn.Linear(4, c), nn.Linear(4, c).requires_grad_(False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y, z = self.a(x), self.frozen(x)
            said.append([t.requires_grad for t in (self.a.weight, self.frozen.weight, y, z)])
            return y + z

    convsym.analyze(lambda c: Model(c), "N 4")
    assert said[-1] == [True, False, True, False]


class _SavesMemory(nn.Module):
    """Computes again what needs a gradient, and only that, as torchvision's DenseNet does."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Sequential(nn.BatchNorm2d(c), nn.Conv2d(c, 4, 1)) for c in (4, 8, 12))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = [x]
        for layer in self.layers:
            joined = lambda *parts, layer=layer: layer(torch.cat(parts, 1))  # noqa: E731
            asked = any(t.requires_grad for t in found)
            found.append(checkpoint(joined, *found, use_reentrant=False) if asked else joined(*found))
        return torch.cat(found, 1)


def test_a_model_that_checkpoints_what_needs_a_gradient_is_seen_to_do_it() -> None:
    model = _SavesMemory().train()
    at, x = convsym.analyze(model, "N 4 H W").at(N=2, H=5, W=6), torch.rand(2, 4, 5, 6)
    assert at.saved_bytes == saved_bytes(model, x)
    assert at.backward_flops == flops_of_both_passes(model, x)[1]


@pytest.mark.parametrize("layer", [nn.Linear(4, 4), nn.Linear(4, 4).requires_grad_(False)])
def test_what_the_forward_itself_starts_a_gradient_at_is_followed(layer: nn.Module) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x.requires_grad_()
            return self.layer(x).exp()  # type: ignore[no-any-return]

    at = convsym.analyze(Model(), "N 4").at(N=3)
    assert at.saved_bytes == saved_bytes(Model(), torch.ones(3, 4))
    assert at.backward_flops == flops_of_both_passes(Model(), torch.ones(3, 4))[1]
