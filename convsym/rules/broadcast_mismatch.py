"""CS111: broadcast-mismatch."""

from __future__ import annotations

from convsym.rules.mismatch import MismatchRule


class BroadcastMismatch(MismatchRule):
    """Shapes that cannot be broadcast.

    What it finds:

    Element-wise operations on tensors whose sizes differ on an axis where neither is one; `expand` to a shape that
    the tensor does not have; a mask of another shape than what it masks.

    Why it matters:

    torch refuses the call. In a residual block it is a shortcut that keeps the size while the branch shrinks it.

    Bad::

        class Net(nn.Module):
            input = "N 3 32 32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 3, stride=2, padding=1)

            def forward(self, x):
                return x + self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 32 32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 3, stride=2, padding=1)

            def forward(self, x):
                return F.avg_pool2d(x, 2) + self.conv(x)
    """

    code = "CS111"
    name = "broadcast-mismatch"
    kinds = (
        "broadcast-mismatch",
        "expand",
        "mask-mismatch",
        "meshgrid",
    )
    help = "bring both to the same size, or give one of them size 1 on this axis"
