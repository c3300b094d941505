"""CS005: failing-constructor."""

from __future__ import annotations

from convsym.rules.rule import Rule


class FailingConstructor(Rule):
    """A constructor that raises.

    What it finds:

    An exception from the constructor of a model that none of the other rules explains. The place is the innermost
    line of the user's own code, the related places are the lines that led to it.

    Why it matters:

    The model cannot be built at all.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self, widths=(8, 16)):
                super().__init__()
                self.conv = nn.Conv2d(3, widths[2], 3)

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self, widths=(8, 16)):
                super().__init__()
                self.conv = nn.Conv2d(3, widths[1], 3)

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS005"
    name = "failing-constructor"
    help = "change the arguments of this line"
