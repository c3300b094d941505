"""CS012: unused-ignore."""

from __future__ import annotations

from convsym.diagnostics import Severity
from convsym.rules.rule import Rule


class UnusedIgnore(Rule):
    """A comment that ignores what is not there.

    What it finds:

    A comment `# convsym: ignore[CS101]` on a statement where nothing of that code is found, in a file whose models were
    all checked.

    Why it matters:

    The mistake that it was written for is gone, and the next one on this line would go unseen.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)  # convsym: ignore[CS101]

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS012"
    name = "unused-ignore"
    severity = Severity.WARNING
    help = "delete the comment"
