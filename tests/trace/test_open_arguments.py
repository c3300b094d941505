"""Constructor arguments that are left open."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

import convsym
from convsym.sizes.evaluate import evaluate
from convsym.trace.errors import BadInput, LoadError
from convsym.trace.loading import load_recipe
from convsym.trace.open_arguments import Recipe
from tests.cli.run import convsym as command
from tests.cli.run import refused


class Block(nn.Module):
    def __init__(self, given: int, made: int, groups: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(given, made, 3, padding=1)
        self.norm = nn.GroupNorm(groups, made)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.norm(self.conv(x)))


class Net(nn.Module):
    """Blocks of growing width, a pooling between them, a linear layer at the end."""

    def __init__(self, base: int = 16, depth: int = 2, groups: int = 4) -> None:
        super().__init__()
        widths = [3, *(base * 2**i for i in range(depth))]
        self.blocks = nn.ModuleList(Block(a, b, groups) for a, b in pairwise(widths))
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(widths[-1], int(base * 0.5))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.xavier_uniform_(module.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = self.pool(block(x))
        return self.head(x.mean((2, 3)))


class Attends(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, width, 4, 4)
        self.places = nn.Parameter(torch.zeros(1, 16, width))
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.embed(x).flatten(2).transpose(1, 2) + self.places)
        return self.attention(x, x, x, need_weights=False)[0]


def test_what_is_open_stands_in_every_formula() -> None:
    analysis = convsym.analyze(lambda c: Net(base=c), "N 3 H W")
    for width in (4, 8, 20):
        numbers = convsym.analyze(Net(base=width), "N 3 H W").at(N=2, H=9, W=8)
        at = analysis.at(N=2, H=9, W=8, c=width)
        assert (at.parameters, at.flops, at.activation_bytes, at.outputs) == (
            sum(p.numel() for p in Net(base=width).parameters()),
            numbers.flops,
            numbers.activation_bytes,
            numbers.outputs,
        )
        assert evaluate(analysis.flops, {"N": 2, "H": 9, "W": 8, "c": width}) == numbers.flops


def test_the_domain_says_for_which_arguments_the_model_can_be_made() -> None:
    domain = convsym.analyze(lambda c: Net(base=c), "N 3 H W").domain
    assert domain.describe() == "H >= 4 and W >= 4 and c % 4 == 0"
    for width in range(1, 20):
        assert domain.contains(N=1, H=8, W=8, c=width) is (width % 4 == 0)


def test_the_channels_of_an_input_may_be_an_argument() -> None:
    analysis = convsym.analyze(lambda c: nn.Conv2d(c, 2 * c, 3), "N c H W")
    assert analysis.outputs.shape == convsym.analyze(nn.Identity(), "N 2*c H-2 W-2").outputs.shape


def test_heads_must_divide_the_width() -> None:
    domain = convsym.analyze(lambda d: Attends(d, 4), "N 3 16 16").domain
    assert domain.describe() == "d % 4 == 0"


def test_depths_and_flags_stay_as_they_are() -> None:
    analysis = convsym.analyze(lambda c: Net(base=c, depth=3, groups=1), "N 3 H W")
    assert len([call for call in analysis.calls if call.op == "conv2d"]) == 3
    assert analysis.domain.describe() == "H >= 8 and W >= 8"


def test_assumptions_speak_of_arguments_too() -> None:
    domain = convsym.analyze(lambda c: Net(base=c), "N 3 H W", assume="c % 4 == 0 and c <= 8").domain
    assert domain.contains(N=1, H=4, W=4, c=8)
    assert not domain.contains(N=1, H=4, W=4, c=12)


@pytest.mark.parametrize("build", [3, Net, lambda: Net(), lambda c: c])
def test_what_makes_no_module_is_refused_in_a_sentence(build: object) -> None:
    with pytest.raises(BadInput, match=r"expected (an nn.Module|a function)"):
        convsym.analyze(build, "N 3 H W")  # type: ignore[arg-type]


def test_initialisers_are_as_they_were() -> None:
    before = vars(nn.init).copy()
    convsym.analyze(lambda c: Net(base=c), "N 3 H W")
    assert vars(nn.init) == before


def test_a_report_leaves_names_open_that_the_file_does_not_have() -> None:
    result = command("report", "examples/unet.py:UNet(width=c)", "--format", "summary")
    assert result.exit_code == 0
    assert "7574·c² + 228·c + 2" in result.stdout
    assert "unexpected keyword argument 'widht'" in refused("report", "examples/unet.py:UNet(widht=c)")


def test_models_of_packages_are_opened_as_those_of_files_are() -> None:
    recipe = load_recipe(f"{__name__}:Net(base=c)")
    assert isinstance(recipe, Recipe)
    assert convsym.analyze(recipe, "N 3 H W").domain.describe() == "H >= 4 and W >= 4 and c % 4 == 0"
    with pytest.raises(LoadError, match="no name 'Nett'; did you mean Net"):
        load_recipe(f"{__name__}:Nett(base=c)")


class Widens(nn.Module):
    """One of two shapes of layers, and for most widths a constructor that takes plain numbers only."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c if c < 8 else 2 * c, 1)
        if c != 3:
            self.conv.weight = nn.Parameter(torch.Tensor(self.conv.out_channels, c, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


def test_what_only_symbols_meet_is_tried_in_numbers() -> None:
    analysis = convsym.analyze(lambda c: Widens(c), "N c H W")
    assert not analysis.refusals
    for width in (2, 3, 4, 9):
        assert analysis.domain.contains(N=1, H=2, W=2, c=width)
        assert analysis.at(N=1, H=2, W=2, c=width).parameters == sum(p.numel() for p in Widens(width).parameters())


def test_each_way_through_a_constructor_has_its_own_parameters() -> None:
    analysis = convsym.analyze(lambda c: nn.Linear(3, c if c % 2 else 4 * c), "N 3")
    assert [analysis.at(N=1, c=c).parameters for c in (5, 6)] == [20, 96]
    assert [evaluate(analysis.parameters, {"c": c}) for c in (5, 6)] == [20, 96]


def test_recurrent_layers_may_have_open_widths() -> None:
    analysis = convsym.analyze(lambda c: nn.GRU(c, 2 * c), "L N c")
    assert analysis.at(L=4, N=2, c=3).parameters == sum(p.numel() for p in nn.GRU(3, 6).parameters())
