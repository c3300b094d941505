# DecoderBlock: 2 16 8 8; 2 8 16 16
import torch
import torch.nn.functional as F
from torch import nn


class DecoderBlock(nn.Module):
    def __init__(self, in_channels=16, skip_channels=8, out_channels=8):
        super().__init__()
        self.conv = nn.Conv2d(in_channels + skip_channels, out_channels, 3, padding=1)
        self.pre = nn.Conv2d(in_channels, in_channels, 1)

    def forward(self, x, skip=None):
        x = F.interpolate(self.pre(x), scale_factor=2, mode="nearest")
        if skip is not None:
            x = torch.cat([x, skip], dim=1)
        return self.conv(x)
