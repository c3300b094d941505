# Attention: 2 3 16 16
import torch
from torch import nn
from torch.nn import functional as F


class ConvBlock(nn.Module):
    def __init__(self, c_in, c_out, kernel_size):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel_size, padding=(kernel_size - 1) / 2)  # error: CS127
        self.norm = nn.BatchNorm2d(c_out)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class Attention(nn.Module):
    def __init__(self, heads=4):
        super().__init__()
        self.heads = heads
        self.stem = ConvBlock(3, 16, 3)
        self.body = ConvBlock(16, 16, 5)
        self.qkv = nn.Conv2d(16, 48, 1)

    def forward(self, x):
        x = self.body(self.stem(x))
        n, c, h, w = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=1)
        q = q.reshape(n, self.heads, c / self.heads, h * w)  # error: CS127
        k, v = (t.reshape(n, self.heads, c // self.heads, h * w) for t in (k, v))
        weights = torch.softmax(q.transpose(2, 3) @ k, dim=-1)
        return (v @ weights.transpose(2, 3)).reshape(n, c, h, w) + x
