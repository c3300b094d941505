"""CS204: forward-refuses-size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convsym.rules.size_rule import SizeRule

if TYPE_CHECKING:
    from convsym.analysis.shortfalls import Shortfall


class ForwardRefusesSize(SizeRule):
    """Declared sizes at which the forward raises.

    What it finds:

    An exception that the forward of a model raises itself, such as an assertion about the shape, at some of the
    declared sizes.

    Why it matters:

    The model says that it is not made for these sizes.

    Bad::

        class Net(nn.Module):
            input = "N 3 8*h 8*w"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                if x.shape[2] % 16:
                    raise ValueError("the height must be a multiple of 16")
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 16*h 8*w"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                if x.shape[2] % 16:
                    raise ValueError("the height must be a multiple of 16")
                return self.conv(x)
    """

    code = "CS204"
    name = "forward-refuses-size"
    help = "declare only sizes that it takes, or make it take the others"

    def speaks_of(self, found: Shortfall) -> bool:
        return found.refusal is not None
