# Backbone: 2 3 32 32
from torch import nn


class ConvBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(in_channels)  # error: CS108
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = ConvBlock(3, 16)
        self.b = ConvBlock(16, 32)

    def forward(self, x):
        return self.b(self.a(x))
