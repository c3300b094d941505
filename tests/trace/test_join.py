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


class Padded(nn.Module):
    """Pads to a multiple of 4 where the size is none, each axis in a branch of its own."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, int]:
        if x.shape[3] % 4:
            x = nn.functional.pad(x, (0, 4 - x.shape[3] % 4))
        if x.shape[2] % 4:
            x = nn.functional.pad(x, (0, 0, 0, 4 - x.shape[2] % 4))
        x = x.unfold(2, 4, 4).unfold(3, 4, 4).flatten(1, 1)
        return x.flatten(2, 3).transpose(1, 2), x.shape[2]


class PaddedInside(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Padded()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)[0]


def test_products_of_padded_sizes_are_joined_as_ceilings():
    a = convsym.analyze(PaddedInside(), "N 3 H W")
    assert len(a.cases) == 1
    assert str(a.outputs.shape) == "(N, ((H + 3)//4)*((W + 3)//4), 3, 4, 4)"
    for h, w in ((1, 1), (4, 8), (5, 8), (8, 7), (9, 11)):
        expected = PaddedInside()(torch.zeros(1, 3, h, w)).shape
        assert a.at(N=1, H=h, W=w).outputs == [tuple(expected)]


class Checked(nn.Module):
    """A module that refuses some sizes, inside one that branches."""

    class Patches(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            assert x.shape[2] % 16 == 0, "the height is no multiple of 16"
            return x.mean((2, 3))

    class Inside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches = Checked.Patches()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            patches = self.patches(x)
            return patches + 1 if x.shape[3] > 32 else patches

    def __init__(self) -> None:
        super().__init__()
        self.inside = self.Inside()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inside(x)


def test_what_a_module_refuses_stays_refused_where_the_modules_around_it_are_joined():
    assert str(convsym.analyze(Checked(), "N 3 H W").domain) == "H % 16 == 0"
