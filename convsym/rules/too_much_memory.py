"""CS403: too-much-memory."""

from __future__ import annotations

from convsym.rules.budget import BudgetRule


class TooMuchMemory(BudgetRule):
    """A model over its budget of memory.

    What it finds:

    A model whose activations, or what autograd keeps of them for the backward pass, take more bytes at the sizes of a
    budget than it says.

    Why it matters:

    Running out of memory is found late, on the device, with the largest batch.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"
            budget = "activation_bytes <= 64 KiB at N=1,H=32,W=32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 64, 3, padding=1)

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"
            budget = "activation_bytes <= 64 KiB at N=1,H=32,W=32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS403"
    name = "too-much-memory"
    quantities = ("activation_bytes", "saved_bytes", "peak_bytes")
    help = "use a smaller batch or resolution, fewer channels, or raise the budget"
