"""The numbers of a window, from the parameters of its call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class WindowArguments(NamedTuple):
    """One window along one axis; `padding` is what stands before the first pixel."""

    kernel: int
    stride: int
    padding: int
    dilation: int


def window_arguments(parameters: Mapping[str, Any], axes: int) -> list[WindowArguments] | None:
    """The window along each axis; None where one of its numbers is not known.

    >>> window_arguments({"kernel_size": (3, 2), "stride": (2, 1), "padding": "valid", "dilation": (1, 1)}, 2)[1]
    WindowArguments(kernel=2, stride=1, padding=0, dilation=1)
    """
    kernel = _numbers(parameters.get("kernel_size"), axes)
    stride = _numbers(parameters.get("stride") or kernel, axes)
    dilation = _numbers(parameters.get("dilation", 1), axes)
    padding = parameters.get("padding", 0)
    if kernel is None or stride is None or dilation is None:
        return None
    if padding == "valid":
        pads: tuple[int, ...] | None = (0,) * axes
    elif padding == "same":
        pads = tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    else:
        pads = _numbers(padding, axes)
    if pads is None:
        return None
    return [WindowArguments(*each) for each in zip(kernel, stride, pads, dilation, strict=True)]


def _numbers(value: Any, axes: int) -> tuple[int, ...] | None:
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
    if len(values) == 1:
        values = values * axes
    return values if len(values) == axes and all(isinstance(v, int) for v in values) else None
