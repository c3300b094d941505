"""CS401: too-many-flops."""

from __future__ import annotations

from convsym.rules.budget import BudgetRule


class TooManyFlops(BudgetRule):
    """A model over its budget of FLOPs.

    What it finds:

    A model whose FLOPs or MACs at the sizes of a budget are more than the budget says.

    Why it matters:

    What has to run on a given device in a given time should not grow unnoticed with a change of width or depth.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"
            budget = "flops <= 1M at N=1,H=32,W=32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 64, 3, padding=1)

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"
            budget = "flops <= 1M at N=1,H=32,W=32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS401"
    name = "too-many-flops"
    quantities = ("flops", "macs")
    help = "use fewer channels, groups, or a smaller resolution, or raise the budget"
