"""CS107: linear-input-features."""

from __future__ import annotations

from convsym.rules.channel_rule import ChannelRule


class LinearInputFeatures(ChannelRule):
    """A linear layer given another number of features than it was made for.

    What it finds:

    A linear layer (or bilinear layer, recurrent layer, embedding bag) whose input has not `in_features` elements on
    its last axis.

    Why it matters:

    torch refuses the call. After a flatten, the number depends on the image size: it is right for one size only.

    Bad::

        class Net(nn.Module):
            input = "N 3 32 32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)
                self.head = nn.Linear(8 * 32 * 32, 10)

            def forward(self, x):
                return self.head(self.conv(x).flatten(1))

    Good::

        class Net(nn.Module):
            input = "N 3 32 32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)
                self.head = nn.Linear(8 * 32 * 32, 10)

            def forward(self, x):
                return self.head(self.conv(x).flatten(1))
    """

    code = "CS107"
    name = "linear-input-features"
    kinds = (
        "linear-features",
        "recurrent-features",
    )
    help = "make in_features what the layer is given, or pool to a fixed size before the flatten"
