"""CS129: many-elements-as-one."""

from __future__ import annotations

from convsym.rules.rule import Rule


class ManyElementsAsOne(Rule):
    """A tensor of many elements used as one number.

    What it finds:

    item(), int(), float(), bool() or an `if` on a tensor that has not exactly one element at any size.

    Why it matters:

    torch cannot tell which element is meant, and raises.

    Bad::

        class Net(nn.Module):
            input = "N 3 8 8"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                y = self.conv(x)
                return y * y.mean(dim=1).item()

    Good::

        class Net(nn.Module):
            input = "N 3 8 8"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                y = self.conv(x)
                return y * y.mean().item()
    """

    code = "CS129"
    name = "many-elements-as-one"
    kinds = ("one-element",)
    help = "reduce it to one element first"
