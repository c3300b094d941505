"""CS103: indivisible-groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convsym.rules.rule import Rule


class IndivisibleGroups(Rule):
    """Groups that do not divide the channels.

    What it finds:

    A convolution whose groups do not divide in_channels and out_channels, and a group normalisation or channel
    shuffle whose groups do not divide the channels of a call.

    Why it matters:

    Each group needs the same number of channels; torch refuses to build or to run the layer. Depthwise layers with
    groups=out_channels fail as soon as the two widths differ.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 16, 3)
                self.depthwise = nn.Conv2d(16, 24, 3, groups=24)

            def forward(self, x):
                return self.depthwise(self.stem(x))

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 16, 3)
                self.depthwise = nn.Conv2d(16, 32, 3, groups=16)

            def forward(self, x):
                return self.depthwise(self.stem(x))
    """

    code = "CS103"
    name = "indivisible-groups"
    kinds = ("groups",)
    help = "choose groups that divide both in_channels and out_channels"

    def refuses(self, layer: str, arguments: Mapping[str, Any]) -> bool:
        groups = arguments.get("groups")
        channels = (arguments.get("in_channels"), arguments.get("out_channels"))
        if "Conv" not in layer or not isinstance(groups, int):
            return False
        return groups < 1 or any(isinstance(c, int) and c % groups != 0 for c in channels)
