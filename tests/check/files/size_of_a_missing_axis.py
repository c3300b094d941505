# Net: 2 3 16 16
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        x = self.conv(x)
        return self.head(x.flatten(2).sum(2) / (x.size(3) * x.size(4)))  # error: CS124
