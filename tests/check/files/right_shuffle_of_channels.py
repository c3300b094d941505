# ShuffleUnit: 2 24 16 16
import torch
import torch.nn.functional as F
from torch import nn


def channel_shuffle(x, groups):
    b, c, h, w = x.size()
    x = x.view(b, groups, c // groups, h, w)
    return torch.transpose(x, 1, 2).contiguous().view(b, -1, h, w)


class ShuffleUnit(nn.Module):
    def __init__(self, in_channels=24, groups=3):
        super().__init__()
        self.groups = groups
        self.conv1 = nn.Conv2d(in_channels, in_channels, 1, groups=groups)
        self.conv2 = nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels)
        self.conv3 = nn.Conv2d(in_channels, in_channels, 1, groups=groups)

    def forward(self, x):
        out = channel_shuffle(F.relu(self.conv1(x)), self.groups)
        return F.relu(x + self.conv3(self.conv2(out)))
