"""What is remembered of ways that were joined, beside the one that the forward goes on with."""

from __future__ import annotations

from convsym.graph.joint import Branch
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Unknown
from convsym.sizes.condition import all_of
from convsym.sizes.domain import Domain
from convsym.trace.merge import LocalWay


def most_of_its_own_first(ways: list[LocalWay]) -> list[LocalWay]:
    """The ways, first the one of whose results the most have memory of their own.

    What follows names their memory by that of the first, and could not tell a result that is an input as it is from
    that input.
    """
    return sorted(ways, key=lambda way: -len(_own(way)))


def branches_of(ways: list[LocalWay], before: Domain) -> tuple[Branch, ...]:
    """The ways as branches; none where elements that nobody knows decide between them."""
    known = {a.condition for a in before.conditions}
    conditions = [all_of(*(a.condition for a in way.domain.conditions if a.condition not in known)) for way in ways]
    if any(isinstance(s, Unknown) for condition in conditions for s in condition.symbols):
        return ()
    return tuple(
        Branch(condition, way.recorded.calls, way.tensors, way.freed, way.recorded.joints)
        for condition, way in zip(conditions, ways, strict=True)
    )


def is_even(ways: list[LocalWay], together: LocalWay) -> bool:
    """Whether nothing after ways that were joined depends on which was gone, but for how much memory there is."""
    first, own = ways[0], _own(ways[0])
    for way in ways:
        layouts = zip((*together.tensors, *together.inputs), (*way.tensors, *way.inputs), strict=True)
        if any(joined.strides != alone.strides for joined, alone in layouts):
            return False
        pairs = {(a.storage, b.storage) for a, b in zip(first.tensors, way.tensors, strict=True)}
        if len({name for name, _ in pairs}) < len(pairs) or any(a is not b and a not in own for a, b in pairs):
            return False
    return True


def _own(way: LocalWay) -> set[Tensor]:
    """The memory of results that the way itself has made."""
    made = {t for call in way.recorded.calls for t in call.made}
    return {t.storage for t in way.tensors if t.storage in made}
