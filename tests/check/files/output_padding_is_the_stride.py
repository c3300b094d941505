# Upsampler: 2 8 16 16
import torch
import torch.nn.functional as F
from torch import nn


class Upsampler(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(8, 32, 3, padding=1)
        self.up = nn.ConvTranspose2d(32, 16, 3, stride=2, padding=1, output_padding=2)  # error: CS104  # fix: 1
        self.out = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, x):
        return torch.tanh(self.out(F.relu(self.up(F.relu(self.stem(x))))))
