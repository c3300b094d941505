"""CS118: uneven-split."""

from __future__ import annotations

from convsym.rules.rule import Rule


class UnevenSplit(Rule):
    """A split that does not come out even.

    What it finds:

    split with sizes that do not sum to the axis, an unpacking of another number of parts, and a gated linear unit
    over an odd number of channels.

    Why it matters:

    torch refuses the call.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 9, 3)

            def forward(self, x):
                return F.glu(self.conv(x), dim=1)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return F.glu(self.conv(x), dim=1)
    """

    code = "CS118"
    name = "uneven-split"
    kinds = (
        "split-mismatch",
        "glu",
    )
    help = "make the parts sum to the size of the axis"
