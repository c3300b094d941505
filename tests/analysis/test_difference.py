from __future__ import annotations

import torch
from torch import nn

import convsym
from convsym.analysis.difference import difference, fitting_difference


class Net(nn.Module):
    def __init__(self, width: int = 8, kernel: int = 3, extra: bool = False) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.body = nn.Sequential(nn.Conv2d(8, width, kernel), nn.ReLU())
        self.extra = nn.Conv2d(width, width, 1) if extra else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.extra(self.body(self.stem(x))).mean((2, 3))


def analysed(model: nn.Module) -> convsym.Analysis:
    return convsym.analyze(model.eval(), "N 3 H W")


def test_a_model_does_not_differ_from_itself() -> None:
    assert difference(analysed(Net()), analysed(Net())).is_empty


def test_only_the_innermost_module_that_changed_and_the_whole_are_named() -> None:
    found = difference(analysed(Net()), analysed(Net(width=16)))
    assert {c.path for c in found.changes if c.what == "parameters"} == {"", "body.0"}
    (change,) = [c for c in found.changes if (c.path, c.what) == ("body.0", "parameters")]
    assert (change.before, change.after) == (8 * 8 * 9 + 8, 16 * 8 * 9 + 16)
    assert not any(c.path.startswith("stem") for c in found.changes)


def test_a_module_that_is_replaced_changes_its_class() -> None:
    found = difference(analysed(Net()), analysed(Net(extra=True)))
    (change,) = [c for c in found.changes if c.what == "class"]
    assert (change.path, change.before, change.after) == ("extra", "Identity", "Conv2d")


def test_sizes_that_are_lost_and_gained_have_a_witness() -> None:
    before, after = analysed(Net(kernel=3)), analysed(Net(kernel=5))
    found = difference(before, after)
    assert (found.lost, found.gained) == ({"N": 1, "H": 3, "W": 3}, None)
    assert before.domain.contains(**found.lost) and not after.domain.contains(**found.lost)
    back = difference(after, before)
    assert (back.lost, back.gained) == (None, {"N": 1, "H": 3, "W": 3})


def test_a_module_that_is_gone_is_named_with_all_that_it_cost() -> None:
    before = analysed(nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 1)))
    found = difference(before, analysed(nn.Sequential(nn.Conv2d(3, 8, 1))))
    gone = {c.what: (c.before, c.after) for c in found.changes if c.path == "1"}
    assert gone["class"] == ("Conv2d", None)
    assert gone["parameters"] == (8 * 8 + 8, 0)


def test_the_comparison_is_folded_until_it_fits() -> None:
    before, after = analysed(Net()), analysed(Net(width=16))
    assert len(difference(before, after).changes) > 8
    folded = fitting_difference(before, after, 12)
    assert {c.path for c in folded.changes} == {"", "body", "extra"}
    assert {c.path for c in fitting_difference(before, after, 1).changes} == {""}


class Halves(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, width, 2, stride=2)
        self.up = nn.ConvTranspose2d(width, 3, 2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.up(self.down(x))


def test_values_are_as_short_as_the_sizes_that_run_allow() -> None:
    found = difference(analysed(Halves(7)), analysed(Halves(14)))
    (change,) = [c for c in found.changes if (c.path, c.what) == ("", "activation bytes")]
    assert str(change.before) == "31*H*N*W"
