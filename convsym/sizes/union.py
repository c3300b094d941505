"""The union of domains, such as the ways through a forward that branches."""

from __future__ import annotations

from collections.abc import Iterable

from convsym.sizes.condition import all_of, any_of
from convsym.sizes.domain import Domain


def united(domains: Iterable[Domain]) -> Domain:
    """The union of domains; what all of them assume stays a condition of its own."""
    everything = tuple(domains)
    live = [d for d in everything if not d.is_surely_empty]
    if not live:
        return everything[0]
    names = tuple(dict.fromkeys(name for d in live for name in d.symbols))
    if len(live) == 1:
        return live[0]
    common = [
        a for a in live[0].conditions if all(any(a.condition == b.condition for b in d.conditions) for d in live[1:])
    ]
    found = Domain.positive(names)
    for assumption in common:
        found = found.assume(assumption.condition, assumption.reason)
    shared = {a.condition for a in common}
    ways = [all_of(*(a.condition for a in d.conditions if a.condition not in shared)) for d in live]
    return found.assume(any_of(*ways))
