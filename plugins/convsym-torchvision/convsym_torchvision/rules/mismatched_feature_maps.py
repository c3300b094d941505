"""TV104: mismatched-feature-maps."""

from __future__ import annotations

from convsym.extend import Rule


class MismatchedFeatureMaps(Rule):
    """Feature maps that multi-scale pooling cannot use together.

    What it finds:

    A MultiScaleRoIAlign that gets no feature map of the names it was made for, feature maps of different numbers of
    channels, or no image sizes to tell their scale by.

    Why it matters:

    torchvision raises at every size.

    Bad::

        from torchvision import ops


        class Net(nn.Module):
            input = "N 16 H W; K 4"

            def __init__(self):
                super().__init__()
                self.pool = ops.MultiScaleRoIAlign(["fine", "coarse"], 7, 2)
                self.down = nn.Conv2d(16, 32, 2, stride=2)

            def forward(self, x, boxes):
                return self.pool({"fine": x, "coarse": self.down(x)}, [boxes], [(512, 512)])

    Good::

        from torchvision import ops


        class Net(nn.Module):
            input = "N 16 H W; K 4"

            def __init__(self):
                super().__init__()
                self.pool = ops.MultiScaleRoIAlign(["fine", "coarse"], 7, 2)
                self.down = nn.Conv2d(16, 16, 2, stride=2)

            def forward(self, x, boxes):
                return self.pool({"fine": x, "coarse": self.down(x)}, [boxes], [(512, 512)])
    """

    code = "TV104"
    name = "mismatched-feature-maps"
    kinds = ("feature-maps-missing", "feature-map-channels", "image-shapes-missing")
    help = "bring all feature maps to one number of channels, under the names that the layer was made for"
