"""CS113: wrong-rank."""

from __future__ import annotations

from convsym.rules.rule import Rule


class WrongRank(Rule):
    """An input with too few or too many axes.

    What it finds:

    A layer given a tensor of another rank than it takes: images to a Conv1d, flat vectors to a Conv2d, a batch of
    batches.

    Why it matters:

    torch refuses the call, or, where it takes unbatched input too, mistakes the batch for the channels.

    Bad::

        class Net(nn.Module):
            input = "N 784"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(1, 8, 3)

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 784"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(1, 8, 3)

            def forward(self, x):
                return self.conv(x.view(-1, 1, 28, 28))
    """

    code = "CS113"
    name = "wrong-rank"
    kinds = (
        "input-rank",
        "attention-rank",
        "matmul-rank",
        "index-axes",
        "cross-rank",
        "matrix-rank",
    )
    help = "reshape the input, or take the layer for this number of axes"
