"""CS101: conv-input-channels."""

from __future__ import annotations

from convsym.rules.channel_rule import ChannelRule


class ConvInputChannels(ChannelRule):
    """A convolution given another number of channels than it was made for.

    What it finds:

    A convolution whose input has not `in_channels` channels: in the module form, or a weight whose second axis times
    groups is not the number of channels in the functional form.

    Why it matters:

    torch refuses the call at every size. Common after a concatenation, a changed width, or a first layer made for
    grey images.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.first = nn.Conv2d(3, 16, 3)
                self.second = nn.Conv2d(32, 64, 3)

            def forward(self, x):
                return self.second(self.first(x))

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.first = nn.Conv2d(3, 32, 3)
                self.second = nn.Conv2d(32, 64, 3)

            def forward(self, x):
                return self.second(self.first(x))
    """

    code = "CS101"
    name = "conv-input-channels"
    kinds = ("conv-channels",)
    help = "make in_channels what the layer is given"
