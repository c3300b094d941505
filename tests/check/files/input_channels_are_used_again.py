# Encoder: 2 3 32 32
from torch import nn


class Encoder(nn.Module):
    def __init__(self, in_ch=3, widths=(16, 32, 64)):
        super().__init__()
        self.stages = nn.ModuleList()
        for width in widths:
            self.stages.append(
                nn.Sequential(
                    nn.Conv2d(in_ch, width, 3, stride=2, padding=1),  # error: CS101
                    nn.BatchNorm2d(width),
                    nn.ReLU(),
                )
            )

    def forward(self, x):
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features
