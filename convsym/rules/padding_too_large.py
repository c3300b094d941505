"""CS115: padding-too-large."""

from __future__ import annotations

from convsym.rules.rule import Rule


class PaddingTooLarge(Rule):
    """Padding larger than what it is taken from.

    What it finds:

    Reflection padding of at least the size of the input, circular padding of more than it, and pooling padding of
    more than half the kernel.

    Why it matters:

    Reflected and wrapped pixels must exist, and a pooling window must not lie in the padding alone; torch refuses
    such calls.

    Bad::

        class Net(nn.Module):
            input = "N 3 4 4"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 9, padding=4, padding_mode='reflect')

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 8 8"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 9, padding=4, padding_mode='reflect')

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS115"
    name = "padding-too-large"
    kinds = (
        "padding-too-large",
        "pool-padding",
        "padding-negative",
    )
    help = "use less padding, another padding mode, or a larger input"
