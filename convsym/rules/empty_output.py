"""CS106: empty-output."""

from __future__ import annotations

from convsym.rules.rule import Rule


class EmptyOutput(Rule):
    """An output or an input without elements.

    What it finds:

    A transposed convolution or unpooling whose output has no element on some axis, and operations that need elements,
    given none.

    Why it matters:

    torch refuses such calls, or computes nothing from there on.

    Bad::

        class Net(nn.Module):
            input = "1 8 1 1"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(8, 4, 2, stride=2, padding=1)

            def forward(self, x):
                return self.up(x)

    Good::

        class Net(nn.Module):
            input = "1 8 2 2"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(8, 4, 2, stride=2, padding=1)

            def forward(self, x):
                return self.up(x)
    """

    code = "CS106"
    name = "empty-output"
    kinds = (
        "empty-output",
        "empty-input",
        "empty-sequence",
    )
    help = "use less padding or a larger input"
