"""From which call to which the results of a forward are there, in inference and in a step of training."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from convsym.analysis.alive import Span
from convsym.analysis.regions import kept_among, regions_in
from convsym.analysis.training import Training
from convsym.graph.backward import Tensors
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor

Spans = Mapping[Tensor, Sequence[Span]]


def spans_in_inference(training: Training, apart: Collection[Tensor], freed: Mapping[Tensor, int]) -> Spans:
    """The memory of each result, from the call that makes it until no variable holds it: that of outputs until the end."""
    end = len(training.calls)
    found: dict[Tensor, list[Span]] = {}
    for step, call in enumerate(training.calls):
        for tensor in call.outputs:
            storage = tensor.storage
            if storage in found or storage in apart or any(storage is given.storage for given in call.inputs):
                continue
            gone = freed.get(storage, end)
            found[storage] = [Span(step, gone if step < gone < end else end)]
    return found


def spans_in_training(training: Training, apart: Collection[Tensor], in_inference: Spans) -> Spans:
    """As in inference, and what autograd keeps until the backward of the first call that it keeps it of."""
    after = steps_after_backward(training)
    found = dict(in_inference)
    for storage in {t.storage for t in training.outputs}.intersection(found):
        found[storage] = _joined([*found[storage], Span(len(training.calls), after[0])])
    kept: dict[Tensor, Span] = {}
    for index, tensors in enumerate(training.tensors):
        for tensor in tensors:
            if tensor.storage not in kept and tensor.storage not in apart:
                kept[tensor.storage] = Span(index, after[index])
    again = ((s, span) for _, span, tensors in kept_again(training, after) for s in {t.storage for t in tensors})
    for storage, span in (*kept.items(), *(one for one in again if one[0] not in apart)):
        found[storage] = _joined([*found[storage], span]) if storage in found else [span]
    return found


def steps_after_backward(training: Training) -> list[int]:
    """The step that comes after the backward of each call, and at last the first of the backward pass."""
    after = [len(training.calls)]
    for index in range(len(training.calls) - 1, -1, -1):
        after.append(after[-1] + (index in training.reached))
    return after[::-1]


def kept_again(training: Training, after: Sequence[int]) -> Iterator[tuple[Call, Span, Tensors]]:
    """What autograd keeps of which call, once the backward pass meets the last call of a checkpoint.

    All inside is then computed again, and of checkpoints further inside again only their inputs are kept. One that is
    reentrant holds its results until all inside has been gone through.
    """
    for region in regions_in(training.parts):
        last = max((call.index for call in region.calls if call.index in training.reached), default=None)
        if last is not None:
            kept = list(kept_among(region.parts, training.needed))
            for call, tensors in kept:
                yield call, Span(after[last + 1], after[call.index]), tensors
            if region.checkpoint.is_reentrant:
                there = {t.storage for _, tensors in kept for t in tensors}
                results = {t.storage for t in region.results(training.calls, training.outputs)}
                # What is computed again lies in other memory than the first time.
                again = tuple(t if t in there else t.with_shape(*t.shape) for t in results)
                yield training.calls[last], Span(after[last + 1], after[region.first.index]), again


def _joined(spans: list[Span]) -> list[Span]:
    """The same steps, each once."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.born <= found[-1].gone:
            found[-1] = Span(found[-1].born, max(found[-1].gone, span.gone))
        else:
            found.append(span)
    return found
