# Net: 2 3 32 32
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        x = self.pool(self.conv(x)).squeeze()
        if x.dim() == 1:
            x = x.unsqueeze(0)
        return self.fc(x)
