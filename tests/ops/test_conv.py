import pytest
import torch
from torch import nn

import convsym


@pytest.mark.parametrize(
    ("kind", "channels", "out_channels"),
    [(nn.Conv2d, 3, 0), (nn.Conv2d, 0, 3), (nn.ConvTranspose2d, 3, 0), (nn.ConvTranspose2d, 0, 3)],
)
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_a_weight_that_makes_nothing_is_refused_as_torch_refuses_it(kind, channels, out_channels):
    layer = kind(channels, out_channels, 3)
    try:
        layer(torch.zeros(2, channels, 5, 5))
        runs = True
    except RuntimeError:
        runs = False
    assert convsym.analyze(layer, f"2 {channels} 5 5").domain.contains() is runs
