"""Random tensors: small shapes, all kinds of dtypes, permuted, sliced and expanded layouts."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st

DTYPES = (
    torch.float32,
    torch.float32,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float64,
    torch.int64,
    torch.int32,
    torch.uint8,
    torch.bool,
    torch.complex64,
)
FLOATS = (torch.float32, torch.float32, torch.float64, torch.float16)


@st.composite
def shapes(draw: st.DrawFn, least: int = 0, most: int = 4, empty: bool = True) -> tuple[int, ...]:
    """Shapes of some axes; now and then one of them is empty."""
    sizes = st.sampled_from((1, 1, 2, 2, 3, 4, 5, *((0,) if empty else ())))
    return tuple(draw(st.lists(sizes, min_size=least, max_size=most)))


@st.composite
def laid_out(draw: st.DrawFn, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A tensor of a shape in some layout: contiguous, permuted, every second element, or expanded."""
    made = draw(_moved(shape, dtype))
    # Contiguous but for the strides of axes of one element: torch's layouts depend on those, convsym knows none.
    return torch.ones(shape, dtype=dtype) if made.is_contiguous() else made


@st.composite
def _moved(draw: st.DrawFn, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    layout = draw(st.sampled_from(("contiguous", "contiguous", "permuted", "sliced", "expanded")))
    rank = len(shape)
    if layout == "permuted":
        order = draw(st.permutations(range(rank)))
        inverse = [order.index(axis) for axis in range(rank)]
        return torch.ones([shape[axis] for axis in order], dtype=dtype).permute(inverse)
    if layout == "sliced" and rank:
        return torch.ones([*shape[:-1], 2 * shape[-1]], dtype=dtype)[..., ::2]
    if layout == "expanded" and rank:
        axis = draw(st.integers(0, rank - 1))
        return torch.ones([1 if i == axis else n for i, n in enumerate(shape)], dtype=dtype).expand(shape)
    return torch.ones(shape, dtype=dtype)


@st.composite
def tensors(
    draw: st.DrawFn,
    least: int = 0,
    most: int = 4,
    dtypes: tuple[torch.dtype, ...] = DTYPES,
    empty: bool = True,
    layouts: bool = True,
) -> torch.Tensor:
    """A tensor of any small shape."""
    shape, dtype = draw(shapes(least, most, empty)), draw(st.sampled_from(dtypes))
    return draw(laid_out(shape, dtype)) if layouts else torch.ones(shape, dtype=dtype)


@st.composite
def partners(draw: st.DrawFn, shape: tuple[int, ...], mismatch: bool = True) -> tuple[int, ...]:
    """A shape that mostly broadcasts with another one."""
    kept = shape[draw(st.integers(0, len(shape))) :] if draw(st.booleans()) else shape
    other = [n if draw(st.integers(0, 3)) else 1 for n in kept]
    if mismatch and other and draw(st.integers(0, 7)) == 0:
        other[draw(st.integers(0, len(other) - 1))] += 1
    lead = draw(st.lists(st.integers(1, 3), max_size=1)) if draw(st.integers(0, 4)) == 0 else []
    return (*lead, *other)


def axes(rank: int) -> st.SearchStrategy[int]:
    """Axes of a tensor, negative and impossible ones too."""
    return st.integers(-rank - 1, rank)


def numbers() -> st.SearchStrategy[Any]:
    """Python numbers of every kind."""
    return st.sampled_from((True, 2, -1, 0.5, 2.0, 1 + 1j))
