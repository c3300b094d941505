"""TV102: mismatched-offset."""

from __future__ import annotations

from convsym.extend import Rule


class MismatchedOffset(Rule):
    """A deformable convolution whose offset or mask does not fit its kernel or its output.

    What it finds:

    An offset that has not two numbers, or a mask that has not one, for each tap of the kernel, each pixel of the output
    and each group of offsets.

    Why it matters:

    torchvision refuses the call at every size. Common when the layer that makes the offset lacks the stride or padding
    of the one that uses it.

    Bad::

        from torchvision import ops


        class Net(nn.Module):
            input = "N 16 H W"

            def __init__(self):
                super().__init__()
                self.offset = nn.Conv2d(16, 18, 3)
                self.conv = ops.DeformConv2d(16, 32, 3, padding=1)

            def forward(self, x):
                return self.conv(x, self.offset(x))

    Good::

        from torchvision import ops


        class Net(nn.Module):
            input = "N 16 H W"

            def __init__(self):
                super().__init__()
                self.offset = nn.Conv2d(16, 18, 3, padding=1)
                self.conv = ops.DeformConv2d(16, 32, 3, padding=1)

            def forward(self, x):
                return self.conv(x, self.offset(x))
    """

    code = "TV102"
    name = "mismatched-offset"
    kinds = ("offset-channels", "offset-groups", "offset-shape")
    help = "give the layer that makes the offset the kernel_size, stride, padding and dilation of the one that uses it"
