"""Sizes that were declared and do not run."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import convsym
from convsym.analysis.result import Analysis
from convsym.analysis.shortfalls import nearest
from convsym.sizes.domain import Domain
from convsym.sizes.spelling import parse_condition


class Skip(nn.Module):
    """Two poolings down, two steps up, with a skip connection at each level."""

    def __init__(self) -> None:
        super().__init__()
        self.up1 = nn.ConvTranspose2d(4, 4, 2, stride=2)
        self.up2 = nn.ConvTranspose2d(4, 4, 2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        half = nn.functional.max_pool2d(x, 2)
        quarter = nn.functional.max_pool2d(half, 2)
        half = half + self.up1(quarter)
        out: torch.Tensor = torch.cat([x, self.up2(half)], 1)
        return out


class Picky(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[2] % 3 == 0, "three must divide the height"
        return x


def skip(spec: str = "N 4 H W", assume: str | None = None) -> Analysis:
    return convsym.analyze(Skip(), spec, assume=assume)


def runs(model: nn.Module, *shape: int) -> bool:
    try:
        model(torch.zeros(shape))
    except (RuntimeError, AssertionError):
        return False
    return True


def test_without_a_declaration_conditions_only_narrow_the_domain() -> None:
    assert skip().diagnostics == ()
    assert skip().domain.describe() == "H % 4 == 0 and W % 4 == 0"


def test_declared_sizes_that_all_run_are_in_order() -> None:
    assert skip(assume="H % 4 == 0 and W % 8 == 0 and H <= 64").diagnostics == ()
    assert skip("N 4 4*h 8*w").diagnostics == ()


@pytest.mark.parametrize(
    ("spec", "assume"),
    [("N 4 H W", "H >= 9"), ("N 4 H W", "10 <= W <= 13"), ("N 4 2*h 4*w", None), ("N 4 H W", "H % 6 == 0")],
)
def test_the_witness_fails_in_torch_and_the_nearest_sizes_run(spec: str, assume: str | None) -> None:
    found = skip(spec, assume)
    assert found.diagnostics
    for shortfall in found.shortfalls:
        shape = convsym.analyze(nn.Identity(), spec).at(**shortfall.witness).outputs[0]
        assert not runs(Skip(), *shape)
        assert shortfall.nearest
        for change in shortfall.nearest:
            member = found.domain.smallest(parse_condition(" and ".join(f"{n} == {v}" for n, v in change.items())))
            assert member is not None
            assert runs(Skip(), *convsym.analyze(nn.Identity(), spec).at(**member).outputs[0])


def test_a_diagnostic_names_both_values_the_condition_and_what_works() -> None:
    lower, upper = skip(assume="64 <= H <= 1024 and W == 64").diagnostics
    assert lower.witness == {"N": 1, "H": 66, "W": 64}
    found = upper
    assert (found.code, found.is_error, found.witness) == ("CS201", True, {"N": 1, "H": 65, "W": 64})
    assert "65 and 64" in found.message
    assert found.place is not None and found.place.text.startswith("out: torch.Tensor = torch.cat")
    assert "H % 2 == 0 and 64 <= H <= 1024" in found.help
    assert "H=64 or H=68" in found.help


def test_a_size_that_was_not_spoken_of_narrows_silently() -> None:
    assert skip(assume="H % 4 == 0").diagnostics == ()


def test_one_line_is_one_diagnostic_however_many_axes_fail() -> None:
    assert len(skip(assume="H >= 16 and W >= 16").diagnostics) == 2


def test_sizes_that_are_too_small_have_a_code_of_their_own() -> None:
    (found,) = convsym.analyze(nn.MaxPool2d(3), "N 4 H W", assume="H <= 4").diagnostics
    assert (found.code, found.witness) == ("CS202", {"N": 1, "H": 1, "W": 1})
    assert "H=3" in found.help


def test_a_batch_of_one_in_training_is_said_before_it_happens() -> None:
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(4))
    (found,) = convsym.analyze(model.train(), "N 4 8 8", assume="N == 1 or N == 32").diagnostics
    assert (found.code, found.witness) == ("CS203", {"N": 1})
    assert convsym.analyze(model.eval(), "N 4 8 8", assume="N == 1 or N == 32").diagnostics == ()


def test_an_exception_of_the_forward_counts_too() -> None:
    (found,) = convsym.analyze(Picky(), "N 4 H W", assume="H >= 7").diagnostics
    assert (found.code, found.witness) == ("CS204", {"N": 1, "H": 7, "W": 1})
    assert "three must divide the height" in found.message
    assert "H=9" in found.help
    assert convsym.analyze(Picky(), "N 4 H W").diagnostics == ()


def test_what_fails_at_every_declared_size_keeps_its_own_code() -> None:
    assert [d.code for d in skip(assume="H == 5").diagnostics] == ["CS110"]


def test_an_assumption_about_a_size_that_is_not_there_is_refused() -> None:
    with pytest.raises(convsym.BadInput, match="speaks of K, which no input has; the sizes are N, H, W"):
        skip(assume="K >= 2")


def test_an_assumption_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(convsym.BadInput, match="no sizes"):
        skip(assume="H < 1")


def test_near_sizes_lie_on_both_sides_and_the_nearer_comes_first() -> None:
    domain = Domain.positive(["H", "W"]).assume(parse_condition("H % 10 == 0"))
    assert nearest(domain, {"H": 27, "W": 3}, ["H"]) == ({"H": 30}, {"H": 20})
    tied = Domain.positive(["H", "W"]).assume(parse_condition("H * W == 12"))
    assert nearest(tied, {"H": 5, "W": 3}, ["H", "W"])[0] == {"H": 4}
