"""CS119: index-out-of-range."""

from __future__ import annotations

from convsym.rules.rule import Rule


class IndexOutOfRange(Rule):
    """An index past the end of an axis.

    What it finds:

    An integer index, select or gather outside the axis at every size.

    Why it matters:

    torch raises IndexError.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x)[:, 8]

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x)[:, 7]
    """

    code = "CS119"
    name = "index-out-of-range"
    kinds = ("index-out-of-range",)
    help = "use an index below the size of the axis"
