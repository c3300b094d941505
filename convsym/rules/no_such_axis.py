"""CS124: no-such-axis."""

from __future__ import annotations

from convsym.rules.rule import Rule


class NoSuchAxis(Rule):
    """An axis that the tensor does not have.

    What it finds:

    A dim argument outside the axes of the tensor, an axis named twice, and permute or repeat with too few axes.

    Why it matters:

    torch raises IndexError or RuntimeError.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x).sum(dim=4)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x).sum(dim=3)
    """

    code = "CS124"
    name = "no-such-axis"
    kinds = (
        "axis-out-of-range",
        "axis-repeated",
        "permute-axes",
        "repeat-axes",
        "roll-axes",
        "rotation-axes",
    )
    help = "name an axis that is there, counted from 0 or from -1"
