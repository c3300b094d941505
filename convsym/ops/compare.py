"""Comparisons of whole tensors (isclose, allclose, equal), differences along an axis (diff), and conjugates."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import keeps_nothing
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis
from convsym.ops.broadcast import broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.dtypes import require_one_dtype
from convsym.ops.elementwise import pointwise
from convsym.ops.join import cat
from convsym.ops.layout import elementwise_strides
from convsym.sizes.arithmetic import Size, maximum, multiply, subtract
from convsym.sizes.condition import FALSE, TRUE, all_of, eq, ge


def isclose(
    site: Site, input: Tensor, other: Tensor, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False
) -> Outcome:
    """Whether elements differ by at most atol + rtol |other|; the operands are broadcast."""
    require_one_dtype(site, "isclose", input, other)
    return pointwise(site, "isclose", torch.bool, input, other, work=4)


def allclose(
    site: Site, input: Tensor, other: Tensor, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False
) -> Outcome:
    """Whether all elements are close: an answer that depends on the data, so both are analysed."""
    require_one_dtype(site, "allclose", input, other)
    broadcast(site, input.shape, other.shape, op="allclose")
    return Outcome(_either(site))


def equal(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """Whether two tensors have one shape and equal elements; the latter depends on the data, so both are analysed."""
    same = input.rank == other.rank and site.holds(
        all_of(*(eq(a, b) for a, b in zip(input.shape, other.shape, strict=True)))
    )
    return Outcome(same and _either(site))


def _either(site: Site) -> bool:
    return site.holds(eq(site.unknown(0), 1))


def diff(
    site: Site, input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Outcome:
    """Differences of neighbours along an axis, `n` times; each makes it one shorter, down to nothing."""
    site.require("argument-value", ge(n, 0), "diff has n={}, which must not be negative", n, help="take n=1")
    if not site.require(
        "input-rank", TRUE if input.rank else FALSE, "diff takes at least one axis, but gets a single number"
    ):
        return Outcome(input)
    unchanged = Outcome(Tensor(input.shape, input.dtype, elementwise_strides(site, input.shape, input)))
    parts = [part for part in (prepend, input, append) if part is not None]
    if n == 0 and len(parts) == 1:
        return unchanged
    at = axis(site, "diff", dim, input.rank)
    if at is None or False in {_require_beside(site, part, input, at) for part in parts} or n == 0:
        return unchanged
    if len(parts) > 1:
        input = cat(site, parts, at).output
    size: Size = maximum(0, subtract(input.shape[at], n))
    shape = tuple(size if i == at else s for i, s in enumerate(input.shape))
    output = Tensor(shape, input.dtype, elementwise_strides(site, shape, input))
    return Outcome(output, Cost(elementwise=multiply(n, output.numel)))


def _require_beside(site: Site, part: Tensor, input: Tensor, at: int) -> bool:
    fits = TRUE if part.rank == input.rank else FALSE
    pairs = enumerate(zip(part.shape, input.shape, strict=False))
    return site.require(
        "diff-shape",
        all_of(fits, *(eq(a, b) for i, (a, b) in pairs if i != at)),
        "diff joins tensors of shape {} and {} along axis {}, but they differ on another one",
        part.shape,
        input.shape,
        str(at),
        help="give prepend and append the shape of the input, except on the axis of the differences",
    )


def conj(site: Site, input: Tensor) -> Outcome:
    """The complex conjugate, a view; what resolves views of that kind keeps their layout."""
    return Outcome(input)


RULES = keeping(
    keeps_nothing,
    OpRule("isclose", isclose, spellings("isclose")),
    OpRule("allclose", allclose, spellings("allclose")),
    OpRule("equal", equal, (torch.equal, torch.Tensor.equal)),
    OpRule("diff", diff, spellings("diff")),
    OpRule("conj", conj, (torch.conj, torch.Tensor.conj)),
    OpRule("resolve", conj, spellings("resolve_conj", "resolve_neg")),
)
