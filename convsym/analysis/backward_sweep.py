"""What is alive along a backward pass: what autograd still keeps, and the gradients that have not been used yet.

Call by call from the outputs on, the gradients of the operands are made from those of the results, which then go, and
with them what only this call kept. Gradients of what is trained stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from convsym.analysis.alive import Step, Tally
from convsym.analysis.regions import kept_among, regions_in
from convsym.analysis.training import Training
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor


def backward_steps(training: Training, apart: Collection[Tensor], tally: Tally) -> Iterator[Step]:
    """The steps of the backward pass, in its order.

    `tally` has what is alive when the forward has ended: what autograd keeps, once for each call that keeps it, and the
    outputs.
    """
    gradients: dict[Tensor, Tensor] = {t: t.with_shape(*t.shape) for t in training.outputs if training.needed.of(t)}
    tally.hold(gradients.values())
    accumulated: set[Tensor] = set()
    recomputed = _recomputed(training, apart)
    again: dict[int, list[set[Tensor]]] = {}
    trained = frozenset(training.trained)
    for index in range(len(training.calls) - 1, -1, -1):
        call = training.calls[index]
        for earlier, storages in recomputed.get(index, ()):
            tally.hold(storages)
            again.setdefault(earlier, []).append(storages)
        if index in training.reached:
            made = _gradients_of_operands(training, trained, call, gradients)
            tally.hold(made.values())
            workspace = call.backward.workspace if call.backward is not None else ()
            # The gradients are computed on copies as the result is, each of them made once.
            copies = tuple(dict.fromkeys(t for group in workspace for t in group))
            yield Step(call, *tally.changes(), passing=(copies,))
            for tensor in set(call.outputs):
                if tensor in gradients:
                    tally.drop([gradients.pop(tensor)])
            for tensor, gradient in made.items():
                # What is added to a gradient that is there already goes.
                if tensor in accumulated or tensor in gradients:
                    tally.drop([gradient])
                elif tensor in trained:
                    accumulated.add(tensor)
                else:
                    gradients[tensor] = gradient
        tally.drop({t.storage for t in training.tensors[index] if t.storage not in apart})
        for storages in again.pop(index, ()):
            tally.drop(storages)


def _recomputed(training: Training, apart: Collection[Tensor]) -> Mapping[int, list[tuple[int, set[Tensor]]]]:
    """What autograd keeps, by the calls that it keeps it of, once the backward pass meets the last call of a checkpoint.

    All inside is then computed again, and of checkpoints further inside again only their inputs are kept.
    """
    found: dict[int, list[tuple[int, set[Tensor]]]] = {}
    for region in regions_in(training.parts):
        last = max((call.index for call in region.calls if call.index in training.reached), default=None)
        if last is not None:
            kept = kept_among(region.parts, training.needed)
            found.setdefault(last, []).extend((c.index, {t.storage for t in ts}.difference(apart)) for c, ts in kept)
    return found


def _gradients_of_operands(
    training: Training, trained: Collection[Tensor], call: Call, gradients: Mapping[Tensor, Tensor]
) -> dict[Tensor, Tensor]:
    """The memory of the gradient of each operand that needs one: that of an incoming gradient where it is shared."""
    incoming = next((gradients[t] for t in call.outputs if t in gradients), None)
    shares = incoming is not None and call.backward is not None and call.backward.shares
    made: dict[Tensor, Tensor] = {}
    for tensor in call.inputs:
        if not training.needed.of(tensor) or (tensor in trained and tensor in made):
            continue
        # The gradient of an operand in another dtype than the result is a cast of the incoming one.
        if shares and tensor not in trained and incoming is not None and incoming.dtype == tensor.dtype:
            made[tensor] = incoming
        else:
            made[tensor] = tensor.with_shape(*tensor.shape)
    return made
