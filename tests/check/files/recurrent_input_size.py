# CRNN: 2 1 32 100
from torch import nn


class CRNN(nn.Module):
    def __init__(self, n_class=37, hidden=64):
        super().__init__()
        self.cnn = nn.Sequential(
            nn.Conv2d(1, 64, 3, 1, 1),
            nn.ReLU(True),
            nn.MaxPool2d(2, 2),
            nn.Conv2d(64, 128, 3, 1, 1),
            nn.ReLU(True),
            nn.MaxPool2d(2, 2),
        )
        self.rnn = nn.LSTM(128, hidden, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(hidden, n_class)  # error: CS107

    def forward(self, x):
        x = self.cnn(x).mean(2).permute(0, 2, 1)
        x, _ = self.rnn(x)
        return self.fc(x)
