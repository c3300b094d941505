"""CS123: view-of-permuted-memory."""

from __future__ import annotations

from convsym.rules.rule import Rule


class ViewOfPermutedMemory(Rule):
    """A view that would need a copy.

    What it finds:

    view (and the strided views) of a tensor whose memory was permuted before, so that the new shape cannot be had
    without a copy.

    Why it matters:

    torch refuses the call; reshape would copy.

    Bad::

        class Net(nn.Module):
            input = "N 3 8 8"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x).permute(0, 2, 3, 1).view(x.shape[0], -1)

    Good::

        class Net(nn.Module):
            input = "N 3 8 8"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x).permute(0, 2, 3, 1).reshape(x.shape[0], -1)
    """

    code = "CS123"
    name = "view-of-permuted-memory"
    kinds = (
        "view-layout",
        "strides",
    )
    help = "use reshape, or call contiguous() first"
