from __future__ import annotations

import pytest
import torch
from torch import nn

import convsym
from convsym.sweeps import QUANTITIES, sweep


def analysed() -> convsym.Analysis:
    return convsym.analyze(nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU()).eval(), "N 3 H W")


def test_every_row_is_what_the_analysis_says_at_that_size() -> None:
    analysis = analysed()
    # Of a single small image, the formula of the peak does not know that torch leaves it out of oneDNN.
    table = sweep(analysis, QUANTITIES, N=[2, 3], H=range(1, 9), W=[7])
    assert len(table) == 2 * 8
    for row in range(len(table)):
        sizes = {name: int(column[row]) for name, column in table.sizes.items()}
        assert table.runs[row] == analysis.domain.contains(**sizes)
        if table.runs[row]:
            at = analysis.at(**sizes)
            assert all(table.values[name][row] == getattr(at, name) for name in QUANTITIES)


def test_the_last_size_varies_fastest() -> None:
    table = sweep(analysed(), ["flops"], N=1, H=[3, 5], W=[3, 5])
    assert [(int(h), int(w)) for h, w in zip(table.sizes["H"], table.sizes["W"], strict=True)] == [
        *((3, 3), (3, 5)),
        *((5, 3), (5, 5)),
    ]


def test_numbers_that_no_machine_word_holds_are_exact() -> None:
    analysis = convsym.analyze(nn.Conv2d(64, 64, 3, padding=1, bias=False), "N 64 H W")
    table = sweep(analysis, ["flops"], N=2**20, H=2**20, W=2**20)
    assert table.values["flops"].tolist() == [2**60 * 2 * 64 * 64 * 9]


@pytest.mark.parametrize(
    ("quantities", "ranges", "sentence"),
    [
        (["speed"], {"N": 1, "H": 3, "W": 3}, "no quantity is named 'speed'"),
        (["flops"], {"N": 1, "H": 3}, "a size is missing: give W=..."),
        (["flops"], {"N": 1, "H": 3, "W": 3, "D": 1}, "no size is named 'D'"),
    ],
)
def test_what_cannot_be_swept_is_one_sentence(quantities: list[str], ranges: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sweep(analysed(), quantities, **ranges)


def test_a_branch_has_the_quantity_of_its_own_case() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fine = nn.Conv2d(3, 4, 1, bias=False)
            self.coarse = nn.Conv2d(3, 4, 2, stride=2, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fine(x) if x.shape[2] < 32 else self.coarse(x)

    table = sweep(convsym.analyze(Branching(), "1 3 H 32"), ["flops"], H=[16, 64])
    assert table.values["flops"].tolist() == [2 * 16 * 32 * 12, 2 * 32 * 16 * 48]
