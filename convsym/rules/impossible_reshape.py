"""CS112: impossible-reshape."""

from __future__ import annotations

from convsym.rules.rule import Rule


class ImpossibleReshape(Rule):
    """A reshape to another number of elements.

    What it finds:

    view, reshape, unflatten, pixel_shuffle and kin whose target does not have as many elements as the tensor, at any
    size.

    Why it matters:

    torch refuses the call. A fixed number of features in a view after convolutions is right for one image size only,
    and a wrong one silently moves elements into the batch.

    Bad::

        class Net(nn.Module):
            input = "N 3 8 8"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 16, 3)

            def forward(self, x):
                return self.conv(x).view(x.shape[0], 16 * 8 * 8)

    Good::

        class Net(nn.Module):
            input = "N 3 8 8"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 16, 3)

            def forward(self, x):
                return self.conv(x).view(x.shape[0], 16 * 6 * 6)
    """

    code = "CS112"
    name = "impossible-reshape"
    kinds = (
        "reshape",
        "reshape-rest",
        "flatten-axes",
        "pixel-shuffle",
    )
    help = "flatten(1) or a -1 in the target takes what is there"
