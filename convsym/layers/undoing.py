"""The layer that takes the sizes of a convolution back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from convsym.layers.window import Window, windows_of
from convsym.layers.written import AXES, build_layer
from convsym.trace.errors import BadInput


@dataclass(frozen=True)
class UndoneAxis:
    """One axis: the window that takes it back, and the output_padding for each remainder of the size by the stride.

    `output_padding[r]` is what gives back a size that leaves the remainder r.
    """

    name: str
    window: Window
    output_padding: tuple[int, ...]

    def for_size(self, size: int) -> Window:
        """The window that gives back this size."""
        return replace(self.window, output_padding=self.output_padding[size % len(self.output_padding)])


@dataclass(frozen=True)
class Undone:
    """A convolution, and what takes its sizes back, axis by axis."""

    text: str
    channels: str
    axes: tuple[UndoneAxis, ...]

    def for_size(self, *sizes: int) -> str:
        """The layer that gives back exactly these sizes, as in Python.

        >>> undo("Conv2d(3, 16, 3, stride=2, padding=1)").for_size(224, 225)
        'ConvTranspose2d(16, 3, 3, stride=2, padding=1, output_padding=(1, 0))'

        Raises ValueError when there is not one size for each axis.
        """
        windows = [axis.for_size(size) for axis, size in zip(self.axes, sizes, strict=True)]
        return _written(windows, self.channels)

    def lines(self) -> list[str]:
        """The layer, and which output_padding goes with which sizes, as sentences."""
        found = [_written([axis.window for axis in self.axes], self.channels)]
        if not self.axes[0].window.transposed:
            return [f"{found[0]} gives back every size"]
        same = len({axis.output_padding for axis in self.axes}) == 1
        for axis in self.axes[:1] if same else self.axes:
            names = " and ".join(a.name for a in self.axes) if same else axis.name
            if len(axis.output_padding) == 1:
                found.append(f"output_padding={axis.output_padding[0]} gives back every {names}")
                continue
            for remainder, more in enumerate(axis.output_padding):
                found.append(
                    f"output_padding={more} gives back {names} where it is {remainder} modulo {axis.window.stride}"
                )
        return found

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<undo {self.text}: {self.lines()[0]}>"


def undo(text: str) -> Undone:
    """What takes the sizes of a convolution back: a transposed one, and for a transposed one a plain one.

    Which output_padding gives back a size depends on its remainder by the stride; torch finds it too when the layer is
    called with output_size.

    >>> print(undo("Conv2d(3, 16, 3, stride=2, padding=1)"))
    ConvTranspose2d(16, 3, 3, stride=2, padding=1)
    output_padding=1 gives back H and W where it is 0 modulo 2
    output_padding=0 gives back H and W where it is 1 modulo 2

    Raises BadInput when the text is no convolution, or no layer of its kernel takes its sizes back.
    """
    layer = build_layer(text)
    if not isinstance(getattr(layer, "out_channels", None), int):
        raise BadInput(f"{type(layer).__name__} is no convolution, which is what a transposed convolution undoes")
    names = AXES[type(layer).__name__.removeprefix("Lazy")[-2:]].split()
    axes = [_undone(window, name, text) for window, name in zip(windows_of(layer), names, strict=True)]
    channels = f"{layer.out_channels}, {layer.in_channels}"
    groups = f", groups={layer.groups}" if layer.groups != 1 else ""
    return Undone(text, channels + groups, tuple(axes))


def _undone(window: Window, name: str, text: str) -> UndoneAxis:
    if window.transposed:
        if window.output_padding >= window.stride:
            raise BadInput(f"no convolution of this kernel and stride gives back the {name} of {text}")
        return UndoneAxis(name, replace(window, transposed=False, output_padding=0), (0,))
    padding = -(-window.total_padding // 2)
    # The window leaves (n + padding - reach) % stride elements at the end; uneven padding leaves one more to make up.
    more = tuple(
        (n + window.total_padding - window.reach) % window.stride + 2 * padding - window.total_padding
        for n in range(window.stride)
    )
    if max(more) >= max(window.stride, window.dilation):
        raise BadInput(
            f"no transposed convolution of kernel_size={window.kernel_size} gives back the {name} of {text}; "
            "an odd kernel does"
        )
    return UndoneAxis(name, Window(True, window.kernel_size, window.stride, padding, window.dilation), more)


def _written(windows: list[Window], channels: str) -> str:
    """The layer of these windows; one number where all axes have the same."""
    head, _, groups = channels.partition(", groups")
    first = windows[0]
    if all(window == first for window in windows):
        shown = first.written(len(windows), head)
    else:
        merged = {
            name: _joined([getattr(window, name) for window in windows])
            for name in ("kernel_size", "stride", "padding", "dilation", "output_padding")
        }
        usual = {"stride": "1", "padding": "0", "dilation": "1", "output_padding": "0"}
        given = [f"{name}={merged[name]}" for name in ("stride", "padding", "output_padding", "dilation")]
        given = [one for one in given if one.partition("=")[2] != usual[one.partition("=")[0]]]
        kind = "ConvTranspose" if first.transposed else "Conv"
        shown = f"{kind}{len(windows)}d({', '.join([head, merged['kernel_size'], *given])})"
    return f"{shown[:-1]}, groups{groups})" if groups else shown


def _joined(values: list[int]) -> str:
    return str(values[0]) if len(set(values)) == 1 else f"({', '.join(map(str, values))})"
