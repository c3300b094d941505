"""CS110: concatenation-mismatch."""

from __future__ import annotations

from convsym.rules.mismatch import MismatchRule


class ConcatenationMismatch(MismatchRule):
    """Concatenated tensors that differ off the axis of concatenation.

    What it finds:

    torch.cat of tensors whose sizes differ on another axis than the one they are joined along, and torch.stack of
    tensors of different shapes.

    Why it matters:

    torch refuses the call. In a U-Net the skip connection and the upsampled map differ when the size is odd or the
    padding is not the same on both sides.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.side = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return torch.cat([x, self.side(x)], dim=1)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.side = nn.Conv2d(3, 8, 3, padding=1)

            def forward(self, x):
                return torch.cat([x, self.side(x)], dim=1)
    """

    code = "CS110"
    name = "concatenation-mismatch"
    kinds = ("cat-mismatch",)
    help = "pad, crop or resize one of them, or join them along another axis"
