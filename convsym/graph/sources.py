"""Which layers made a tensor, as far as the number of its channels goes."""

from __future__ import annotations

from collections.abc import Iterable

from convsym.graph.call import Call

#: Calls of layers, and tensors that no layer made, by identity.
Sources = frozenset[Call | int]


def sources(calls: Iterable[Call]) -> list[Sources]:
    """Of each call, what made its first input: the nearest calls that declare channels, through all that hands channels
    on, and the tensors that came in from outside; empty where it has no input."""
    made: dict[int, Sources] = {}
    found: list[Sources] = []
    for call in calls:
        given = [made.get(id(tensor), frozenset({id(tensor)})) for tensor in call.inputs]
        found.append(given[0] if given else frozenset())
        came = frozenset({call}) if call.declares_channels else frozenset[Call | int]().union(*given)
        made.update(dict.fromkeys(map(id, call.outputs), came))
    return found
