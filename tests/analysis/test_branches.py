"""Costs as formulas of models whose modules go different ways at different sizes, and are followed as one."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import convsym
from convsym.sizes.evaluate import evaluate
from tests.analysis.training import flops_of_both_passes, saved_bytes

QUANTITIES = (
    "activation_bytes",
    "backward_flops",
    "saved_bytes",
    "gradient_bytes",
    "peak_bytes",
    "training_peak_bytes",
)


class _Padded(nn.Module):
    """Pads to a multiple of 4 where the size is none, and cuts the padding off again."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.three, self.one = nn.LayerNorm(4), nn.Linear(4, 12), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[1:3]
        if height % 4 or width % 4:
            x = F.pad(x, (0, 0, 0, -width % 4, 0, -height % 4))
        a, b, c = self.three(self.norm(x)).chunk(3, -1)
        return self.one(a * b.sigmoid() + c)[:, :height, :width].contiguous()


class _Cut(_Padded):
    """What it returns is a part of something larger at some sizes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height = x.shape[1]
        if height % 4:
            x = F.pad(x, (0, 0, 0, 0, 0, -height % 4))
        return self.one(x).relu()[:, :height]


class _ActiveWhereOdd(nn.Module):
    """Gives its input back as it is at some sizes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.relu() if x.shape[1] % 2 else x


class _TwoProducts(nn.Module):
    """Has a parameter that only some sizes go through."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Parameter(torch.rand(4, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        return x.relu() if x.shape[1] > 8 else F.linear(x, self.second).sigmoid()


class _Nested(nn.Module):
    """Has modules of several ways inside of one of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.padded, self.active = _Padded(), _ActiveWhereOdd()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.padded(x)
        return self.active(y + x) * 2 if x.shape[2] > 6 else y


class _Chain(nn.Module):
    def __init__(self, *inner: nn.Module, adds: bool) -> None:
        super().__init__()
        self.before, self.inner, self.after, self.adds = nn.Linear(4, 4), nn.ModuleList(inner), nn.Linear(4, 4), adds

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.before(x)
        for inner in self.inner:
            x = x + inner(x) if self.adds else inner(x)
        return self.after(x)


CHAINS = {
    "padded": (_Padded,),
    "as it is": (_ActiveWhereOdd,),
    "products": (_TwoProducts, _TwoProducts),
    "nested": (_Nested,),
    "many": (_Nested, _Padded, _ActiveWhereOdd, _TwoProducts),
}


@pytest.mark.parametrize("adds", [True, False], ids=["beside a skip", "in a row"])
@pytest.mark.parametrize("name", CHAINS)
def test_formulas_say_what_each_size_says(name: str, adds: bool) -> None:
    model = _Chain(*(kind() for kind in CHAINS[name]), adds=adds)
    analysis = convsym.analyze(model, "N H W 4")
    assert len(analysis.cases) == 1
    assert analysis.uneven == ()
    for height, width in product((3, 4, 8, 9, 12), (4, 6, 12)):
        sizes = {"N": 2, "H": height, "W": width}
        numbers = analysis.at(**sizes)
        for quantity in QUANTITIES:
            assert evaluate(getattr(analysis, quantity), sizes) == getattr(numbers, quantity), (quantity, sizes)


@pytest.mark.parametrize("height", [8, 9])
def test_formulas_say_what_torch_does(height: int) -> None:
    model = _Chain(_Padded(), _TwoProducts(), _ActiveWhereOdd(), adds=True)
    analysis = convsym.analyze(model, "N H W 4")
    sizes = {"N": 2, "H": height, "W": 12}
    x = torch.rand(2, height, 12, 4)
    assert evaluate(analysis.saved_bytes, sizes) == saved_bytes(model, x)
    assert evaluate(analysis.backward_flops, sizes) == flops_of_both_passes(model, x)[1]


def test_what_all_ways_have_in_common_is_said_once() -> None:
    analysis = convsym.analyze(_Chain(_TwoProducts(), adds=False), "N H W 4")
    assert str(analysis.gradient_bytes) == "((64 if H <= 8 else 0)) + 240"


def test_results_that_lie_in_memory_otherwise_at_some_sizes_are_named() -> None:
    assert convsym.analyze(_Chain(_Cut(), adds=False), "N H W 4").uneven == ("inner.0",)


def test_sizes_that_formulas_leave_out_are_said() -> None:
    attention = nn.MultiheadAttention(16, 2, batch_first=True)
    analysis = convsym.analyze(attention, "N L 16", "N L 16", "N L 16")
    assert list(map(str, analysis.memory_exceptions)) == ["L == 1", "N == 1"]
    assert convsym.analyze(nn.Conv2d(3, 16, 3), "2 3 H W").memory_exceptions == ()


@pytest.mark.parametrize("height", [8, 9])
def test_modules_have_the_costs_of_every_way(height: int) -> None:
    analysis = convsym.analyze(_Chain(_Padded(), _TwoProducts(), adds=True), "N H W 4")
    alone = convsym.analyze(_Chain(_Padded(), _TwoProducts(), adds=True), f"2 {height} 12 4")
    sizes = {"N": 2, "H": height, "W": 12}
    for path, total in alone.by_module.items():
        found = analysis.by_module[path]
        for name in ("flops", "elementwise", "backward_flops", "activation_bytes"):
            assert evaluate(getattr(found, name), sizes) == getattr(total, name), (path, name)


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["swin_t", "swin_v2_t"])
def test_formulas_of_real_models_say_what_each_size_says(name: str) -> None:
    from tests.torchvision_on_cpu import models

    with convsym.without_weights():
        model = getattr(models, name)(weights=None)
    analysis = convsym.analyze(model, "N 3 H W")
    for height, width in ((224, 224), (256, 192), (100, 300), (97, 61)):
        sizes = {"N": 2, "H": height, "W": width}
        numbers = analysis.at(**sizes)
        for quantity in QUANTITIES:
            assert evaluate(getattr(analysis, quantity), sizes) == getattr(numbers, quantity), (quantity, sizes)
