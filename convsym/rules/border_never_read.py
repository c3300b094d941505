"""CS304: border-never-read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.flow import Flow
    from convsym.graph.call import Call


class BorderNeverRead(Advice):
    """Pixels at the border that rounding down leaves out.

    What it finds:

    A tensor that is read through windows alone, all of which end before its last rows or columns at every size that
    was asked for. Padding that goes unread does not count, only pixels.

    Why it matters:

    The network is blind to that border, and whatever is upsampled to the old size is shifted. Common with a pool of
    stride 2 on a map of odd size.

    Bad::

        class Net(nn.Module):
            input = "N 3 15 16"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)
                self.pool = nn.MaxPool2d(2)

            def forward(self, x):
                return self.pool(self.conv(x))

    Good::

        class Net(nn.Module):
            input = "N 3 15 16"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)
                self.pool = nn.MaxPool2d(2, ceil_mode=True)

            def forward(self, x):
                return self.pool(self.conv(x))
    """

    code = "CS304"
    name = "border-never-read"
    help = "pad the input, pool with ceil_mode=True, or choose an input size that comes out even"

    def judge(self, flow: Flow, call: Call) -> Diagnostic | None:
        from convsym.analysis.reading import share_read, sole_windows, unread_end, windows
        from convsym.sizes.condition import ge
        from convsym.sizes.spelling import pretty
        from convsym.sizes.truth import Truth

        mine = windows(call)
        readers = sole_windows(call.input, flow) if mine is not None else None
        # Where a stride skips pixels anyway, the border is the smaller trouble.
        if mine is None or readers is None or share_read([mine])[0] != share_read([mine])[1]:
            return None
        sizes = call.input.shape[2:]
        for axis, size in enumerate(sizes):
            left = unread_end(sizes, readers, axis)
            if all(flow.domain.decide(ge(n, 1)) is Truth.YES for n in left):
                mine_left = unread_end(sizes, [mine], axis)[0]
                return self.of_call(
                    call,
                    f"{call.module or call.op} never reads the last {pretty(mine_left)} of {pretty(size)} pixels "
                    f"along axis {axis + 2}, and nothing else does",
                )
        return None
