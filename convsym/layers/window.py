"""A convolution, a transposed convolution or a pooling along one axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import Condition, ge
from convsym.sizes.windows import reach, transposed_out, window_out, window_out_ceil_mode
from convsym.trace.errors import BadInput

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Window:
    """The arguments of Conv, ConvTranspose or a pooling along one axis; sizes are in elements.

    `uneven` is by how much the padding after is larger than `padding`, the one before: not 0 only where
    padding="same" cannot be split evenly.
    """

    transposed: bool
    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    output_padding: int = 0
    uneven: int = 0
    ceil_mode: bool = False

    @property
    def reach(self) -> int:
        """The elements that the dilated kernel spans."""
        return int(reach(self.kernel_size, self.dilation))

    @property
    def total_padding(self) -> int:
        """The padding before and after together."""
        return 2 * self.padding + self.uneven

    def out(self, size: Size) -> Size:
        """The size that comes out.

        >>> Window(False, 3, stride=2, padding=1).out(225)
        113
        """
        if self.transposed:
            return transposed_out(size, self.kernel_size, self.stride, self.padding, self.dilation, self.output_padding)
        if self.ceil_mode:
            return window_out_ceil_mode(size, self.kernel_size, self.stride, self.padding, self.dilation)
        after = self.padding + self.uneven
        return window_out(size, self.kernel_size, self.stride, self.padding, after, self.dilation)

    def runs(self, size: Size) -> Condition:
        """Where torch takes an input of that size."""
        return ge(self.out(size), 1)

    def written(self, axes: int = 2, channels: str = "c_in, c_out") -> str:
        """The layer with these arguments on all axes, as in Python; arguments that are the default are left out.

        >>> Window(True, 3, stride=2, padding=1, output_padding=1).written()
        'ConvTranspose2d(c_in, c_out, 3, stride=2, padding=1, output_padding=1)'
        """
        named = {"stride": (self.stride, 1), "padding": (self.padding, 0), "output_padding": (self.output_padding, 0)}
        named["dilation"] = (self.dilation, 1)
        given = [f"{name}={value}" for name, (value, usual) in named.items() if value != usual]
        kind = "ConvTranspose" if self.transposed else "Conv"
        return f"{kind}{axes}d({', '.join([channels, str(self.kernel_size), *given])})"

    def __str__(self) -> str:
        return self.written()


def windows_of(layer: nn.Module) -> tuple[Window, ...]:
    """The windows of a convolution or a pooling, one for each axis.

    Raises BadInput for a layer of another kind.
    """
    from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
    from torch.nn.modules.pooling import _AvgPoolNd, _MaxPoolNd

    if isinstance(layer, (_MaxPoolNd, _AvgPoolNd)):
        return _of_pooling(layer)
    if not isinstance(layer, _ConvNd):
        raise BadInput(f"{type(layer).__name__} is no convolution and no pooling, so it has no window to speak of")
    transposed = isinstance(layer, _ConvTransposeNd)
    found = []
    for axis, kernel_size in enumerate(layer.kernel_size):
        stride, dilation = layer.stride[axis], layer.dilation[axis]
        if isinstance(layer.padding, str):
            total = dilation * (kernel_size - 1) if layer.padding == "same" else 0
            padding, uneven = total // 2, total % 2
        else:
            padding, uneven = layer.padding[axis], 0
        more = layer.output_padding[axis] if transposed else 0
        found.append(Window(transposed, kernel_size, stride, padding, dilation, more, uneven))
    return tuple(found)


def _of_pooling(layer: nn.Module) -> tuple[Window, ...]:
    axes = int(type(layer).__name__[-2])

    def along(name: str, axis: int) -> int:
        value = getattr(layer, name)
        if isinstance(value, tuple):
            return int(value[axis] if len(value) > 1 else value[0])
        return int(value)

    given = [name for name in ("kernel_size", "stride", "padding", "dilation") if hasattr(layer, name)]
    ceil_mode = bool(layer.ceil_mode)
    return tuple(
        Window(False, **{name: along(name, axis) for name in given}, ceil_mode=ceil_mode) for axis in range(axes)
    )
