"""Deep models: a chain of layers, and an encoder and decoder with many skip connections."""

from __future__ import annotations

import torch
from torch import nn

import convsym


def chain(layers: int) -> nn.Module:
    """Convolutions and activations in turn, one after the other."""
    with convsym.without_weights():
        pairs = [(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()) for _ in range(layers // 2)]
        return nn.Sequential(*(layer for pair in pairs for layer in pair)).eval()


class Skips(nn.Module):
    """An encoder of valid convolutions and a decoder that adds what each of them was given."""

    def __init__(self, skips: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(nn.Conv2d(4, 4, 3) for _ in range(skips))
        self.up = nn.ModuleList(nn.ConvTranspose2d(4, 4, 3) for _ in range(skips))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = []
        for down in self.down:
            kept.append(x)
            x = down(x)
        for up in self.up:
            x = up(x) + kept.pop()
        return x


def skips(count: int) -> nn.Module:
    """`Skips` without weights."""
    with convsym.without_weights():
        return Skips(count).eval()
