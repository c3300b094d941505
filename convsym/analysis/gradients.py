"""Which calls a backward pass goes through, and what its matrix products and convolutions cost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from convsym.graph.call import Call
from convsym.graph.needed import Needed
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size


def reached(calls: Sequence[Call], needed: Needed, outputs: Iterable[Tensor]) -> frozenset[int]:
    """The indices of the calls that a backward pass from the outputs goes through."""
    tensors = {t for t in outputs if needed.of(t)}
    # A tensor may be read under another view than it was written through.
    memory = {t.storage for t in tensors}
    found = set()
    for call in reversed(calls):
        if not any(t in tensors or t.base in memory for t in call.outputs):
            continue
        if not any(map(needed.of, call.outputs)):
            continue
        found.add(call.index)
        sources = [t for t in call.passes_to if needed.of(t)]
        tensors.update(sources)
        memory.update(t.storage for t in sources)
    return frozenset(found)


def flops_of_gradients(
    calls: Sequence[Call], needed: Needed, on_the_way: Collection[int]
) -> dict[int, tuple[Size, ...]]:
    """The FLOPs of each part of the backward pass, such as one matrix product, by the index of the call it belongs to.

    Only calls on the way from the outputs to what is trained, whose indices are given, have any.
    """
    return {
        call.index: tuple(gradient.flops for gradient in backward.gradients if needed.any_of(gradient.of))
        for call in calls
        if call.index in on_the_way and (backward := call.backward) is not None and backward.gradients
    }
