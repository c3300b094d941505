"""What an analysis answers."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import convsym
from convsym.sizes.evaluate import evaluate
from tests.benchmarks.against_torch import UNet
from tests.torchvision_on_cpu import models


def formula(size: object) -> str:
    return str(size)


def test_resnet50_is_five_terms_in_rounded_up_halves() -> None:
    with convsym.without_weights():
        model = models.resnet50().eval()
    analysis = convsym.analyze(model, "N 3 H W")
    # 18816 = 2 * 64 * 3 * 7 * 7 for the stem; the last term is the classifier, 2 * 2048 * 1000.
    assert formula(analysis.flops) == (
        "18816*N*((H + 1)//2)*((W + 1)//2) + 491520*N*((H + 3)//4)*((W + 3)//4)"
        " + 2621440*N*((H + 7)//8)*((W + 7)//8) + 14942208*N*((H + 15)//16)*((W + 15)//16)"
        " + 28835840*N*((H + 31)//32)*((W + 31)//32) + 4096000*N"
    )
    assert formula(analysis.outputs.shape) == "(N, 1000)"
    assert analysis.domain.describe() == "every N, H, W >= 1"
    assert analysis.parameters == 25557032


def test_a_four_level_unet_runs_where_16_divides_both_sides() -> None:
    with convsym.without_weights():
        analysis = convsym.analyze(UNet().eval(), "N 3 H W")
    assert analysis.domain.describe() == "H % 16 == 0 and W % 16 == 0"


def test_a_stride_per_axis_is_kept_apart() -> None:
    # Two well-known tools return two different wrong shapes for this layer.
    analysis = convsym.analyze(nn.Conv2d(3, 16, 3, stride=(2, 1), padding=1), "N 3 H W")
    assert analysis.at(N=1, H=64, W=64).outputs == [(1, 16, 32, 64)]


@pytest.mark.parametrize(("dilation", "runs"), [(1, False), (2, False), (3, True)])
def test_output_padding_as_large_as_the_stride_needs_a_larger_dilation(dilation: int, runs: bool) -> None:
    layer = nn.ConvTranspose2d(4, 4, 3, stride=2, output_padding=2, dilation=dilation)
    assert convsym.analyze(layer, "N 4 H W").domain.contains(N=1, H=8, W=8) is runs


def test_two_independent_mistakes_give_two_diagnostics() -> None:
    model = nn.Sequential(nn.Conv2d(4, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.BatchNorm2d(16))
    found = convsym.analyze(model.eval(), "N 3 H W").diagnostics
    assert sorted(d.name for d in found) == ["conv-input-channels", "norm-features-mismatch"]


class PadsOdd(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[2] % 2:
            x = F.pad(x, (0, 0, 0, 1))
        return F.max_pool2d(self.conv(x), (2, 1))


def test_a_branch_on_a_size_gives_cases_and_one_formula_over_both() -> None:
    analysis = convsym.analyze(PadsOdd(), "N 1 H W")
    assert len(analysis.cases) == 2
    assert analysis.domain.describe() == "every N, H, W >= 1"
    for height in (7, 8):
        assert analysis.at(N=1, H=height, W=5).outputs == [(1, 2, 4, 5)]
        assert evaluate(analysis.flops, {"N": 1, "H": height, "W": 5}) == analysis.at(N=1, H=height, W=5).flops


class Refuses(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[2] < 8:
            raise ValueError("images must be at least 8 high")
        return x.relu()


def test_a_branch_that_raises_takes_its_sizes_out_of_the_domain() -> None:
    analysis = convsym.analyze(Refuses(), "N 3 H W")
    assert analysis.domain.describe() == "H >= 8"
    assert analysis.diagnostics == ()
    assert [r.message for r in analysis.refusals] == ["images must be at least 8 high"]


class Loops(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([x[:, :, i].mean(-1) for i in range(x.shape[2])], -1)


def test_a_size_that_must_be_a_number_is_pinned_and_other_sizes_are_traced_when_asked_for() -> None:
    analysis = convsym.analyze(Loops(), "N 3 H W")
    assert [str(p.size) for p in analysis.pins] == ["H"]
    assert analysis.at(N=2, H=5, W=4).outputs == [(2, 3, 5)]
    assert analysis.domain.contains(N=2, H=11, W=4)


def test_asking_where_the_model_does_not_run_says_why() -> None:
    analysis = convsym.analyze(nn.Conv2d(3, 4, 5), "N 3 H W")
    with pytest.raises(ValueError, match="kernel of Conv2d spans 5 pixels"):
        analysis.at(N=1, H=4, W=9)


def test_a_missing_size_is_named() -> None:
    with pytest.raises(ValueError, match="give W="):
        convsym.analyze(nn.Conv2d(3, 4, 5), "N 3 H W").at(N=1, H=4)


def test_formulas_shorten_under_assumptions_to_multiples_of_the_input() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 7, stride=2, padding=3), nn.MaxPool2d(3, 2, 1), nn.Conv2d(8, 8, 3, stride=2, padding=1)
    )
    free = convsym.analyze(model, "N 3 H W")
    even = convsym.analyze(model, "N 3 H W", assume="H % 8 == 0 and W % 8 == 0")
    spelled = convsym.analyze(model, "N 3 8*h 8*w")
    assert str(even.flops) == "606*H*N*W"
    assert str(spelled.flops) == "38784*N*h*w"
    assert [str(size) for size in even["1"].output.shape] == ["N", "8", "H//4", "W//4"]
    assert even.by_module["0"].flops != free.by_module["0"].flops
    sizes = {"N": 2, "H": 40, "W": 24}
    assert even.at(**sizes).flops == free.at(**sizes).flops == spelled.at(N=2, h=5, w=3).flops
