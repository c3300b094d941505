"""CS130: invalid-resampling."""

from __future__ import annotations

from convsym.rules.rule import Rule


class InvalidResampling(Rule):
    """A resampling that cannot be done.

    What it finds:

    interpolate, grid_sample and affine_grid with a mode that does not fit the rank of the input, with both or neither
    of size and scale_factor, or with a grid of another batch than the input.

    Why it matters:

    torch refuses the call. Bilinear resampling wants images, linear wants sequences, trilinear wants volumes.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return F.interpolate(self.conv(x), scale_factor=2, mode='linear')

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return F.interpolate(self.conv(x), scale_factor=2, mode='bilinear')
    """

    code = "CS130"
    name = "invalid-resampling"
    kinds = (
        "interpolate-arguments",
        "interpolate-empty",
        "interpolate-mode",
        "grid-sample-mode",
        "affine-grid",
        "grid-mismatch",
    )
    help = "choose the mode for this number of axes, and either a size or a scale_factor"
