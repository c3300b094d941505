"""CS108: norm-features-mismatch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convsym.rules.channel_rule import ChannelRule


class NormFeaturesMismatch(ChannelRule):
    """A normalisation made for another number of features.

    What it finds:

    Batch, instance, group, layer or local normalisation whose number of features is not that of its input, or a group
    normalisation whose groups do not divide its channels.

    Why it matters:

    torch refuses to build or to run the layer. Common after a width was changed in one of two places.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 16, 3)
                self.norm = nn.BatchNorm2d(32)

            def forward(self, x):
                return self.norm(self.conv(x))

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 16, 3)
                self.norm = nn.BatchNorm2d(16)

            def forward(self, x):
                return self.norm(self.conv(x))
    """

    code = "CS108"
    name = "norm-features-mismatch"
    kinds = (
        "norm-features",
        "norm-statistics",
    )
    help = "give the normalisation as many features as its input has"

    def refuses(self, layer: str, arguments: Mapping[str, Any]) -> bool:
        groups, channels = arguments.get("num_groups"), arguments.get("num_channels")
        return layer == "GroupNorm" and isinstance(groups, int) and isinstance(channels, int) and channels % groups != 0
