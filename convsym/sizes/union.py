"""The union of domains, such as the ways through a forward that branches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convsym.sizes.arithmetic import Unknown
from convsym.sizes.condition import FALSE, TRUE, All, Condition, all_of, any_of, negate
from convsym.sizes.domain import Domain


def united(domains: Iterable[Domain]) -> Domain:
    """The union of domains; what all of them assume stays a condition of its own.

    What a way assumes of numbers that depend on data is left out: there are data for each way.
    """
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
    ways = [
        tuple(a.condition for a in d.conditions if a.condition not in shared and not _is_of_data(a.condition))
        for d in live
    ]
    return found.assume(_any_way(ways))


def _is_of_data(condition: Condition) -> bool:
    return any(isinstance(s, Unknown) for s in condition.symbols)


def _any_way(ways: Sequence[tuple[Condition, ...]]) -> Condition:
    """Where all conditions of any way hold. Where two ways part at a condition and its contrary, what both go on with is
    said once, and the condition not at all if nothing else is left."""
    if () in ways:
        return TRUE
    first = ways[0]
    for length in range(1, len(first) + 1):
        condition = all_of(*first[:length])
        contrary = negate(condition)
        there = [way[length:] for way in ways if way[:length] == first[:length]]
        elsewhere = [way[1:] for way in ways if way[0] == contrary]
        if len(there) + len(elsewhere) == len(ways):
            return _either(condition, _any_way(there), contrary, _any_way(elsewhere) if elsewhere else FALSE)
    return any_of(*(all_of(*way) for way in ways))


def _either(condition: Condition, there: Condition, contrary: Condition, elsewhere: Condition) -> Condition:
    """``condition and there or contrary and elsewhere``."""
    rest = set(_parts(elsewhere))
    common = [part for part in _parts(there) if part in rest]
    there = all_of(*(part for part in _parts(there) if part not in common))
    elsewhere = all_of(*(part for part in _parts(elsewhere) if part not in common))
    if there is TRUE:
        return all_of(*common, any_of(condition, elsewhere))
    if elsewhere is TRUE:
        return all_of(*common, any_of(contrary, there))
    return all_of(*common, any_of(all_of(condition, there), all_of(contrary, elsewhere)))


def _parts(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, All) else (condition,)
