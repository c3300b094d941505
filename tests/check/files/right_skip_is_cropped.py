# UNet: 2 1 93 108
import torch
import torch.nn.functional as F
from torch import nn


class UNet(nn.Module):
    def __init__(self, in_channels=1, base=8):
        super().__init__()
        self.down1 = nn.Conv2d(in_channels, base, 3)
        self.down2 = nn.Conv2d(base, base * 2, 3)
        self.up = nn.ConvTranspose2d(base * 2, base, 2, stride=2)
        self.out = nn.Conv2d(base * 2, 1, 3)

    def center_crop(self, layer, size):
        _, _, h, w = layer.size()
        y, x = (h - size[0]) // 2, (w - size[1]) // 2
        return layer[:, :, y : y + size[0], x : x + size[1]]

    def forward(self, x):
        a = F.relu(self.down1(x))
        b = F.relu(self.down2(F.max_pool2d(a, 2)))
        up = self.up(b)
        return self.out(torch.cat([up, self.center_crop(a, up.shape[2:])], 1))
