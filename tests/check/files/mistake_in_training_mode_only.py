# WithAux: 2 3 64 64
import torch.nn.functional as F
from torch import nn


class WithAux(nn.Module):
    def __init__(self, num_classes=5):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.body = nn.Conv2d(32, 64, 3, stride=2, padding=1)
        self.aux = nn.Conv2d(64, num_classes, 1)  # error: CS101  # fix: 32
        self.head = nn.Conv2d(64, num_classes, 1)

    def forward(self, x):
        stem = F.relu(self.stem(x))
        out = self.head(F.relu(self.body(stem)))
        if self.training:
            return out, self.aux(stem)
        return out
