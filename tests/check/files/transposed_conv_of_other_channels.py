# Decoder: 2 64
import torch
import torch.nn.functional as F
from torch import nn


class Decoder(nn.Module):
    def __init__(self, latent_dim=64):
        super().__init__()
        self.fc = nn.Linear(latent_dim, 128 * 4 * 4)
        self.up1 = nn.ConvTranspose2d(256, 64, 4, 2, 1)  # error: CS102  # fix: 128
        self.up2 = nn.ConvTranspose2d(64, 3, 4, 2, 1)

    def forward(self, z):
        x = self.fc(z).view(-1, 128, 4, 4)
        return torch.sigmoid(self.up2(F.relu(self.up1(x))))
