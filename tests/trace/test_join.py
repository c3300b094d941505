"""Branches inside a module that are joined where it returns, and those that are not."""

import torch
from torch import nn

import convsym


class Asserting(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[2] % 4 == 0, "the height must be divisible by 4"
        assert x.shape[3] % 4 == 0, "the width must be divisible by 4"
        return x * 2


class SkipsSquares(nn.Module):
    """Its own branch changes the output, and follows a submodule whose branches do not."""

    def __init__(self) -> None:
        super().__init__()
        self.checked = Asserting()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.checked(x)
        if x.shape[2] == x.shape[3]:
            return x
        return x.flatten(2)


class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = SkipsSquares(), Asserting()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.first(self.second(x)).sum(-1)


def test_answers_to_a_later_branch_are_not_taken_by_a_joined_module():
    a = convsym.analyze(SkipsSquares(), "N 3 H W")
    assert str(a.domain) == "H % 4 == 0 and W % 4 == 0"
    assert a.at(N=1, H=8, W=8).outputs == [(1, 3, 8, 8)]
    assert a.at(N=1, H=8, W=4).outputs == [(1, 3, 32)]


def test_a_module_that_cannot_be_joined_is_followed_along_every_way():
    a = convsym.analyze(Nested(), "N 3 H W")
    assert str(a.domain) == "H % 4 == 0 and W % 4 == 0"
    assert a.at(N=1, H=8, W=8).outputs == [(1, 3, 8)]
    assert a.at(N=1, H=8, W=4).outputs == [(1, 3)]
