"""Where the elements of a tensor lie: strides of views, and which shapes a layout can be seen in without a copy.

Strides are in elements, and None stands for the contiguous layout, row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from convsym.graph.tensor import Tensor, contiguous_strides
from convsym.ops.catalogue import Site
from convsym.ops.layout import channels_last_strides
from convsym.sizes.arithmetic import Size, equal, multiply
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ge, negate
from convsym.sizes.truth import Truth

Sizes = tuple[Size, ...]
Holds = Callable[[Condition], bool]


def strides_of(tensor: Tensor) -> Sizes:
    """The strides of a tensor, those of the contiguous layout too."""
    return contiguous_strides(tensor.shape) if tensor.strides is None else tensor.strides


def normal(shape: Sizes, strides: Sizes) -> Sizes | None:
    """The strides, or None when they are those of the contiguous layout."""
    expected: Size = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if type(size) is int and size == 1:
            continue
        if not equal(stride, expected):
            return strides
        expected = multiply(expected, size)
    return None


def view_of(tensor: Tensor, shape: Sizes, strides: Sizes) -> Tensor:
    """The same elements seen in another shape."""
    return tensor.view(shape, normal(shape, strides))


def stretched(tensor: Tensor, shape: Sizes) -> Tensor:
    """A tensor seen in the shape that it broadcasts to; its new and its stretched axes have stride 0."""
    if tensor.shape == shape:
        return tensor
    missing = len(shape) - tensor.rank
    strides = (0,) * missing + tuple(
        step if equal(have, want) else 0
        for have, want, step in zip(tensor.shape, shape[missing:], strides_of(tensor), strict=True)
    )
    return view_of(tensor, shape, strides)


def as_rows(tensor: Tensor, batch: int = 0) -> Tensor:
    """What a matrix product reads of a tensor: itself where its leading axes fold into one, else a contiguous copy.

    `batch` is 1 where matrices are multiplied: the axes before the last two fold.
    """
    if tensor.strides is None or tensor.rank <= 2 + batch:
        return tensor
    lead = zip(tensor.shape[: tensor.rank - 1 - batch], tensor.strides, strict=False)
    axes = [(size, stride) for size, stride in lead if size != 1]
    folds = all(equal(outer, multiply(size, inner)) for (_, outer), (size, inner) in pairwise(axes))
    return tensor if folds else tensor.with_shape(*tensor.shape)


def contiguity(tensor: Tensor) -> Condition:
    """Where a tensor is contiguous: the strides of axes longer than 1 are those of the row by row layout."""
    if tensor.strides is None:
        return TRUE
    conditions: list[Condition] = []
    expected: Size = 1
    for size, stride in zip(reversed(tensor.shape), reversed(tensor.strides), strict=True):
        conditions.append(any_of(eq(stride, expected), eq(size, 1)))
        expected = multiply(expected, size)
    return any_of(all_of(*conditions), eq(expected, 0))


def suggested(tensor: Tensor) -> Sizes | None:
    """The strides of a fresh tensor in the memory format that a tensor suggests: contiguous or channels last."""
    return normal(tensor.shape, channels_last_strides(tensor.shape)) if suggests_channels_last(tensor) else None


def suggests_channels_last(tensor: Tensor) -> bool:
    """Whether torch takes a layout for channels last: strides that grow from C over W and H to N."""
    if tensor.strides is None or tensor.rank not in (4, 5):
        return False
    shape, strides = tensor.shape, tensor.strides
    if strides[1] == 0:
        return False
    least: Size = 0
    for d in (1, *range(tensor.rank - 1, 1, -1), 0):
        if shape[d] == 0 or ge(strides[d], least) is not TRUE:
            return False
        if d == 0 and equal(least, strides[1]):
            return False
        least = strides[d] if shape[d] == 1 else multiply(strides[d], shape[d])
    return True


def _suffixes(shape: Sizes, numel: Size | None = None) -> list[Size]:
    """The products of the sizes from each position to the end; the last is 1.

    The first is the number of elements. Where that is known otherwise, it is written so: a size that was inferred from
    the others is a quotient, which says less.
    """
    found: list[Size] = [1]
    for size in reversed(shape):
        found.append(multiply(found[-1], size))
    found.reverse()
    return found if numel is None or len(found) == 1 else [numel, *found[1:]]


def viewable(tensor: Tensor, shape: Sizes) -> Condition:
    """Where a tensor can be seen in a shape of as many elements without a copy.

    Between two neighbouring axes (those of size 1 left out) either the memory runs on, or the new shape breaks at the
    same place too. This is the rule of `Tensor.view`.
    """
    if tensor.strides is None:
        return TRUE
    old, strides = tensor.shape, tensor.strides
    before = _suffixes(old)
    after = _suffixes(shape, before[0])
    known = set(after)
    rank = len(old)

    def breaks_too(position: int) -> Condition:
        if before[position] in known:
            return TRUE
        return any_of(*(eq(before[position], product) for product in after))

    runs_on: dict[tuple[int, int], Condition] = {}

    def continues(a: int, b: int) -> Condition:
        """Whether axis a runs on into the next axis from b whose size is not 1, or the shape breaks between them."""
        if b == rank:
            return TRUE
        found = runs_on.get((a, b))
        if found is None:
            found = runs_on[a, b] = any_of(breaks_too(b), meets(a, b))
        return found

    def meets(a: int, b: int) -> Condition:
        same = eq(strides[a], multiply(old[b], strides[b]))
        one = eq(old[b], 1)
        if one is FALSE or (same is TRUE and continues(b, b + 1) is TRUE):
            return same
        later = continues(a, b + 1)
        if same is TRUE and later is TRUE:
            return TRUE
        return any_of(all_of(negate(one), same), all_of(one, later))

    everywhere = all_of(*(any_of(eq(old[d - 1], 1), continues(d - 1, d)) for d in range(rank - 1, 0, -1)))
    return TRUE if everywhere is TRUE else any_of(everywhere, eq(before[0], 0))


def viewed(site: Site, tensor: Tensor, shape: Sizes) -> Sizes | None:
    """The strides of a tensor seen in another shape, where `viewable` holds."""
    if tensor.strides is None:
        return None
    after = _suffixes(shape, tensor.numel)
    holds: Holds = partial(_knows, site)
    runs = _runs(tensor, after, holds)
    if not all(_is_break(product, after, holds) for _, product in runs):
        # The view is possible only because some size is 1, or two strides happen to agree; which is worth a case.
        holds = site.holds
        runs = _runs(tensor, after, holds)
    found: list[Size] = [1] * len(shape)
    position = len(shape)
    step: Size = 1
    for innermost, product in runs:
        step = innermost
        while position and not _equals(after[position], product, holds):
            position -= 1
            found[position] = step
            step = multiply(step, shape[position])
    for left in range(position - 1, -1, -1):
        found[left] = step
        step = multiply(step, shape[left])
    return normal(shape, tuple(found))


def _runs(tensor: Tensor, after: list[Size], holds: Holds) -> list[tuple[Size, Size]]:
    """The runs of axes whose memory runs on, from the end: the innermost stride, and the product of all sizes so far."""
    pairs = zip(tensor.shape, strides_of(tensor), strict=True)
    axes = [(size, stride) for size, stride in pairs if not _equals(size, 1, holds)]
    found: list[tuple[Size, Size]] = []
    product: Size = 1
    while axes:
        size, innermost = axes.pop()
        product, reach = multiply(product, size), multiply(size, innermost)
        while axes and not _is_break(product, after, holds) and _equals(axes[-1][1], reach, holds):
            size, stride = axes.pop()
            product, reach = multiply(product, size), multiply(size, stride)
        found.append((innermost, product))
    return found


def _knows(site: Site, condition: Condition) -> bool:
    return site.decide(condition) is Truth.YES


def _equals(a: Size, b: Size, holds: Holds) -> bool:
    return equal(a, b) or holds(eq(a, b))


def _is_break(product: Size, after: list[Size], holds: Holds) -> bool:
    return product in after or any(_equals(product, p, holds) for p in after)
