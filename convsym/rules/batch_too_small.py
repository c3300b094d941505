"""CS203: batch-too-small."""

from __future__ import annotations

from convsym.rules.norm_over_one_value import NormOverOneValue
from convsym.rules.size_rule import SizeRule


class BatchTooSmall(SizeRule):
    """Declared batches too small for batch statistics.

    What it finds:

    Batch normalisation in training mode over a single value per channel, or instance normalisation over one pixel, at
    some of the declared sizes: typically the last batch of an epoch, of one sample.

    Why it matters:

    torch refuses to train on it, and the failure comes late: at the end of the first epoch.

    Bad::

        class Net(nn.Module):
            input = "2*n-1 8 H W"

            def __init__(self):
                super().__init__()
                self.pool = nn.AdaptiveAvgPool2d(1)
                self.norm = nn.BatchNorm2d(8)

            def forward(self, x):
                return self.norm(self.pool(x))

    Good::

        class Net(nn.Module):
            input = "2*n 8 H W"

            def __init__(self):
                super().__init__()
                self.pool = nn.AdaptiveAvgPool2d(1)
                self.norm = nn.BatchNorm2d(8)

            def forward(self, x):
                return self.norm(self.pool(x))
    """

    code = "CS203"
    name = "batch-too-small"
    counterparts = (NormOverOneValue,)
    help = "drop the last batch (drop_last=True), or use a batch size that leaves none of one sample"
