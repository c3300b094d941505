"""CS307: dead-branch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis


class DeadBranch(Advice):
    """A branch that is computed and goes nowhere.

    What it finds:

    A forward that calls a module with parameters, gives the result a name, and never reads that name: most often a
    branch that was forgotten in the list of a concatenation.

    Why it matters:

    The branch costs its full price at every step and learns nothing, because no gradient reaches it.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.left = nn.Conv2d(3, 8, 1)
                self.right = nn.Conv2d(3, 8, 3, padding=1)

            def forward(self, x):
                left = self.left(x)
                right = self.right(x)
                return torch.cat([left, left], 1)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.left = nn.Conv2d(3, 8, 1)
                self.right = nn.Conv2d(3, 8, 3, padding=1)

            def forward(self, x):
                left = self.left(x)
                right = self.right(x)
                return torch.cat([left, right], 1)
    """

    code = "CS307"
    name = "dead-branch"
    help = "use the result, or delete the call"

    def advise(self, analysis: Analysis) -> Iterator[Diagnostic]:
        from convsym.analysis.unused import results_never_read

        for path, name, place in results_never_read(analysis):
            yield self.diagnostic(f"{path}: its result {name!r} is never read", place, path=path)
