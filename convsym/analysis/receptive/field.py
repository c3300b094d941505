"""The receptive field along one axis.

Along every axis a spatial tensor is a grid over the input: neighbouring pixels stand `stride` input pixels apart, and
each sees a run of them. A window of kernel_size k, stride s, padding p and dilation d makes of it (Araujo, Norris and
Sim, "Computing Receptive Fields of Convolutional Neural Networks", 2019)

    stride' = stride s      centre' = centre + (d (k - 1) / 2 - p) stride

and n neighbouring outputs see (n - 1) s + d (k - 1) + 1 pixels of the grid below. For its transpose, whose grid is s
times as fine, they see at most floor((n - 1 + d (k - 1)) / s) + 1. How many input pixels an output sees follows by
going down through all windows; neighbouring ones are kept as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class _Step:
    """A window over the grid below, or its transpose; `reach` is d (k - 1) + 1."""

    reach: int
    stride: int
    is_transposed: bool = False

    def below(self, pixels: int) -> int:
        """How many neighbouring pixels of the grid below so many neighbouring outputs see, at most."""
        if self.is_transposed:
            return (pixels + self.reach - 2) // self.stride + 1
        return (pixels - 1) * self.stride + self.reach


_Steps = tuple[_Step, ...]


def _seen(steps: _Steps) -> int:
    pixels = 1
    for step in reversed(steps):
        pixels = step.below(pixels)
    return pixels


def _above(steps: _Steps, step: _Step) -> _Steps:
    if step.is_transposed or not steps or steps[-1].is_transposed:
        return (*steps, step)
    last = steps[-1]
    return (*steps[:-1], _Step(last.below(step.reach), last.stride * step.stride))


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field along one axis, in input pixels.

    Neighbouring pixels stand `stride` input pixels apart; the field of the first one is centred on `centre`. Where
    branches join, `lowest` and `highest` are the centres along the ways there, which are equal where the branches are
    aligned, and `spread` is how many pixels their distance adds. `sees_all` says that some way sees the whole input,
    through a mean over all pixels, say; `size` then speaks of the other ways.
    """

    stride: Fraction
    lowest: Fraction
    highest: Fraction
    spread: int = 0
    sees_all: bool = False
    _largest: _Steps = ()
    _smallest: _Steps = ()

    @property
    def size(self) -> int:
        """How many input pixels the widest way sees, from the first to the last."""
        return _seen(self._largest) + self.spread

    @property
    def smallest(self) -> int:
        """How many the narrowest way sees."""
        return _seen(self._smallest)

    @property
    def centre(self) -> Fraction:
        """Where the field of the first pixel is centred, in input pixels; halfway between `lowest` and `highest`."""
        return (self.lowest + self.highest) / 2

    def windowed(self, kernel: int, stride: int, padding: int, dilation: int) -> Field:
        """The field after a window."""
        shift = (Fraction(dilation * (kernel - 1), 2) - padding) * self.stride
        step = _Step(dilation * (kernel - 1) + 1, stride)
        return self._after(step, self.stride * stride, shift)

    def transposed(self, kernel: int, stride: int, padding: Fraction | int, dilation: int) -> Field:
        """The field after a transposed window."""
        shift = -(Fraction(dilation * (kernel - 1), 2) - padding) * self.stride / stride
        step = _Step(dilation * (kernel - 1) + 1, stride, is_transposed=True)
        return self._after(step, self.stride / stride, shift)

    def shifted(self, pixels: int) -> Field:
        """The field when the first pixel is the one that stood so many pixels further on."""
        moved = pixels * self.stride
        return replace(self, lowest=self.lowest + moved, highest=self.highest + moved)

    def _after(self, step: _Step, stride: Fraction, shift: Fraction) -> Field:
        return Field(
            stride=stride,
            lowest=self.lowest + shift,
            highest=self.highest + shift,
            spread=self.spread,
            sees_all=self.sees_all,
            _largest=_above(self._largest, step),
            _smallest=_above(self._smallest, step),
        )


Fields = tuple[Field, ...]

START = Field(Fraction(1), Fraction(0), Fraction(0))


def aligned(fields: Iterable[Field]) -> bool:
    """Whether neighbouring pixels of all grids stand over the same input pixels."""
    return len({(f.stride, f.lowest, f.highest) for f in fields}) <= 1


def joined(fields: Sequence[Field]) -> Field:
    """The field of what is computed from several tensors, pixel by pixel."""
    if len(set(fields)) == 1:
        return fields[0]
    widest = max(fields, key=lambda f: f.size)
    first = min(f.centre - Fraction(f.size - 1, 2) for f in fields)
    last = max(f.centre + Fraction(f.size - 1, 2) for f in fields)
    return Field(
        stride=widest.stride,
        lowest=min(f.lowest for f in fields),
        highest=max(f.highest for f in fields),
        spread=int(last - first) + 1 - _seen(widest._largest),
        sees_all=any(f.sees_all for f in fields),
        _largest=widest._largest,
        _smallest=min(fields, key=lambda f: f.smallest)._smallest,
    )
