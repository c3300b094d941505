# Net: 2 3 32 32
import torch
from torch import nn


class DiceLoss(nn.Module):
    def __init__(self, smooth=1.0):
        super().__init__()
        self.smooth = smooth

    def forward(self, pred, target):
        pred, target = pred.contiguous().view(-1), target.contiguous().view(-1)
        inter = (pred * target).sum()
        return 1 - (2.0 * inter + self.smooth) / (pred.sum() + target.sum() + self.smooth)


class Net(nn.Module):
    def __init__(self, in_channels=3):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 1, 3, padding=1)

    def forward(self, x):
        return torch.sigmoid(self.conv(x))
