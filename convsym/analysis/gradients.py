"""Which tensors of a forward need a gradient, and what the matrix products and convolutions of the backward cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convsym.graph.call import Call, Checkpoint
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, total


class Needed:
    """The tensors that autograd follows: the leaves that are trained, and all that is computed from them.

    Where something that needs a gradient is written into a view, all that shares its memory needs one.
    """

    def __init__(self, calls: Iterable[Call], leaves: Iterable[Tensor]) -> None:
        self._tensors = set(leaves)
        self._written: set[Tensor] = set()
        for call in calls:
            backward = call.backward
            starts = backward is not None and backward.starts
            stops = backward is not None and not backward.through
            if not starts and (stops or not any(map(self.of, call.inputs))):
                continue
            if call.checkpoint is not None and not self.enters(call.checkpoint):
                continue
            for tensor in call.outputs:
                if tensor.dtype.is_floating_point or tensor.dtype.is_complex:
                    self._tensors.add(tensor)
                    if tensor.base is not None and not starts and not self.of(call.inputs[0]):
                        self._written.add(tensor.base)

    def of(self, tensor: Tensor) -> bool:
        """Whether autograd follows a tensor."""
        return tensor in self._tensors or tensor.storage in self._written

    def enters(self, checkpoint: Checkpoint) -> bool:
        """Whether gradients are computed inside a checkpoint."""
        return not checkpoint.is_reentrant or any(map(self.of, checkpoint.inputs))

    def any_of(self, tensors: Iterable[Tensor]) -> bool:
        """Whether it follows any of these; of no tensors, it does."""
        given = tuple(tensors)
        return not given or any(map(self.of, given))


def reached(calls: Sequence[Call], needed: Needed, outputs: Iterable[Tensor]) -> frozenset[int]:
    """The indices of the calls that a backward pass from the outputs goes through."""
    tensors = {t for t in outputs if needed.of(t)}
    # A tensor may be read under another view than it was written through.
    memory = {t.storage for t in tensors}
    found = set()
    for call in reversed(calls):
        writes = any(t.base is not None and t.base in memory for t in call.outputs)
        if not writes and not any(t in tensors for t in call.outputs):
            continue
        if not any(map(needed.of, call.outputs)):
            continue
        found.add(call.index)
        sources = [t for t in call.inputs if needed.of(t)]
        tensors.update(sources)
        memory.update(t.storage for t in sources)
    return frozenset(found)


def backward_flops(calls: Sequence[Call], needed: Needed, outputs: Iterable[Tensor]) -> dict[int, Size]:
    """The FLOPs of the gradients of each call, by its index, two per multiply-accumulate.

    Only calls on the way from the outputs to what is trained have any.
    """
    on_the_way = reached(calls, needed, outputs)
    return {
        call.index: total([gradient.flops for gradient in backward.gradients if needed.any_of(gradient.of)])
        for call in calls
        if call.index in on_the_way and (backward := call.backward) is not None and backward.gradients
    }
