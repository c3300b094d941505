"""One training step of one case: which gradients are computed, what they cost, and what is kept for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from convsym.analysis.gradients import flops_of_gradients, reached
from convsym.analysis.recomputed import recomputed
from convsym.analysis.regions import Parts, parts_of, regions_in
from convsym.analysis.saved import bytes_of, distinct, saved_tensors
from convsym.analysis.totals import activation_bytes
from convsym.graph.call import Call
from convsym.graph.needed import Needed
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, total


@dataclass(frozen=True)
class Training:
    """The backward pass that belongs to the calls of a forward.

    `weights` are the parameters and buffers that the forward read, `trained` those tensors that require a gradient.
    Gradients are computed from all `outputs` for all of `trained`, and none for the inputs.
    """

    calls: tuple[Call, ...]
    outputs: tuple[Tensor, ...]
    weights: tuple[Tensor, ...]
    trained: tuple[Tensor, ...]

    @cached_property
    def needed(self) -> Needed:
        """The tensors that autograd follows."""
        return Needed(self.calls, self.trained)

    @cached_property
    def parts(self) -> Parts:
        """The calls inside of no checkpoint, and what checkpoints set apart."""
        return parts_of(self.calls)

    @cached_property
    def reached(self) -> frozenset[int]:
        """The indices of the calls that the backward pass goes through."""
        return reached(self.calls, self.needed, self.outputs)

    @cached_property
    def _parts_of_backward(self) -> Mapping[int, tuple[Size, ...]]:
        """FLOPs of what the backward pass does for each call, by its index: gradients, and computing it again."""
        flops = flops_of_gradients(self.calls, self.needed, self.reached)
        for call in (call for calls in self.recomputed for call in calls if call.cost.flops != 0):
            flops[call.index] = (*flops.get(call.index, ()), call.cost.flops)
        return flops

    @cached_property
    def gradients(self) -> Mapping[int, Size]:
        """FLOPs that the backward pass has for each call, by its index: those of gradients, and of computing it again."""
        return {index: total(parts) for index, parts in sorted(self._parts_of_backward.items())}

    @cached_property
    def recomputed(self) -> tuple[tuple[Call, ...], ...]:
        """The calls that the backward pass computes again, checkpoint by checkpoint."""
        return recomputed(self.parts, self.needed, self.reached)

    @cached_property
    def flops(self) -> Size:
        """FLOPs of the backward pass."""
        return total(chain.from_iterable(self._parts_of_backward.values()))

    @cached_property
    def tensors(self) -> tuple[tuple[Tensor, ...], ...]:
        """The tensors that autograd keeps of each call."""
        return saved_tensors(self.calls, self.parts, self.needed)

    @cached_property
    def activation_bytes(self) -> Size:
        """Bytes of all results that are no views, as if nothing were freed."""
        return activation_bytes(self.calls)

    @cached_property
    def saved(self) -> tuple[tuple[Tensor, ...], ...]:
        """The memory that each call is the first to keep, parameters and buffers left out."""
        return distinct(self.tensors, self.weights)

    @cached_property
    def saved_bytes(self) -> Size:
        """Bytes that autograd keeps, parameters and buffers left out."""
        return bytes_of(self.saved)

    @cached_property
    def graded(self) -> tuple[Tensor, ...]:
        """Those of what is trained that have a gradient after the backward pass."""
        read = {t for index in self.reached for t in self.calls[index].passes_to}
        return tuple(t for t in self.trained if t in read or t in self.outputs)

    @cached_property
    def gradient_bytes(self) -> Size:
        """Bytes of the gradients that the backward pass leaves."""
        return self.sum_over_graded(lambda tensors: total([t.bytes for t in tensors]))

    def sum_over_graded(self, quantity: Callable[[Sequence[Tensor]], Size]) -> Size:
        """What a quantity of several tensors is for those that have a gradient after the backward pass."""
        return quantity(self.graded)

    @cached_property
    def uncounted(self) -> tuple[str, ...]:
        """Operations with gradients whose FLOPs are not known."""
        calls = [self.calls[index] for index in self.reached]
        return tuple(sorted({call.op for call in calls if not _are_gradients_counted(call)} | self._selective))

    @property
    def uneven(self) -> tuple[str, ...]:
        """Modules of whose joined branches no formula says all that differs."""
        return ()

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Operations of which is not known what autograd keeps."""
        calls = [c for c in self.calls if c.backward is None or not c.backward.all_saved]
        return tuple(sorted({c.op for c in calls if any(map(self.needed.of, c.passes_to))} | self._selective))

    @cached_property
    def _selective(self) -> frozenset[str]:
        """Names the checkpoints that choose what they keep, where there are any."""
        chosen = any(region.checkpoint.is_selective for region in regions_in(self.parts))
        return frozenset({"checkpoint with context_fn"} if chosen else ())


def _are_gradients_counted(call: Call) -> bool:
    if call.backward is None:
        # Where the forward multiplies no matrices, neither does the backward.
        return call.counted and call.cost.flops == 0
    return call.backward.all_gradients
