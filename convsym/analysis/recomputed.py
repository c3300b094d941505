"""What a backward pass computes again: the calls inside of checkpoints."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from convsym.analysis.saved import kept_by
from convsym.graph.call import Call, Checkpoint
from convsym.graph.needed import Needed


def recomputed(calls: Sequence[Call], needed: Needed, reached: Collection[int]) -> tuple[tuple[Call, ...], ...]:
    """The calls that each checkpoint computes again, where the backward pass goes through it."""
    inside: dict[Checkpoint, list[Call]] = {}
    for call in calls:
        if call.checkpoint is not None and needed.enters(call.checkpoint):
            inside.setdefault(call.checkpoint, []).append(call)
    regions = [(c, calls) for c, calls in inside.items() if any(call.index in reached for call in calls)]
    return tuple(_until_the_last_kept(calls, needed) if c.stops_early else tuple(calls) for c, calls in regions)


def _until_the_last_kept(calls: Sequence[Call], needed: Needed) -> tuple[Call, ...]:
    """Those before the last call that keeps anything, and that too where it keeps what it computes."""
    for place in range(len(calls) - 1, -1, -1):
        kept = kept_by(calls[place], needed)
        if kept:
            read = {t.storage for t in calls[place].inputs}
            return tuple(calls[: place + any(t.storage not in read for t in kept)])
    return ()
