# PixelCNN: 2 3 16 16
import torch
import torch.nn.functional as F
from torch import nn


class MaskedConv(nn.Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_buffer("mask", torch.ones(self.out_channels, self.in_channels, 3, 3))

    def forward(self, x):
        return F.conv2d(x, self.weight * self.mask, self.bias, self.stride, self.padding)  # error: CS111


class PixelCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = MaskedConv(3, 16, 7, padding=3)
        self.second = nn.Conv2d(16, 3, 1)

    def forward(self, x):
        return self.second(self.first(x))
