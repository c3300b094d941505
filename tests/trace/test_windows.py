"""Windows of a feature map, taken apart and put together in the ways that vision transformers write it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import convsym

Pixels = torch.Tensor


def apart(x: Pixels, size: int) -> Pixels:
    n, h, w, c = x.shape
    x = x.view(n, h // size, size, w // size, size, c)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, size, size, c)


def together_at_once(windows: Pixels, size: int, h: int, w: int) -> Pixels:
    x = windows.view(-1, h // size, w // size, size, size, windows.shape[-1])
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, h, w, windows.shape[-1])


def together_by_counted_batch(windows: Pixels, size: int, h: int, w: int) -> Pixels:
    n = windows.shape[0] // (h * w // size // size)
    x = windows.view(n, h // size, w // size, size, size, -1)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(n, h, w, -1)


def together_by_true_division(windows: Pixels, size: int, h: int, w: int) -> Pixels:
    n = int(windows.shape[0] / (h * w / size / size))
    x = windows.view(n, h // size, w // size, size, size, -1)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(n, h, w, -1)


class Block(nn.Module):
    def __init__(self, together: Callable[..., Pixels], pad: bool) -> None:
        super().__init__()
        self.mix = nn.Linear(8, 8)
        self.together = together
        self.pad = pad

    def forward(self, x: Pixels) -> Pixels:
        h, w = x.shape[1:3]
        padded = F.pad(x, (0, 0, 0, -w % 7, 0, -h % 7)) if self.pad else x
        mixed = self.mix(apart(padded, 7))
        return x + self.together(mixed, 7, *padded.shape[1:3])[:, :h, :w]


class Windows(nn.Module):
    def __init__(self, together: Callable[..., Pixels], pad: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 7, stride=4, padding=3)
        self.blocks = nn.Sequential(*(Block(together, pad) for _ in range(3)))

    def forward(self, x: Pixels) -> Pixels:
        return self.blocks(self.stem(x).permute(0, 2, 3, 1))


SPELLINGS = (together_at_once, together_by_counted_batch, together_by_true_division)


@pytest.mark.parametrize("together", SPELLINGS)
def test_a_map_of_whole_windows_keeps_its_batch(together: Callable[..., Pixels]) -> None:
    a = convsym.analyze(Windows(together, pad=False).eval(), "N 3 H W")
    assert str(a.domain) == "(H + 3) % 28 <= 3 and (W + 3) % 28 <= 3"
    assert str(a.outputs.shape) == "(N, (H + 3)//4, (W + 3)//4, 8)"


@pytest.mark.parametrize("together", SPELLINGS)
def test_a_map_that_is_padded_to_whole_windows_runs_at_every_size(together: Callable[..., Pixels]) -> None:
    model = Windows(together, pad=True).eval()
    a = convsym.analyze(model, "N 3 H W")
    assert str(a.domain) == "every N, H, W >= 1"
    for sizes in ((2, 29, 60), (1, 1, 30)):
        at = a.at(**dict(zip("NHW", sizes, strict=True)))
        assert at.outputs == [tuple(model(torch.zeros(sizes[0], 3, *sizes[1:])).shape)]


class Position(nn.Module):
    """A position for each pixel, of one for the whole map and a tile for each window, as in hierarchical models."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = nn.Parameter(torch.zeros(1, 8, 7, 7))
        self.tile = nn.Parameter(torch.zeros(1, 8, 4, 4))
        self.block = Block(together_by_counted_batch, pad=True)

    def forward(self, x: Pixels) -> Pixels:
        h, w = x.shape[2:]
        position = F.interpolate(self.whole, size=(h, w), mode="bicubic") + self.tile.tile((h // 4, w // 4))
        return self.block((x + position).permute(0, 2, 3, 1))


def test_positions_that_are_tiled_ask_for_whole_tiles() -> None:
    model = Position().eval()
    a = convsym.analyze(model, "N 8 H W")
    assert str(a.domain) == "H % 4 == 0 and W % 4 == 0"
    for size in (1, 3, 4, 8):
        try:
            model(torch.zeros(1, 8, size, 8))
            runs = True
        except (RuntimeError, ZeroDivisionError):
            runs = False
        assert a.domain.contains(N=1, H=size, W=8) == runs


class Branching(nn.Module):
    """Windows only where the map is larger than one: layers see other sizes there, and results lie otherwise in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(self.Mix() for _ in range(4)))

    class Mix(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Linear(8, 8)

        def forward(self, x: Pixels) -> Pixels:
            h, w = x.shape[1:3]
            if h <= 7 and w <= 7:
                return self.mix(x)
            padded = F.pad(x, (0, 0, 0, -w % 7, 0, -h % 7))
            mixed = self.mix(apart(padded, 7))
            return together_at_once(mixed, 7, *padded.shape[1:3])[:, :h, :w]

    def forward(self, x: Pixels) -> Pixels:
        return self.blocks(x).flatten(1, 2)


def test_ways_on_which_a_layer_sees_other_sizes_are_joined() -> None:
    a = convsym.analyze(Branching().eval(), "N H W 8")
    assert len(a.ways) == 1
    assert str(a.domain) == "every N, H, W >= 1"
    inputs = {size: a.at(N=2, H=size, W=5).layers[0].input for size in (5, 9)}
    assert inputs == {5: (2, 5, 5, 8), 9: (4, 7, 7, 8)}


class Halving(nn.Module):
    """Patches of two, four times over, each after padding to an even map where that is needed."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Sequential(*(self.Patches() for _ in range(4)))

    class Patches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.reduce = nn.Conv2d(3, 3, 2, stride=2)

        def forward(self, x: Pixels) -> Pixels:
            if x.shape[2] % 2 != 0:
                x = F.pad(x, (0, 0, 0, 2 - x.shape[2] % 2))
            if x.shape[3] % 2 != 0:
                x = F.pad(x, (0, 2 - x.shape[3] % 2))
            return self.reduce(x)

    def forward(self, x: Pixels) -> Pixels:
        return self.patches(x).flatten(2)


def test_padding_that_is_needed_at_some_sizes_makes_ceilings_of_floors() -> None:
    a = convsym.analyze(Halving().eval(), "N 3 H W")
    assert len(a.ways) == 1
    assert str(a.outputs.shape) == "(N, 3, ((H + 15)//16)*((W + 15)//16))"
