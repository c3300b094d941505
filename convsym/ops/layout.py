"""In which order an operation lays out its result: torch keeps the layout of its operands where it can."""

from __future__ import annotations

from dataclasses import replace

from convsym.graph.tensor import Tensor, contiguous_strides
from convsym.ops.catalogue import Site
from convsym.sizes.arithmetic import Size, equal, multiply
from convsym.sizes.condition import le, lt
from convsym.sizes.truth import Truth

Sizes = tuple[Size, ...]


def channels_last_strides(shape: Sizes) -> Sizes:
    """The strides of (N, C, *spatial) laid out as (N, *spatial, C).

    >>> channels_last_strides((2, 3, 4, 5))
    (60, 1, 15, 3)
    """
    n, c, *spatial = contiguous_strides((shape[0], *shape[2:], shape[1]))
    return (n, spatial[-1], c, *spatial[:-1])


def is_channels_last(tensor: Tensor) -> bool:
    """Whether a tensor of 4 or 5 axes has its channels innermost and no gaps."""
    if tensor.strides is None or tensor.rank not in (4, 5):
        return False
    pairs = zip(tensor.strides, channels_last_strides(tensor.shape), tensor.shape, strict=True)
    return all(size == 1 or equal(have, want) for have, want, size in pairs)


def like_channels_last(input: Tensor, output: Tensor) -> Tensor:
    """The output of a layer whose kernel keeps channels innermost when its input has them so."""
    if input.strides is None or not is_channels_last(input):
        return output
    return replace(output, strides=channels_last_strides(output.shape))


def elementwise_strides(site: Site, shape: Sizes, *operands: Tensor) -> Sizes | None:
    """The strides of an element-wise result: dense, in the order of the operands' own strides.

    The first operand decides the order of two axes; an operand that broadcasts along one of them leaves it to the next.
    None stands for the contiguous layout.
    """
    for operand in operands:
        if operand.strides is not None:
            break
    else:
        return None
    rank = len(shape)
    aligned = [_aligned(operand, shape) for operand in operands]
    # Innermost first; sorted by insertion as torch does it, because the relation need not be transitive.
    order = list(range(rank - 1, -1, -1))
    for i in range(1, rank):
        at = i
        for j in range(i - 1, -1, -1):
            before = _before(site, shape, aligned, order[j], order[at])
            if before > 0:
                order[j], order[at] = order[at], order[j]
                at = j
            elif before < 0:
                break
    if order == list(range(rank - 1, -1, -1)):
        return None
    strides: list[Size] = [1] * rank
    step: Size = 1
    for axis in order:
        strides[axis] = step
        step = multiply(step, shape[axis])
    return tuple(strides)


def _aligned(operand: Tensor, shape: Sizes) -> tuple[Size, ...]:
    own = operand.strides if operand.strides is not None else contiguous_strides(operand.shape)
    missing = len(shape) - operand.rank
    return (0,) * missing + tuple(
        0 if size == 1 and shape[missing + i] != 1 else stride
        for i, (size, stride) in enumerate(zip(operand.shape, own, strict=True))
    )


def _before(site: Site, shape: Sizes, aligned: list[tuple[Size, ...]], inner: int, outer: int) -> int:
    """Negative: the axes are in order; positive: they must be swapped; zero: no operand says."""
    for strides in aligned:
        a, b = strides[inner], strides[outer]
        if a == 0 or b == 0:
            continue
        if equal(a, b):
            if site.decide(lt(shape[outer], shape[inner])) is Truth.YES:
                return 1
            continue
        if site.decide(le(a, b)) is Truth.YES:
            return -1
        if site.decide(le(b, a)) is Truth.YES:
            return 1
    return 0
