# Net: 2 3 32 32
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2),
            nn.ReLU(),
        )
        self.squash = nn.Conv2d(64, 64, 5)  # error: CS105
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.squash(self.features(x))
        return self.fc(x.mean((2, 3)))


if __name__ == "__main__":
    net = Net()
    x = torch.randn(2, 3, 32, 32)
    assert net(x) is not None
