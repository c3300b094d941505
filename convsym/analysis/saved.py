"""What autograd keeps of a forward for the backward pass, call by call.

It keeps tensors; what they take is the memory that these lie in, so a view counts the whole it is a view of, and memory
that several calls keep counts once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from convsym.graph.call import Call, Checkpoint
from convsym.graph.needed import Needed
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, total


def saved_tensors(calls: Sequence[Call], needed: Needed) -> tuple[tuple[Tensor, ...], ...]:
    """The tensors that each call keeps, in the order of the calls; a checkpoint's inputs are kept by its first call."""
    met: set[Checkpoint] = set()
    found = []
    for call in calls:
        checkpoint = call.checkpoint
        if checkpoint is None:
            found.append(kept_by(call, needed))
        else:
            found.append(checkpoint.inputs if checkpoint not in met and needed.enters(checkpoint) else ())
            met.add(checkpoint)
    return tuple(found)


def kept_by(call: Call, needed: Needed) -> tuple[Tensor, ...]:
    """The tensors that one call keeps where it is inside of no checkpoint."""
    backward = call.backward
    if backward is None or not backward.through or not any(map(needed.of, call.inputs)):
        return ()
    return tuple(saved.tensor for saved in backward.saved if needed.any_of(saved.wanted_by))


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
