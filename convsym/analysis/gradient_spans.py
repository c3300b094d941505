"""From which step to which gradients are there along a backward pass.

Call by call from the outputs on, the gradients of the operands are made from those of the results, which then go.
Gradients of what is trained stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from convsym.analysis.alive import Span
from convsym.analysis.regions import regions_in
from convsym.analysis.training import Training
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor


def gradient_spans(training: Training) -> list[tuple[Tensor, Span]]:
    """The memory of the gradients, each named by the tensor that it was made for."""
    trained, first = frozenset(training.trained), len(training.calls)
    end = first + len(training.reached)
    memory, held = _Memory(), held_longer(training)
    # The gradient of each tensor that has one and whose backward is still to come, and what is there until the end.
    waiting = {t: memory.made_for(t, first) for t in dict.fromkeys(training.outputs) if training.needed.of(t)}
    accumulated: dict[Tensor, int] = {}
    for step, call in enumerate(backward_calls(training), first):
        made = _of_operands(training, trained, call, waiting, memory, step)
        for tensor in call.outputs:
            if tensor in waiting:
                memory.let_go(waiting.pop(tensor), held.get(tensor, step + 1))
        for tensor, number in made.items():
            # What is added to a gradient that is there already goes.
            if tensor in accumulated or tensor in waiting:
                memory.let_go(number, step + 1)
            else:
                (accumulated if tensor in trained else waiting)[tensor] = number
    for number in (*waiting.values(), *accumulated.values()):
        memory.let_go(number, end)
    return [(tensor, Span(born, memory.gone[number])) for number, (tensor, born) in enumerate(memory.born)]


def held_longer(training: Training) -> dict[Tensor, int]:
    """Until before which step gradients of the results of reentrant checkpoints are held: all inside comes first."""
    found: dict[Tensor, int] = {}
    for region in regions_in(training.parts):
        if region.checkpoint.is_reentrant:
            inside = sum(index >= region.first.index for index in training.reached)
            results = region.results(training.calls, training.outputs)
            found.update(dict.fromkeys(results, len(training.calls) + inside))
    return found


def backward_calls(training: Training) -> list[Call]:
    """The calls in the order of the backward pass."""
    return [training.calls[index] for index in sorted(training.reached, reverse=True)]


class _Memory:
    """Pieces of memory by their number: for which tensor and at which step they were made, and when the last of those
    that hold them let go."""

    def __init__(self) -> None:
        self.born: list[tuple[Tensor, int]] = []
        self.gone: dict[int, int] = {}

    def made_for(self, tensor: Tensor, step: int) -> int:
        self.born.append((tensor, step))
        return len(self.born) - 1

    def let_go(self, number: int, step: int) -> None:
        self.gone[number] = max(step, self.gone.get(number, 0))


def _of_operands(
    training: Training,
    trained: Collection[Tensor],
    call: Call,
    waiting: Mapping[Tensor, int],
    memory: _Memory,
    step: int,
) -> dict[Tensor, int]:
    """The memory of the gradient of each operand that needs one: that of an incoming gradient where it is shared."""
    incoming = next((waiting[t] for t in call.outputs if t in waiting), None)
    shares = incoming is not None and call.backward is not None and call.backward.shares
    made: dict[Tensor, int] = {}
    for tensor in call.passes_to:
        if tensor in made or not training.needed.of(tensor):
            continue
        # The gradient of an operand in another dtype than the result is a cast of the incoming one.
        if shares and tensor not in trained and incoming is not None and memory.born[incoming][0].dtype == tensor.dtype:
            made[tensor] = incoming
        else:
            made[tensor] = memory.made_for(tensor, step)
    return made
