"""Which tensors autograd follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convsym.graph.call import Call, Checkpoint
from convsym.graph.tensor import Tensor


class Needed:
    """The tensors that autograd follows: the leaves that are trained, and all that is computed from them.

    Where something that needs a gradient is written into a view, all that shares its memory needs one.
    """

    def __init__(self, calls: Iterable[Call] = (), leaves: Iterable[Tensor] = ()) -> None:
        self._tensors = set(leaves)
        self._written: set[Tensor] = set()
        for call in calls:
            self.follow(call)

    def start(self, leaves: Iterable[Tensor]) -> None:
        """Follow what is computed from these as well, from the next call on."""
        self._tensors.update(leaves)

    def follow(self, call: Call) -> None:
        """Go on with the next call."""
        backward = call.backward
        starts = backward is not None and backward.starts
        if not starts and not any(map(self.of, call.passes_to)):
            return
        if call.checkpoint is not None and not self.enters(call.checkpoint):
            return
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
        if checkpoint.outer is not None and not self.enters(checkpoint.outer):
            return False
        return not checkpoint.is_reentrant or any(map(self.of, checkpoint.inputs))

    def any_of(self, tensors: Sequence[Tensor]) -> bool:
        """Whether it follows any of these; of no tensors, it does."""
        return not tensors or any(map(self.of, tensors))
