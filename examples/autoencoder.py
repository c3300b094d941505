"""A convolutional autoencoder whose output has the input's size again, also where that size is odd."""

from __future__ import annotations

import torch
from torch import nn


class Autoencoder(nn.Module):
    def __init__(self, channels: int = 1, width: int = 16) -> None:
        super().__init__()
        self.down1 = nn.Conv2d(channels, width, 3, stride=2, padding=1)
        self.down2 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.up1 = nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1)
        self.up2 = nn.ConvTranspose2d(width, channels, 3, stride=2, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        half = torch.relu(self.down1(x))
        code = torch.relu(self.down2(half))
        # A transposed convolution cannot tell 2n - 1 from 2n, so it is told which one it was.
        half = torch.relu(self.up1(code, output_size=half.shape[2:]))
        return torch.sigmoid(self.up2(half, output_size=x.shape[2:]))
