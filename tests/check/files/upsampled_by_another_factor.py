# FPN: 2 3 64 64
import torch
import torch.nn.functional as F
from torch import nn


class FPN(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.c2 = nn.Conv2d(32, 64, 3, stride=2, padding=1)
        self.c3 = nn.Conv2d(64, 128, 3, stride=4, padding=1)
        self.l2 = nn.Conv2d(64, 32, 1)
        self.l3 = nn.Conv2d(128, 32, 1)

    def forward(self, x):
        c2 = self.c2(F.relu(self.c1(x)))
        c3 = self.c3(F.relu(c2))
        top = F.interpolate(self.l3(c3), scale_factor=2)
        return top + self.l2(c2)  # error: CS111


if __name__ == "__main__":
    FPN()(torch.randn(2, 3, 64, 64))
