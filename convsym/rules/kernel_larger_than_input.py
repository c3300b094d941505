"""CS105: kernel-larger-than-input."""

from __future__ import annotations

from convsym.rules.rule import Rule


class KernelLargerThanInput(Rule):
    """A kernel larger than the padded input.

    What it finds:

    A convolution or a window whose reach, dilation * (kernel_size - 1) + 1, is larger than the padded input.

    Why it matters:

    There is no place to put the kernel. Typical of a network made for larger images, or of one level of pooling too
    many.

    Bad::

        class Net(nn.Module):
            input = "N 3 8 8"

            def __init__(self):
                super().__init__()
                self.down = nn.MaxPool2d(4)
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(self.down(x))

    Good::

        class Net(nn.Module):
            input = "N 3 32 32"

            def __init__(self):
                super().__init__()
                self.down = nn.MaxPool2d(4)
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(self.down(x))
    """

    code = "CS105"
    name = "kernel-larger-than-input"
    kinds = (
        "kernel-too-large",
        "stft-frame",
    )
    help = "use a smaller kernel, more padding, or a larger input"
