# Net: 2 3 32 32
from torch import nn


class Net(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.layers = nn.ModuleList([nn.Conv2d(8, 8, 3, padding=1) for _ in range(depth)])

    def forward(self, x):
        x = self.stem(x)
        for i in range(4):
            x = self.layers[i](x)  # error: CS006
        return x
