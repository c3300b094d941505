"""Operations that make a coarser, a finer or a shifted grid of the grids of their input."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from convsym.analysis.receptive.field import Field
from convsym.analysis.receptive.parameters import window_arguments
from convsym.analysis.receptive.seen import Given, Lost, Seen, first
from convsym.graph.call import Call


def window(call: Call, given: Given) -> Seen:
    return _each_window(call, given, Field.windowed)


def transposed_window(call: Call, given: Given) -> Seen:
    return _each_window(call, given, Field.transposed)


def _each_window(call: Call, given: Given, change: Callable[..., Field]) -> Seen:
    seen = first(given)
    count = int(call.op[-2])
    if seen is Lost.WHOLE:
        return seen
    arguments = window_arguments(call.parameters, count)
    # A window over an axis that is no grid, or a weight computed from the input, mixes what is not followed.
    if arguments is None or not isinstance(seen, tuple) or any(other is not None for _, other in given[1:]):
        return Lost.UNKNOWN
    below = seen[-count:]
    if any(field is None for field in below) or any(field is not None for field in seen[:-count]):
        return Lost.UNKNOWN
    fields = [change(f, *numbers) for f, numbers in zip(below, arguments, strict=True) if f is not None]
    return (*(None for _ in range(call.output.rank - count)), *fields)


def pooled_to_size(call: Call, given: Given) -> Seen:
    sizes = call.parameters.get("output_size")
    return Lost.WHOLE if isinstance(sizes, tuple) and all(size == 1 for size in sizes) else Lost.UNKNOWN


def padded(call: Call, given: Given) -> Seen:
    seen, pads = first(given), call.parameters.get("pad")
    if not isinstance(seen, tuple) or not isinstance(pads, (tuple, list)):
        return seen if seen is Lost.WHOLE else Lost.UNKNOWN
    made = list(seen)
    for position, before in enumerate(pads[::2]):
        field = made[-1 - position]
        if field is not None:
            if not isinstance(before, int):
                return Lost.UNKNOWN
            made[-1 - position] = field.shifted(-before)
    return tuple(made)


#: How many coarse pixels each side of the point that is interpolated, along one axis.
_NEIGHBOURS = {"linear": 2, "bilinear": 2, "trilinear": 2, "bicubic": 4}


def interpolated(call: Call, given: Given) -> Seen:
    seen, factor = first(given), call.parameters.get("scale_factor")
    if not isinstance(seen, tuple) or call.parameters.get("align_corners"):
        return seen if seen is Lost.WHOLE else Lost.UNKNOWN
    axes = [axis for axis, field in enumerate(seen) if field is not None]
    factors = factor if isinstance(factor, (tuple, list)) else (factor,) * len(axes)
    if len(factors) != len(axes) or any(f is None or f != int(f) or f < 1 for f in factors):
        return Lost.UNKNOWN
    made = list(seen)
    for axis, each in zip(axes, map(int, factors), strict=True):
        neighbours = _NEIGHBOURS.get(str(call.parameters.get("mode")), 1)
        # Between pixels, an odd factor hits the coarse ones themselves.
        reach = neighbours * each - (each % 2 if neighbours > 1 else 0)
        centred = Fraction(reach - each, 2)
        field = made[axis]
        assert field is not None
        made[axis] = field.transposed(reach, each, centred, 1)
    return tuple(made)


def shuffled(call: Call, given: Given) -> Seen:
    return _on_all(given, Field.transposed, call.parameters.get("upscale_factor"))


def unshuffled(call: Call, given: Given) -> Seen:
    return _on_all(given, Field.windowed, call.parameters.get("downscale_factor"))


def _on_all(given: Given, change: Callable[..., Field], factor: Any) -> Seen:
    seen = first(given)
    if not isinstance(seen, tuple):
        return seen
    if not isinstance(factor, int) or factor < 1:
        return Lost.UNKNOWN
    return tuple(None if field is None else change(field, factor, factor, 0, 1) for field in seen)
