"""CS303: stride-skips-pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.flow import Flow
    from convsym.graph.call import Call


class StrideSkipsPixels(Advice):
    """A stride that steps over pixels which nothing reads.

    What it finds:

    A tensor that is read through windows alone (convolutions, pools), none of which reads some of its pixels: their
    stride is larger than their kernel, or their dilation and stride fall on the same pixels again and again. A shortcut
    that skips pixels beside a branch that reads them is in order.

    Why it matters:

    What was computed for those pixels is thrown away, and detail with it. Common where a 1x1 convolution got the stride
    of a block.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.first = nn.Conv2d(3, 8, 3, padding=1)
                self.down = nn.Conv2d(8, 16, 1, stride=2)

            def forward(self, x):
                return self.down(self.first(x))

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.first = nn.Conv2d(3, 8, 3, padding=1)
                self.down = nn.Conv2d(8, 16, 3, stride=2, padding=1)

            def forward(self, x):
                return self.down(self.first(x))
    """

    code = "CS303"
    name = "stride-skips-pixels"
    help = (
        "use a kernel_size of at least the stride, pool before it, or give the stride to a layer with a larger kernel"
    )

    def judge(self, flow: Flow, call: Call) -> Diagnostic | None:
        from convsym.analysis.reading import share_read, sole_windows, windows

        if windows(call) is None:
            return None
        readers = sole_windows(call.input, flow)
        if readers is None:
            return None
        read, pixels = share_read(readers)
        if read == pixels:
            return None
        who = call.module or call.op
        return self.of_call(
            call,
            f"{who} with kernel_size={call.parameters['kernel_size']} and stride={call.parameters['stride']} reads only "
            f"{read} of every {pixels} pixels, and nothing else reads the rest",
        )
