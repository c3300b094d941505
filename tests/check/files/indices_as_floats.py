# TextNet: 2 12
import torch
from torch import nn


class TextNet(nn.Module):
    def __init__(self, vocab_size=1000, dim=32):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, dim)
        self.position = nn.Embedding(64, dim)
        self.fc = nn.Linear(dim, 2)

    def forward(self, x: torch.Tensor):
        tokens = self.embedding(x.long())
        positions = torch.arange(x.shape[1], dtype=torch.float32)
        return self.fc((tokens + self.position(positions)).mean(1))  # error: CS125
