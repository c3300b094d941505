# Denoiser: 2 3 16 16; 2
import math

import torch
import torch.nn.functional as F
from torch import nn


class SinusoidalPosEmb(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, t):
        half = self.dim // 2
        emb = math.log(10000) / (half - 1)
        emb = torch.exp(torch.arange(half, device=t.device) * -emb)
        emb = t[:, None] * emb[None, :]
        return torch.cat((emb.sin(), emb.cos()), dim=-1)


class Denoiser(nn.Module):
    def __init__(self, dim=16, channels=3):
        super().__init__()
        self.time_mlp = nn.Sequential(
            SinusoidalPosEmb(dim), nn.Linear(dim, dim * 4), nn.GELU(), nn.Linear(dim * 4, dim)
        )
        self.inp = nn.Conv2d(channels, dim, 7, padding=3)
        self.norm = nn.GroupNorm(8, dim)
        self.out = nn.Conv2d(dim, channels, 1)

    def forward(self, x, time):
        h = self.norm(self.inp(x)) + self.time_mlp(time)[:, :, None, None]
        return self.out(F.silu(h))
