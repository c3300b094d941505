# Block: 2 10 64
from torch import nn


class Block(nn.Module):
    def __init__(self, dim=64, heads=6):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)  # error: CS126

    def forward(self, x):
        y = self.norm(x)
        return x + self.attn(y, y, y)[0]
