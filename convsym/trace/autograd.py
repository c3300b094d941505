"""What autograd says of a traced tensor where the model's code asks: `requires_grad`, `grad_fn`, `is_leaf`.

A model in training mode is told what a training step tells it. In evaluation mode it is told what inference under
torch.no_grad tells it: no tensor requires a gradient.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from convsym.graph.call import Call
from convsym.graph.needed import Needed
from convsym.graph.tensor import Tensor
from convsym.trace.module_stack import ModuleStack
from convsym.trace.passage import Passage
from convsym.trace.recording import Recording


@dataclass(frozen=True, slots=True)
class GradFn:
    """What stands for the function that autograd would call for a tensor."""

    op: str

    def name(self) -> str:
        """The operation that made the tensor."""
        return self.op


class Autograd:
    """Which tensors of a run need a gradient; found out when it is asked for, since few models ask.

    `open_leaves` are the parameters of open sizes that are trained.
    """

    def __init__(self, recording: Recording, passage: Passage, modules: ModuleStack) -> None:
        self.open_leaves: tuple[Tensor, ...] = ()
        self._recording = recording
        self._passage = passage
        self._modules = modules
        self._needed = Needed()
        self._last: Call | None = None
        self._followed = 0

    def requires_grad(self, tensor: Tensor) -> bool:
        """What a tensor says of itself."""
        return self._modules.outermost_training and self.follows(tensor)

    def follows(self, tensor: Tensor) -> bool:
        """Whether a tensor needs a gradient where gradients are computed, whatever the mode of the model."""
        return self._up_to_now().of(tensor)

    def grad_fn(self, tensor: Tensor) -> GradFn | None:
        """What autograd would have for a tensor that was computed; None where it has nothing."""
        if not self.requires_grad(tensor):
            return None
        makers = (call for call in reversed(self._recording.calls) if any(t is tensor for t in call.outputs))
        call = next(makers, None)
        if call is None or (call.backward is not None and call.backward.starts):
            return None
        return GradFn(call.op)

    def _up_to_now(self) -> Needed:
        calls = self._recording.calls
        # A run that went back to a module's call has forgotten calls that were followed already.
        if self._followed and (len(calls) < self._followed or calls[self._followed - 1] is not self._last):
            self._needed, self._followed = Needed(), 0
        self._needed.start(self._leaves())
        for call in calls[self._followed :]:
            self._needed.follow(call)
        self._followed = len(calls)
        self._last = calls[-1] if calls else None
        return self._needed

    def _leaves(self) -> Iterable[Tensor]:
        yield from self.open_leaves
        for value, spec in (*self._passage.lifted.values(), *self._passage.rewritten):
            with torch._C.DisableTorchFunctionSubclass():
                if value.requires_grad:
                    yield spec
