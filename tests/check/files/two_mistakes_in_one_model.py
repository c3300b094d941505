# Segmenter: 2 3 64 64
import torch.nn.functional as F
from torch import nn


class Segmenter(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.body = nn.Conv2d(64, 64, 3, padding=1)  # error: CS101  # fix: 32
        self.norm = nn.BatchNorm2d(64)
        self.up = nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1)
        self.head = nn.Conv2d(16, 2, 1)  # error: CS101  # fix: 32

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = F.relu(self.norm(self.body(x)))
        return self.head(F.relu(self.up(x)))
