"""What a backward pass computes again: the calls inside of checkpoints."""

from __future__ import annotations

from collections.abc import Collection

from convsym.analysis.regions import Parts, Region, kept_by, regions_in
from convsym.graph.call import Call
from convsym.graph.needed import Needed


def recomputed(parts: Parts, needed: Needed, reached: Collection[int]) -> tuple[tuple[Call, ...], ...]:
    """The calls that each checkpoint computes again, where the backward pass goes through it.

    What is inside of several of them is computed again for each. A checkpoint that keeps some results of its own choice
    is left out.
    """
    return tuple(
        _until_the_last_kept(region, needed) if region.checkpoint.stops_early else tuple(region.calls)
        for region in regions_in(parts)
        if not region.checkpoint.is_selective
        and needed.enters(region.checkpoint)
        and any(call.index in reached for call in region.calls)
    )


def _until_the_last_kept(region: Region, needed: Needed) -> tuple[Call, ...]:
    """Those before the last part that anything is kept of, and that too where it keeps what it computes."""
    parts = region.parts
    for place in range(len(parts) - 1, -1, -1):
        last = parts[place]
        before = Region(region.checkpoint, parts[:place])
        if isinstance(last, Region):
            if needed.enters(last.checkpoint):
                # A reentrant checkpoint keeps its inputs when it has computed everything, any other before.
                return (*before.calls, *(last.calls if last.checkpoint.is_reentrant else ()))
        elif kept := kept_by(last, needed):
            read = {t.storage for t in last.inputs}
            return (*before.calls, *([last] if any(t.storage not in read for t in kept) else ()))
    return ()
