"""CS109: norm-over-one-value."""

from __future__ import annotations

from convsym.rules.rule import Rule


class NormOverOneValue(Rule):
    """Statistics of a single value.

    What it finds:

    Batch normalisation in training mode over one value per channel (a batch of one after global pooling), and
    instance normalisation over one pixel.

    Why it matters:

    The variance of one value is zero; torch refuses to train on it.

    Bad::

        class Net(nn.Module):
            input = "1 8 H W"

            def __init__(self):
                super().__init__()
                self.pool = nn.AdaptiveAvgPool2d(1)
                self.norm = nn.BatchNorm2d(8)

            def forward(self, x):
                return self.norm(self.pool(x))

    Good::

        class Net(nn.Module):
            input = "2 8 H W"

            def __init__(self):
                super().__init__()
                self.pool = nn.AdaptiveAvgPool2d(1)
                self.norm = nn.BatchNorm2d(8)

            def forward(self, x):
                return self.norm(self.pool(x))
    """

    code = "CS109"
    name = "norm-over-one-value"
    kinds = ("norm-one-value",)
    help = "train with a larger batch or a larger input, or call eval() for inference"
