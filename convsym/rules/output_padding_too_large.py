"""CS104: output-padding-too-large."""

from __future__ import annotations

from convsym.rules.rule import Rule


class OutputPaddingTooLarge(Rule):
    """Output padding that is neither smaller than the stride nor than the dilation.

    What it finds:

    A transposed convolution with an `output_padding` that, on some axis, is at least as large as both the stride and
    the dilation of that axis, or negative.

    Why it matters:

    Output padding chooses among the sizes that the stride makes alike, of which there are only so many. torch refuses
    the call; its meta kernels accept it.

    Bad::

        class Net(nn.Module):
            input = "N 8 H W"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=2)

            def forward(self, x):
                return self.up(x)

    Good::

        class Net(nn.Module):
            input = "N 8 H W"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1)

            def forward(self, x):
                return self.up(x)
    """

    code = "CS104"
    name = "output-padding-too-large"
    kinds = ("output-padding",)
    help = "choose an output_padding below the stride or the dilation"
