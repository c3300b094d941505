"""CS125: dtype-mismatch."""

from __future__ import annotations

from convsym.rules.rule import Rule


class DtypeMismatch(Rule):
    """A dtype that the operation does not take.

    What it finds:

    Tensors of different dtypes where torch promotes none, integer input to a layer with floating-point weights, and
    indices that are no integers.

    Why it matters:

    torch refuses the call.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W:int64"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W:int64"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x.float())
    """

    code = "CS125"
    name = "dtype-mismatch"
    kinds = (
        "dtype-mismatch",
        "index-dtype",
        "complex-dtype",
        "view-dtype",
        "argument-type",
        "input-dtype",
    )
    help = "convert one of them"
