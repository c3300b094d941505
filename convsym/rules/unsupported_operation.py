"""CS007: unsupported-operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic, Severity
from convsym.rules.rule import Rule

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis


class UnsupportedOperation(Rule):
    """An operation that cannot be analysed.

    What it finds:

    A call that no rule of convsym knows and that torch cannot answer without running it, or a value that depends on
    the data. What comes after it was not checked.

    Why it matters:

    It says nothing about the model, only that silence does not mean success here.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.ones(1))

            def forward(self, x):
                import numpy

                return x * float(numpy.asarray(x).mean())

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.ones(1))

            def forward(self, x):
                return x * x.mean()
    """

    code = "CS007"
    name = "unsupported-operation"
    severity = Severity.WARNING
    help = "write it with torch's own operations, or add a rule for it in a plug-in"

    def read(self, analysis: Analysis) -> Iterator[Diagnostic]:
        for refusal in analysis.refusals:
            if not refusal.supported and refusal.error != "BrokenRule":
                where = f"{refusal.path}: " if refusal.path else ""
                message = " ".join(refusal.message.split())
                yield self.diagnostic(f"{where}cannot be analysed: {message}", refusal.place, path=refusal.path)
