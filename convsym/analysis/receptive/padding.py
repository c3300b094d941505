"""How much of what a window reads is padding."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from convsym.analysis.receptive.grids import window
from convsym.analysis.receptive.parameters import window_arguments
from convsym.analysis.receptive.rules import RULES
from convsym.graph.call import Call
from convsym.sizes.evaluate import evaluate


def padding_share(call: Call, sizes: Mapping[str, int]) -> Fraction | None:
    """The part of all taps of a convolution or pooling that fall outside its input, at these input sizes.

    A 3 x 3 window with padding 1 over 4 x 4 pixels has 144 taps, of which 44 read padding. None for any other call.

    >>> import convsym, torch
    >>> a = convsym.analyze(torch.nn.Conv2d(3, 8, 3, padding=1), "N 3 H W")
    >>> padding_share(a.calls[0], {"N": 1, "H": 4, "W": 4})
    Fraction(11, 36)
    """
    if RULES.get(call.op) is not window:
        return None
    axes = int(call.op[-2])
    arguments = window_arguments(call.parameters, axes)
    if arguments is None:
        return None
    inside = Fraction(1)
    for each, before, after in zip(arguments, call.input.shape[-axes:], call.output.shape[-axes:], strict=True):
        size, outputs = evaluate(before, sizes), evaluate(after, sizes)
        taps = outputs * each.kernel
        hit = sum(
            _between(tap * each.dilation - each.padding, each.stride, outputs, size) for tap in range(each.kernel)
        )
        inside *= Fraction(hit, taps) if taps else 1
    return 1 - inside


def _between(first: int, step: int, count: int, size: int) -> int:
    """How many of first, first + step, ... (count of them) lie in 0, ..., size - 1."""
    low = max(0, math.ceil(Fraction(-first, step)))
    high = min(count - 1, (size - 1 - first) // step)
    return max(0, high - low + 1)
