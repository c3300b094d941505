"""What optimisers keep, against the state of torch's own after one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn, optim

import convsym
from convsym.analysis.optimizers import OPTIMIZERS, Optimizer, state_bytes
from convsym.graph.tensor import Tensor
from tests.analysis.peaks import allocated
from tests.analysis.training import sum_of

_MADE: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "sgd-momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "adam": optim.Adam,
    "adam-amsgrad": lambda p: optim.Adam(p, amsgrad=True),
    "adamw": optim.AdamW,
    "adamw-amsgrad": lambda p: optim.AdamW(p, amsgrad=True),
    "adafactor": optim.Adafactor,
    "adadelta": optim.Adadelta,
    "adagrad": optim.Adagrad,
    "adamax": optim.Adamax,
    "asgd": optim.ASGD,
    "nadam": optim.NAdam,
    "radam": optim.RAdam,
    "rmsprop": optim.RMSprop,
    "rmsprop-momentum": lambda p: optim.RMSprop(p, momentum=0.9),
    "rprop": optim.Rprop,
}


def _bytes_in(optimizer: optim.Optimizer) -> int:
    held: list[Any] = [value for state in optimizer.state.values() for value in state.values()]
    return sum(t.numel() * t.element_size() for t in held if isinstance(t, torch.Tensor))


def test_every_optimizer_is_held_against_torch() -> None:
    assert _MADE.keys() == OPTIMIZERS.keys()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_of_a_parameter_is_what_torch_makes(name: str, dtype: torch.dtype) -> None:
    for shape in ((), (5,), (4, 3), (4, 3, 2, 2)):
        parameter = nn.Parameter(torch.ones(shape, dtype=dtype))
        parameter.grad = torch.ones_like(parameter)
        optimizer = _MADE[name]([parameter])
        optimizer.step()
        assert OPTIMIZERS[name].state_bytes(Tensor(shape, dtype)) == _bytes_in(optimizer)


@pytest.mark.parametrize(
    "name", ["adam", *(pytest.param(n, marks=pytest.mark.sweep) for n in OPTIMIZERS if n != "adam")]
)
def test_the_step_itself_makes_few_copies(name: str) -> None:
    parameters = [nn.Parameter(torch.ones(512, size)) for size in (16, 64, 256)]
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    sizes = [p.numel() * p.element_size() for p in parameters]
    for foreach, most in ((False, 3 * max(sizes)), (True, 2.5 * sum(sizes))):
        optimizer = _MADE[name](parameters)
        optimizer.param_groups[0]["foreach"] = foreach
        optimizer.step()
        # Besides these copies there are only numbers.
        assert allocated(optimizer.step) <= most + 2**14


class _PartlyUsed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.b = nn.BatchNorm2d(8)
        self.frozen = nn.Conv2d(8, 8, 1).requires_grad_(False)
        self.unused = nn.Linear(8, 8)
        self.detached = nn.Conv2d(8, 8, 1)
        self.tied = nn.Conv2d(8, 8, 1)
        self.tied.weight = self.frozen.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.frozen(self.b(self.a(x)).relu())
        return self.tied(x) + self.detached(x).detach()


@pytest.mark.parametrize("name", ["sgd-momentum", "adam", "adafactor"])
def test_parameters_without_a_gradient_have_no_state(name: str) -> None:
    model = _PartlyUsed()
    at = convsym.analyze(model, "N 3 H W").at(N=2, H=5, W=6)
    optimizer = _MADE[name](model.parameters())
    sum_of(model(torch.ones(2, 3, 5, 6))).backward()
    optimizer.step()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert at.gradient_bytes == sum(g.numel() * g.element_size() for g in gradients)
    assert at.optimizer_bytes(name) == _bytes_in(optimizer)


def test_master_weights_are_float32_copies_that_the_optimizer_works_on() -> None:
    model = nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4)).bfloat16()
    model[1].float()
    masters = [p.detach().float() for p in model.parameters()]
    copies = sum(4 * m.numel() for m, p in zip(masters, model.parameters(), strict=True) if p.dtype != m.dtype)
    for master in masters:
        master.grad = torch.ones_like(master)
    optimizer = optim.Adam(masters)
    optimizer.step()
    parameters = [Tensor(tuple(p.shape), p.dtype) for p in model.parameters()]
    assert state_bytes("adam", parameters, master_weights=True) == copies + _bytes_in(optimizer)


def test_the_state_is_a_formula_in_what_was_left_open() -> None:
    a = convsym.analyze(lambda c: nn.Linear(c, c), "N c")
    assert str(a.optimizer_bytes("adam")) == "8*c**2 + 8*c + 8"
    assert str(a.gradient_bytes) == "4*c**2 + 4*c"


def test_another_optimizer_can_be_described() -> None:
    a = convsym.analyze(nn.Linear(3, 5), "N 3")
    assert a.optimizer_bytes(Optimizer("lion", copies=1)) == 80
    at = a.at(N=2)
    assert at.training_bytes("adam") == at.training_peak_bytes + at.optimizer_bytes("adam")


def test_an_unknown_optimizer_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no optimizer 'adamm'; there are sgd, "):
        convsym.analyze(nn.Linear(3, 5), "N 3").optimizer_bytes("adamm")
