# Separable: 2 3 31 33
import torch.nn.functional as F
from torch import nn


class Separable(nn.Module):
    def __init__(self, inp=3, oup=12, k=5):
        super().__init__()
        self.depthwise = nn.Conv2d(inp, inp * 2, k, padding="same", groups=inp)
        self.pointwise = nn.Conv2d(inp * 2, oup, 1)
        self.bn = nn.GroupNorm(4, oup)

    def forward(self, x):
        return F.hardswish(self.bn(self.pointwise(self.depthwise(x))))
