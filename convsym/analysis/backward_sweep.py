"""What is alive along a backward pass: what autograd still keeps, and the gradients that have not been used yet.

Call by call from the outputs on, the gradients of the operands are made from those of the results, which then go, and
with them what only this call kept. Gradients of what is trained stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from convsym.analysis.training import Training
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor


def backward_moments(training: Training, apart: Collection[Tensor]) -> tuple[tuple[Tensor, ...], ...]:
    """The memory alive at each call of the backward pass, in the order of that pass."""
    needed = training.needed
    keepers = Counter(s for kept in training.tensors for s in {t.storage for t in kept})
    kept = {s for s in keepers if s not in apart}
    outputs = dict.fromkeys(t.storage for t in training.outputs if t.storage not in apart)
    gradients: dict[Tensor, Tensor] = {t: t.with_shape(*t.shape) for t in training.outputs if needed.of(t)}
    stays: dict[Tensor, None] = {}
    moments = []
    for index in range(len(training.calls) - 1, -1, -1):
        call = training.calls[index]
        if index in training.reached:
            made = _gradients_of_operands(training, call, gradients)
            reordered = call.backward.workspace if call.backward is not None else ()
            passing = (t for group in reordered for t in group)
            alive = dict.fromkeys((*kept, *outputs, *stays, *gradients.values(), *made.values(), *passing))
            moments.append(tuple(alive))
            for tensor in call.outputs:
                gradients.pop(tensor, None)
            for tensor, gradient in made.items():
                if tensor in training.trained:
                    stays[gradient] = None
                else:
                    gradients.setdefault(tensor, gradient)
        for storage in {t.storage for t in training.tensors[index]}:
            keepers[storage] -= 1
            if not keepers[storage]:
                kept.discard(storage)
    return tuple(moments)


def _gradients_of_operands(training: Training, call: Call, gradients: dict[Tensor, Tensor]) -> dict[Tensor, Tensor]:
    """The memory of the gradient of each operand that needs one: that of an incoming gradient where it is shared."""
    incoming = next((gradients[t] for t in call.outputs if t in gradients), None)
    shares = incoming is not None and call.backward is not None and call.backward.shares
    made: dict[Tensor, Tensor] = {}
    for tensor in call.inputs:
        if not training.needed.of(tensor) or (tensor in training.trained and tensor in made):
            continue
        if shares and tensor not in training.trained:
            assert incoming is not None
            made[tensor] = incoming
        else:
            made[tensor] = tensor.with_shape(*tensor.shape)
    return made
