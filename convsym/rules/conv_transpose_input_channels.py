"""CS102: conv-transpose-input-channels."""

from __future__ import annotations

from convsym.rules.channel_rule import ChannelRule


class ConvTransposeInputChannels(ChannelRule):
    """A transposed convolution given another number of channels than it was made for.

    What it finds:

    A transposed convolution whose input has not `in_channels` channels. Its weight is laid out (in_channels,
    out_channels / groups, ...), the other way round than that of a convolution.

    Why it matters:

    torch refuses the call at every size, but its meta kernels accept it, so that a dry run on the meta device does
    not show it.

    Bad::

        class Net(nn.Module):
            input = "N 16 H W"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(8, 16, 2, stride=2)

            def forward(self, x):
                return self.up(x)

    Good::

        class Net(nn.Module):
            input = "N 16 H W"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)

            def forward(self, x):
                return self.up(x)
    """

    code = "CS102"
    name = "conv-transpose-input-channels"
    kinds = ("conv-transpose-channels",)
    help = "make in_channels what the layer is given"
