"""CS311: small-receptive-field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.rules.wanted import Wanted


class SmallReceptiveField(Advice):
    """An output that sees less of the input than was asked for.

    What it finds:

    With `receptive-field` set, an output of the model whose receptive field is smaller along some axis. Where it is not
    defined (after global pooling, attention, resizing to a given size), nothing is said.

    Why it matters:

    A network cannot judge what it does not see: an object larger than its receptive field, a blur wider than it.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"
            receptive_field = 5

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"
            receptive_field = 5

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=2, dilation=2)

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS311"
    name = "small-receptive-field"
    help = "use larger kernels, dilation, strides, or more layers"

    def is_asked(self, wanted: Wanted) -> bool:
        return wanted.receptive_field is not None

    def answer(self, analysis: Analysis, wanted: Wanted) -> Iterator[Diagnostic]:
        from convsym.analysis.numbers import tensors_of

        if not analysis.cases or wanted.receptive_field is None:
            return
        outputs = {id(tensor) for tensor in tensors_of(analysis.outputs)}
        for call in analysis.calls:
            fields = analysis.receptive_fields.get(call.index)
            if fields is None or id(call.output) not in outputs:
                continue
            if min(field.size for field in fields) < wanted.receptive_field:
                seen = " × ".join(str(field.size) for field in fields)
                yield self.of_call(
                    call, f"an output sees {seen} input pixels, {wanted.receptive_field} along each axis are wanted"
                )
