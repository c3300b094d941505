"""CS120: invalid-window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convsym.rules.rule import Rule


class InvalidWindow(Rule):
    """Window arguments that make no window.

    What it finds:

    A kernel size, stride or dilation below one, a negative padding, and tuples with another number of entries than
    there are spatial axes.

    Why it matters:

    torch refuses the call, in some cases only on the device where it runs.

    Bad::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, stride=0)

            def forward(self, x):
                return self.conv(x)

    Good::

        class Net(nn.Module):
            input = "N 3 H W"

            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, stride=1)

            def forward(self, x):
                return self.conv(x)
    """

    code = "CS120"
    name = "invalid-window"
    kinds = (
        "kernel-size",
        "stride",
        "dilation",
        "padding",
        "divisor",
        "argument-length",
        "window",
        "weight-rank",
    )
    help = "give one number for all axes or one for each, within its range"

    def refuses(self, layer: str, arguments: Mapping[str, Any]) -> bool:
        if not any(name in layer for name in ("Conv", "Pool", "Fold", "Unfold")):
            return False
        names = ("kernel_size", "stride", "dilation")
        return any(_numbers(arguments.get(name)) and min(_numbers(arguments.get(name))) < 1 for name in names)


def _numbers(value: Any) -> tuple[int, ...]:
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return values if all(isinstance(v, int) for v in values) else ()
