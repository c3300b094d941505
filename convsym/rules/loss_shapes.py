"""CS128: loss-shapes."""

from __future__ import annotations

from convsym.rules.rule import Rule


class LossShapes(Rule):
    """A loss of shapes that do not belong together.

    What it finds:

    A loss whose input and target (or weight) have shapes that torch does not take: class indices of another batch or
    image size than the logits, a logit axis that is missing.

    Why it matters:

    torch refuses the call; some losses broadcast instead and give a wrong number.

    Bad::

        class Net(nn.Module):
            input = "N 3 32 32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 10, 3)
                self.loss = nn.CrossEntropyLoss()

            def forward(self, x):
                target = torch.zeros(x.shape[0], 32, 32, dtype=torch.int64)
                return self.loss(self.conv(x), target)

    Good::

        class Net(nn.Module):
            input = "N 3 32 32"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 10, 3, padding=1)
                self.loss = nn.CrossEntropyLoss()

            def forward(self, x):
                target = torch.zeros(x.shape[0], 32, 32, dtype=torch.int64)
                return self.loss(self.conv(x), target)
    """

    code = "CS128"
    name = "loss-shapes"
    kinds = ("loss-shape",)
    help = "bring the target to the batch and the image size of the input"
