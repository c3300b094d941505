"""CS402: too-many-parameters."""

from __future__ import annotations

from convsym.rules.budget import BudgetRule


class TooManyParameters(BudgetRule):
    """A model over its budget of parameters.

    What it finds:

    A model with more parameters than the budget says.

    Why it matters:

    A model file, its download and the memory of its weights grow with it.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"
            budget = "parameters <= 1k"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 64, 3, padding=1)

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"
            budget = "parameters <= 1k"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS402"
    name = "too-many-parameters"
    quantities = ("parameters",)
    help = "use fewer channels or layers, or raise the budget"
