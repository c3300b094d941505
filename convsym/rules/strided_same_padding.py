"""CS117: strided-same-padding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convsym.rules.rule import Rule


class StridedSamePadding(Rule):
    """Same padding with a stride.

    What it finds:

    A convolution with padding='same' and a stride other than one.

    Why it matters:

    The output cannot have the size of the input then; torch refuses to build the layer.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, stride=2, padding='same')

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS117"
    name = "strided-same-padding"
    kinds = ("same-padding",)
    help = "give the padding as a number: dilation * (kernel_size - 1) // 2"

    def refuses(self, layer: str, arguments: Mapping[str, Any]) -> bool:
        stride = arguments.get("stride", 1)
        strides = stride if isinstance(stride, (tuple, list)) else (stride,)
        return "Conv" in layer and arguments.get("padding") == "same" and any(s != 1 for s in strides)

    def mends(self, layer: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        kernel, dilation = arguments.get("kernel_size"), arguments.get("dilation", 1)
        if isinstance(kernel, int) and isinstance(dilation, int) and dilation * (kernel - 1) % 2 == 0:
            return {"padding": dilation * (kernel - 1) // 2}
        return {}
