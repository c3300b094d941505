"""CS202: size-too-small."""

from __future__ import annotations

from convsym.rules.empty_output import EmptyOutput
from convsym.rules.kernel_larger_than_input import KernelLargerThanInput
from convsym.rules.padding_too_large import PaddingTooLarge
from convsym.rules.size_rule import SizeRule


class SizeTooSmall(SizeRule):
    """Declared sizes that are too small for a layer.

    What it finds:

    A kernel that is larger than the padded input, a result without elements, or padding larger than what it is taken
    from, at some of the declared sizes.

    Why it matters:

    Networks halve their input several times, so the smallest size for which they run is easily misjudged.

    Bad::

        class Net(nn.Module):
            input = "N 3 8*h 8*w"

            def __init__(self):
                super().__init__()
                self.pool = nn.MaxPool2d(4)
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(self.pool(x))

    Good::

        class Net(nn.Module):
            input = "N 3 16*h 16*w"

            def __init__(self):
                super().__init__()
                self.pool = nn.MaxPool2d(4)
                self.conv = nn.Conv2d(3, 8, 3)

            def forward(self, x):
                return self.conv(self.pool(x))
    """

    code = "CS202"
    name = "size-too-small"
    counterparts = (KernelLargerThanInput, EmptyOutput, PaddingTooLarge)
    help = "use a smaller kernel or more padding, or declare only larger sizes"
