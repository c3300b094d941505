"""One way through a module that stands for several: its sizes are written so that they hold on every one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from torch.utils import _pytree as pytree

from convsym.graph.call import Cost, LayerCall
from convsym.graph.tensor import Tensor
from convsym.ops.strides import normal, strides_of
from convsym.sizes.arithmetic import Size, total
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import eq
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import evaluate
from convsym.sizes.rounding import last_divisions, rounded, rounded_up
from convsym.sizes.truth import Truth
from convsym.trace.numbers import SymbolicFloat, SymbolicInt, integer
from convsym.trace.passage import Standing
from convsym.trace.paths import Answers
from convsym.trace.recording import Recorded
from convsym.trace.tensors import SymbolicTensor


@dataclass(frozen=True)
class LocalWay:
    """One way through a module: the sizes that go it, and all that it did.

    `freed` says before which call memory was given back by the time the module returned.
    """

    domain: Domain
    taken: tuple[bool, ...]
    opened: tuple[Answers, ...]
    output: Any
    error: Exception | None
    recorded: Recorded
    overridden: dict[int, Standing]
    inputs: list[Tensor]
    freed: Mapping[Tensor, int]

    @property
    def runs(self) -> bool:
        return self.error is None and not self.recorded.findings

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors that it returns."""
        return tuple(leaf.spec for leaf in pytree.tree_leaves(self.output) if isinstance(leaf, SymbolicTensor))

    @property
    def cost(self) -> Cost:
        calls = self.recorded.calls
        return Cost(total([c.cost.flops for c in calls]), total([c.cost.elementwise for c in calls]))


class _Different(Exception):
    """The ways give what no one formula says."""


def merged(ways: list[LocalWay]) -> LocalWay | None:
    """One way that stands for all of them; None where they differ in more than how sizes are written."""
    first = ways[0]
    if len(ways) == 1:
        return first
    domains = [way.domain for way in ways]
    leaves, trees = zip(*(pytree.tree_flatten(way.output) for way in ways), strict=True)
    if any(tree != trees[0] for tree in trees) or len({len(way.recorded.layers) for way in ways}) > 1:
        return None
    try:
        output = [_leaf(each, domains) for each in zip(*leaves, strict=True)]
        inputs = [_tensor(each, domains) for each in zip(*(way.inputs for way in ways), strict=True)]
        layers = [_layer(each, domains) for each in zip(*(way.recorded.layers for way in ways), strict=True)]
    except _Different:
        return None
    recorded = replace(first.recorded, layers=tuple(layers))
    return replace(first, output=pytree.tree_unflatten(output, trees[0]), inputs=inputs, recorded=recorded)


def _leaf(each: Sequence[Any], domains: Sequence[Domain]) -> Any:
    first = each[0]
    if any(type(leaf) is not type(first) for leaf in each):
        raise _Different
    if isinstance(first, SymbolicTensor):
        spec = _tensor([leaf.spec for leaf in each], domains)
        return first if spec is first.spec else SymbolicTensor(spec, first.device)
    if isinstance(first, SymbolicInt):
        return integer(_size([leaf.size for leaf in each], domains))
    if isinstance(first, SymbolicFloat) and all(leaf.value == first.value for leaf in each):
        return first
    if all(leaf is first or (isinstance(first, (int, float, str, bool)) and leaf == first) for leaf in each):
        return first
    raise _Different


def _tensor(each: Sequence[Tensor], domains: Sequence[Domain]) -> Tensor:
    first = each[0]
    if all(tensor is first for tensor in each):
        return first
    if any((t.rank, t.dtype, t.data is None) != (first.rank, first.dtype, first.data is None) for t in each):
        raise _Different
    shape = _sizes([t.shape for t in each], domains)
    if any(t.strides is not None for t in each):
        strides = _strides([strides_of(t) for t in each], domains)
    else:
        strides = None
    if (shape, strides) == (first.shape, first.strides):
        return first
    return first.view(shape, None if strides is None else normal(shape, strides))


def _strides(each: Sequence[tuple[Size, ...]], domains: Sequence[Domain]) -> tuple[Size, ...]:
    try:
        return _sizes(each, domains)
    except _Different:
        return tuple(by_cases(sizes, domains) for sizes in zip(*each, strict=True))


def _sizes(each: Sequence[tuple[Size, ...]], domains: Sequence[Domain]) -> tuple[Size, ...]:
    return tuple(_size(sizes, domains) for sizes in zip(*each, strict=True))


def _size(each: Sequence[Size], domains: Sequence[Domain]) -> Size:
    found = _one_size(tuple(each), tuple(domains))
    if found is None:
        raise _Different
    return found


@lru_cache(maxsize=1 << 12)
def _one_size(each: tuple[Size, ...], domains: tuple[Domain, ...]) -> Size | None:
    """A size that is the first one in the first domain, the second one in the second, and so on.

    A forward that pads only where a window does not divide has H on one way and 4 (H // 4) + 4 on the other:
    4 ceil(H / 4) is both.
    """
    first = each[0]
    if all(size == first for size in each):
        return first
    up = [rounded_up(size, domain) for size, domain in zip(each, domains, strict=True)]
    if all(size == up[0] for size in up):
        return up[0]
    for last in last_divisions(each):
        written = [rounded_up(size, domain, last) for size, domain in zip(each, domains, strict=True)]
        if all(size == written[0] for size in written):
            return written[0]
    smallest = [domain.smallest() for domain in domains]
    candidates = dict.fromkeys((*each, *up, *(r for size in dict.fromkeys(each) for r in rounded(size))))
    for candidate in candidates:
        if all(
            at is not None and evaluate(candidate, at) == evaluate(size, at)
            for size, at in zip(each, smallest, strict=True)
        ) and all(
            candidate == written or domain.decide(eq(candidate, size)) is Truth.YES
            for size, written, domain in zip(each, up, domains, strict=True)
        ):
            return candidate
    return None


def _layer(each: Sequence[LayerCall], domains: Sequence[Domain]) -> LayerCall:
    first = each[0]
    if any((layer.path, layer.index) != (first.path, first.index) for layer in each):
        raise _Different
    return replace(
        first,
        input=_seen([layer.input for layer in each], domains),
        output=_seen([layer.output for layer in each], domains),
    )


def _seen(each: Sequence[Tensor], domains: Sequence[Domain]) -> Tensor:
    """A tensor that nothing is computed from any more: its sizes may be cases of the ways."""
    try:
        return _tensor(each, domains)
    except _Different:
        first = each[0]
        if any((t.rank, t.dtype) != (first.rank, first.dtype) for t in each):
            raise
        return Tensor(
            tuple(by_cases(sizes, domains) for sizes in zip(*(t.shape for t in each), strict=True)), first.dtype
        )


def by_cases(each: Sequence[Size], domains: Sequence[Domain]) -> Size:
    """A size that is the first one in the first domain, the second one in the second, and so on."""
    if all(size == each[0] for size in each):
        return each[0]
    pieces = [(domain.as_condition(), size) for domain, size in zip(domains, each, strict=True)]
    return piecewise([*pieces[1:], pieces[0]])
