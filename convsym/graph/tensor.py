"""A tensor as the analysis knows it: sizes, dtype and layout, but no elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from convsym.sizes.arithmetic import Size, multiply, product

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """The shape, dtype and layout of one tensor of a forward pass.

    `strides` is None for the contiguous layout, and `data` holds the elements of a small tensor whose
    values are known before the model runs (a position grid, say): an array of Python numbers and sizes.
    `base` is the tensor whose memory this one shares, as NumPy names it; None where it has memory of its own.
    """

    shape: tuple[Size, ...]
    dtype: torch.dtype
    strides: tuple[Size, ...] | None = None
    data: Any = field(default=None, repr=False)
    base: Tensor | None = field(default=None, repr=False)

    @property
    def storage(self) -> Tensor:
        """The tensor that owns the memory: this one, unless it shares that of another."""
        return self if self.base is None else self.base

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def numel(self) -> Size:
        """The number of elements."""
        return product(self.shape)

    @property
    def bytes(self) -> Size:
        """The size in memory, in bytes, without padding or sharing."""
        return multiply(self.numel, self.dtype.itemsize)

    def with_shape(self, *shape: Size) -> Tensor:
        """A fresh contiguous tensor of the same dtype."""
        return Tensor(shape, self.dtype)

    def view(self, shape: tuple[Size, ...], strides: tuple[Size, ...] | None = None) -> Tensor:
        """A tensor of another shape or layout in the same memory."""
        return Tensor(shape, self.dtype, strides, None, self.storage)

    def as_dtype(self, dtype: torch.dtype) -> Tensor:
        """The same layout in another dtype, in memory of its own."""
        return self if dtype == self.dtype else Tensor(self.shape, dtype, self.strides)

    def without_data(self) -> Tensor:
        """The same tensor, its elements no longer known."""
        return self if self.data is None else self.overwritten()

    def overwritten(self, data: Any = None) -> Tensor:
        """The same memory after something was written into it."""
        return Tensor(self.shape, self.dtype, self.strides, data, self.storage)

    def __str__(self) -> str:
        return f"{dtype_name(self.dtype)}[{', '.join(map(str, self.shape))}]"


@cache
def dtype_name(dtype: torch.dtype) -> str:
    """ "float32" for torch.float32.

    >>> import torch
    >>> dtype_name(torch.int64)
    'int64'
    """
    return str(dtype).removeprefix("torch.")


def contiguous_strides(shape: tuple[Size, ...]) -> tuple[Size, ...]:
    """The strides of a tensor laid out row by row, in elements."""
    strides: list[Size] = []
    step: Size = 1
    for size in reversed(shape):
        strides.append(step)
        step = multiply(step, size)
    return tuple(reversed(strides))
