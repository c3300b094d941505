"""CS116: unreachable-output-size."""

from __future__ import annotations

from convsym.rules.rule import Rule


class UnreachableOutputSize(Rule):
    """An output size that cannot be reached.

    What it finds:

    An `output_size` of a transposed convolution or an unpooling outside the range that stride, kernel and padding
    leave open.

    Why it matters:

    A stride makes only as many input sizes alike as it is long; torch refuses any other.

    Bad::

        class Net(nn.Module):
            input = "N 8 16 16"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1)

            def forward(self, x):
                return self.up(x, output_size=(33, 33))

    Good::

        class Net(nn.Module):
            input = "N 8 16 16"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1)

            def forward(self, x):
                return self.up(x, output_size=(32, 32))
    """

    code = "CS116"
    name = "unreachable-output-size"
    kinds = ("output-size",)
    help = "ask for a size within the range, or change the stride"
