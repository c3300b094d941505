"""TV101: mismatched-boxes."""

from __future__ import annotations

from convsym.extend import Rule


class MismatchedBoxes(Rule):
    """Boxes in another form than the operator takes.

    What it finds:

    Boxes for RoI pooling that are neither one tensor with columns (image, x1, y1, x2, y2) nor a list with one tensor of
    columns (x1, y1, x2, y2) for each image, and boxes for non-maximum suppression with other than four columns, or
    without one score for each.

    Why it matters:

    torchvision refuses the call at every size.

    Bad::

        from torchvision import ops


        class Net(nn.Module):
            input = "N 16 H W; K 4"

            def __init__(self):
                super().__init__()
                self.pool = ops.RoIAlign(7, spatial_scale=0.25, sampling_ratio=2)

            def forward(self, features, boxes):
                return self.pool(features, boxes)

    Good::

        from torchvision import ops


        class Net(nn.Module):
            input = "N 16 H W; K 4"

            def __init__(self):
                super().__init__()
                self.pool = ops.RoIAlign(7, spatial_scale=0.25, sampling_ratio=2)

            def forward(self, features, boxes):
                return self.pool(features, [boxes])
    """

    code = "TV101"
    name = "mismatched-boxes"
    kinds = ("boxes-shape", "boxes-missing", "scores-shape")
    help = "one tensor has columns (image, x1, y1, x2, y2); in a list, each tensor has (x1, y1, x2, y2)"
