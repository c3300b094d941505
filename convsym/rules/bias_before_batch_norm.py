"""CS301: bias-before-batch-norm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice
from convsym.rules.rule import change_of_layer

if TYPE_CHECKING:
    from convsym.analysis.flow import Flow
    from convsym.graph.call import Call

_LAYERS = re.compile(r"conv(?:_transpose)?(?P<axes>[123])d|linear")


class BiasBeforeBatchNorm(Advice):
    """A bias that the normalisation after it takes away again.

    What it finds:

    A convolution, transposed convolution or linear layer with a bias, whose result is read by batch normalisation
    alone, or by instance normalisation without running statistics.

    Why it matters:

    The normalisation subtracts the mean of every channel, and a constant in the channel with it. The bias changes
    nothing, costs parameters and memory traffic, and its gradient is noise.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)
                self.norm = nn.BatchNorm2d(8)

            def forward(self, x):
                return self.norm(self.conv(x))

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, bias=False)
                self.norm = nn.BatchNorm2d(8)

            def forward(self, x):
                return self.norm(self.conv(x))
    """

    code = "CS301"
    name = "bias-before-batch-norm"
    help = "make the layer with bias=False; a checkpoint of the old model then holds a bias too many"

    def judge(self, flow: Flow, call: Call) -> Diagnostic | None:
        layer = flow.layer(call)
        if getattr(layer, "bias", None) is None or not _is_taken_away(call, flow):
            return None
        return self.of_call(
            call,
            f"the bias of {call.module} has no effect: the normalisation after it takes it away again",
            change=change_of_layer(call, layer, "bias", False),
        )


def _is_taken_away(call: Call, flow: Flow) -> bool:
    """Whether only normalisations over the very axis of the bias read the result."""
    match = _LAYERS.fullmatch(call.op)
    if match is None:
        return False
    axes = int(match["axes"] or 0)
    readers = flow.readers(call.output)
    # Normalisation is along the second axis: of a batch of maps or vectors that of the channels.
    return (
        call.output.rank == axes + 2
        and bool(readers)
        and not flow.is_returned(call.output)
        and all(reader.input is call.output and _subtracts_means(reader, flow) for reader in readers)
    )


def _subtracts_means(reader: Call, flow: Flow) -> bool:
    layer = flow.layer(reader)
    if reader.op == "batch_norm":
        return layer is not None
    return reader.op == "instance_norm" and layer is not None and not getattr(layer, "track_running_stats", True)
