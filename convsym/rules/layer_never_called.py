"""CS305: layer-never-called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis


class LayerNeverCalled(Advice):
    """A layer that is made and never used.

    What it finds:

    A module with parameters that the forward does not call, and whose name nothing in the source of the class reads:
    no other method, no getattr, no loop over all children.

    Why it matters:

    Its parameters are stored, moved and given to the optimiser for nothing; DistributedDataParallel stops at a
    parameter without a gradient. Most often another layer was called in its place.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.first = nn.Conv2d(3, 8, 3)
                self.second = nn.Conv2d(8, 8, 3)
                self.third = nn.Conv2d(8, 8, 3)

            def forward(self, x):
                return self.second(self.second(self.first(x)))

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.first = nn.Conv2d(3, 8, 3)
                self.second = nn.Conv2d(8, 8, 3)
                self.third = nn.Conv2d(8, 8, 3)

            def forward(self, x):
                return self.third(self.second(self.first(x)))
    """

    code = "CS305"
    name = "layer-never-called"
    help = "call it in the forward, or delete it"

    def advise(self, analysis: Analysis) -> Iterator[Diagnostic]:
        from convsym.analysis.unused import layers_never_used
        from convsym.trace.building import definition_of

        for path, owner, layer in layers_never_used(analysis):
            name = path.rpartition(".")[2]
            yield self.diagnostic(
                f"{path}: {type(layer).__name__} is never called, and nothing in {type(owner).__name__} reads self.{name}",
                definition_of(layer),
                path=path,
            )
