"""CS121: bias-length."""

from __future__ import annotations

from convsym.rules.rule import Rule


class BiasLength(Rule):
    """A bias or slope of the wrong length.

    What it finds:

    A bias whose length is not the number of output channels or features, and a PReLU with another number of slopes
    than channels.

    Why it matters:

    torch refuses the call; its meta kernels accept a wrong bias.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)
                self.act = nn.PReLU(16)

            def forward(self, x):
                return self.act(self.conv(x))

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)
                self.act = nn.PReLU(8)

            def forward(self, x):
                return self.act(self.conv(x))
    """

    code = "CS121"
    name = "bias-length"
    kinds = (
        "bias-features",
        "prelu-parameters",
    )
    help = "give it one entry for each channel"
