"""CS306: layers-in-plain-list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis


class LayersInPlainList(Advice):
    """Layers in a list, tuple or dict that torch does not look into.

    What it finds:

    Modules with trainable parameters, or trainable parameters themselves, in a plain list, tuple, set or dict of a
    module, where `parameters()` does not find them.

    Why it matters:

    The optimiser never sees them, `.to()` leaves them behind, and they are missing from the checkpoint: they stay as
    they were drawn.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.layers = [nn.Conv2d(3, 3, 3, padding=1) for _ in range(2)]

            def forward(self, x):
                for layer in self.layers:
                    x = layer(x)
                return x

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(2))

            def forward(self, x):
                for layer in self.layers:
                    x = layer(x)
                return x
    """

    code = "CS306"
    name = "layers-in-plain-list"
    help = "use nn.ModuleList, nn.ModuleDict or nn.ParameterList"

    def advise(self, analysis: Analysis) -> Iterator[Diagnostic]:
        from convsym.analysis.unused import hidden_in_containers
        from convsym.trace.building import definition_of

        for path, name, container, modules in hidden_in_containers(analysis.model):
            layers = [type(m).__name__ for m in modules]
            what = f"{len(layers)} modules ({', '.join(dict.fromkeys(layers))})" if layers else "parameters"
            place = next((p for m in modules if (p := definition_of(m)) is not None), None)
            yield self.diagnostic(
                f"{f'{path}.' if path else ''}{name}: {what} in a plain {type(container).__name__}, "
                "hidden from parameters()",
                place,
                path=path,
            )
