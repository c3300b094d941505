import pytest
import torch
from torch import nn

import convsym


class Chain(nn.Module):
    def __init__(self, *layers, inputs="N 3 32 32"):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Heads(nn.Module):
    def __init__(self, *features):
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(f, 2) for f in features)

    def forward(self, x):
        return [head(x) for head in self.heads]


class Residual(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, stride, 1)

    def forward(self, x):
        return x + self.conv(x)


class InPlace(nn.Module):
    def forward(self, x):
        y, z = x.clone(), x[..., 1:]
        y -= z
        return y.round() + z


@pytest.mark.parametrize(
    ("model", "paths"),
    [
        # Two mistakes that have nothing to do with each other.
        (Chain(nn.Conv2d(4, 8, 3), nn.Conv2d(16, 8, 3)), ["layers.0", "layers.1"]),
        (Chain(nn.Conv2d(4, 8, 3), nn.BatchNorm2d(9), nn.Conv2d(8, 8, 99)), ["layers.0", "layers.1", "layers.2"]),
        (Chain(Residual(2), Residual(1), Residual(2)), ["layers.0", "layers.2"]),
        (Heads(31, 33), ["heads.0", "heads.1"]),
        # One mistake: both heads are given the wrong tensor, both layers stand in the wrong order, the layer between is
        # of the wrong width.
        (Heads(31, 31), ["heads.0"]),
        (Chain(nn.Conv2d(3, 8, 1), nn.Conv2d(4, 2, 1), nn.Conv2d(8, 4, 1)), ["layers.1"]),
        (Chain(nn.Conv2d(1, 1, 1), nn.Conv2d(3, 8, 1)), ["layers.0"]),
        (InPlace(), [""]),
    ],
)
def test_one_mistake_is_reported_once_and_two_are_reported_both(model, paths):
    assert [f.path for f in convsym.analyze(model, "N 3 32 32").findings] == paths


def test_what_is_joined_after_a_mismatch_is_judged_by_itself():
    class Twice(nn.Module):
        def forward(self, x):
            first = torch.cat([x, x[..., 1:]], 1)
            second = torch.cat([first, x, first[..., 2:]], 1)
            return second, torch.cat([x, x[:, :, 3:]], 1)

    assert len(convsym.analyze(Twice(), "N 3 32 32").findings) == 3
