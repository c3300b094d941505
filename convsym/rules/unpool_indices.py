"""CS122: unpool-indices."""

from __future__ import annotations

from convsym.rules.rule import Rule


class UnpoolIndices(Rule):
    """Unpooling with the indices of another tensor.

    What it finds:

    Max unpooling whose indices have not the shape of its input.

    Why it matters:

    Indices say where each value came from; torch refuses those of another pooling level.

    Bad::

        class Net(nn.Module):
            input = "N 4 8 8"

            def __init__(self):
                super().__init__()
                self.pool = nn.MaxPool2d(2, return_indices=True)
                self.unpool = nn.MaxUnpool2d(2)

            def forward(self, x):
                half, indices = self.pool(x)
                quarter, _ = self.pool(half)
                return self.unpool(quarter, indices)

    Good::

        class Net(nn.Module):
            input = "N 4 8 8"

            def __init__(self):
                super().__init__()
                self.pool = nn.MaxPool2d(2, return_indices=True)
                self.unpool = nn.MaxUnpool2d(2)

            def forward(self, x):
                half, indices = self.pool(x)
                return self.unpool(half, indices)
    """

    code = "CS122"
    name = "unpool-indices"
    kinds = ("unpool-indices",)
    help = "use the indices of the pool that made the input"
