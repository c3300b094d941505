"""TV103: uneven-position-channels."""

from __future__ import annotations

from convsym.extend import Rule


class UnevenPositionChannels(Rule):
    """Position-sensitive pooling of channels that its bins do not divide.

    What it finds:

    ps_roi_align or ps_roi_pool on a number of channels that is no multiple of the number of bins.

    Why it matters:

    Every bin has channels of its own; torchvision refuses the call at every size.

    Bad::

        from torchvision import ops


        class Net(nn.Module):
            input = "N 3 H W; K 5"

            def __init__(self):
                super().__init__()
                self.scores = nn.Conv2d(3, 21, 1)

            def forward(self, x, boxes):
                return ops.ps_roi_pool(self.scores(x), boxes, 3)

    Good::

        from torchvision import ops


        class Net(nn.Module):
            input = "N 3 H W; K 5"

            def __init__(self):
                super().__init__()
                self.scores = nn.Conv2d(3, 21 * 9, 1)

            def forward(self, x, boxes):
                return ops.ps_roi_pool(self.scores(x), boxes, 3)
    """

    code = "TV103"
    name = "uneven-position-channels"
    kinds = ("position-sensitive-channels",)
    help = "make the channels a multiple of the number of bins"
