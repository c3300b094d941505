"""CS006: failing-forward."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.rule import Rule

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis


class FailingForward(Rule):
    """A forward that raises at every size.

    What it finds:

    An exception that the model's own code, or an operation that no other rule speaks for, raises whatever the sizes
    of its input, such as a missing attribute or an assertion about the shape. An exception that only some sizes meet
    narrows the domain and is not reported.

    Why it matters:

    The model never runs with such an input.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.convolution(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS006"
    name = "failing-forward"
    kinds = ("refused",)
    help = "mend this line, or give the input that the model is made for"

    def read(self, analysis: Analysis) -> Iterator[Diagnostic]:
        yield from super().read(analysis)
        if analysis.cases or analysis.findings:
            return
        for refusal in analysis.refusals:
            if refusal.supported:
                where = f"{refusal.path}: " if refusal.path else ""
                message = " ".join(refusal.message.split())
                yield self.diagnostic(
                    f"{where}forward raises {refusal.error}: {message}", refusal.place, witness={}, path=refusal.path
                )
