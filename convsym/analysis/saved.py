"""What autograd keeps of a forward for the backward pass, call by call.

It keeps tensors; what they take is the memory that these lie in, so a view counts the whole it is a view of, and memory
that several calls keep counts once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from convsym.analysis.regions import Parts, kept_among
from convsym.graph.call import Call
from convsym.graph.needed import Needed
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, total


def saved_tensors(calls: Sequence[Call], parts: Parts, needed: Needed) -> tuple[tuple[Tensor, ...], ...]:
    """The tensors that each call keeps, in the order of the calls; a checkpoint's inputs are kept by its first call."""
    kept = dict(kept_among(parts, needed))
    return tuple(kept.get(call, ()) for call in calls)


def distinct(tensors: Sequence[tuple[Tensor, ...]], apart: Collection[Tensor]) -> tuple[tuple[Tensor, ...], ...]:
    """The memory that each call is the first to keep, as the tensors that own it; `apart` is left out."""
    seen = set(apart)
    found = []
    for kept in tensors:
        storages = [t.storage for t in kept]
        fresh = tuple(dict.fromkeys(s for s in storages if s not in seen))
        seen.update(fresh)
        found.append(fresh)
    return tuple(found)


def bytes_of(storages: Sequence[tuple[Tensor, ...]]) -> Size:
    """The bytes of all of them."""
    return total([storage.bytes for kept in storages for storage in kept])
