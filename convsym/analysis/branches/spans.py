"""From which step to which memory is there, over the calls of all branches of joined modules: for some sizes only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from convsym.analysis.alive import Groups, Scratch, Span
from convsym.analysis.branches.choices import EVERYWHERE, NOWHERE, Choices, Where
from convsym.analysis.forward_spans import kept_again, spans_in_inference, steps_after_backward
from convsym.analysis.training import Training
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.shares import indicator

_Key = TypeVar("_Key", bound=Hashable)


class Weights:
    """Tensors that take their memory somewhere, and none elsewhere."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._made: dict[tuple[Tensor, Where], Tensor] = {}
        self._indicators: dict[Where, Size] = {}

    def at(self, tensor: Tensor, where: Where) -> Tensor:
        """The tensor that stands for one."""
        if where == EVERYWHERE:
            return tensor
        found = self._made.get((tensor, where))
        if found is None:
            found = self._made[tensor, where] = Tensor((self._indicator(where), *tensor.shape), tensor.dtype)
        return found

    def _indicator(self, where: Where) -> Size:
        found = self._indicators.get(where)
        if found is None:
            found = self._indicators[where] = indicator(self._choices.condition(where))
        return found

    def scratch(self, calls: Sequence[Call], made: Iterable[Scratch]) -> Iterator[Scratch]:
        """What calls make for themselves, where they are made."""
        for one in made:
            where = self._choices.under(calls[one.step].index)
            other = one.otherwise
            yield Scratch(
                one.step,
                self._groups(one.groups, where),
                None if other is None else (other[0], self._groups(other[1], where)),
            )

    def _groups(self, groups: Groups, where: Where) -> Groups:
        return tuple(tuple(self.at(tensor, where) for tensor in group) for group in groups)


def together(spans: Iterable[tuple[_Key, Span, Where]], choices: Choices) -> Iterator[tuple[_Key, Span, Where]]:
    """The same memory at the same steps, each once: where anything has it."""
    found: defaultdict[_Key, list[tuple[Span, Where]]] = defaultdict(list)
    for key, span, where in spans:
        if where != NOWHERE and span.born < span.gone:
            found[key].append((span, where))
    for key, shares in found.items():
        if len(shares) == 1:
            yield key, *shares[0]
            continue
        changes = sorted(
            [(span.born, 1, w) for span, w in shares] + [(span.gone, -1, w) for span, w in shares], key=_step
        )
        there: Counter[Where] = Counter()
        start, before = changes[0][0], NOWHERE
        for step, at_once in groupby(changes, key=_step):
            for _, sign, where in at_once:
                there[where] += sign
            now = choices.either(where for where, times in there.items() if times)
            if now != before:
                if before != NOWHERE:
                    yield key, Span(start, step), before
                start, before = step, now


def _step(change: tuple[int, int, Where]) -> int:
    return change[0]


def held_by_variables(
    training: Training, choices: Choices, apart: Collection[Tensor], end: int
) -> Iterator[tuple[Tensor, Span, Where]]:
    """The memory of results, from the call that makes it until no variable holds it."""
    for storage, spans in spans_in_inference(training, apart, choices.way.freed).items():
        for span in spans:
            lent = choices.way.lent.get(storage)
            if lent is None:
                yield storage, span, choices.home(storage)
            elif lent[0] not in apart:
                yield lent[0], span, choices.where(lent[1])
    outputs = (t.storage for t in training.outputs)
    for storage, where in choices.meant(outputs, EVERYWHERE):
        if storage not in apart:
            yield storage, Span(len(training.calls), end), choices.both(where, choices.home(storage))


def kept_for_backward(
    training: Training, choices: Choices, apart: Collection[Tensor]
) -> Iterator[tuple[Tensor, Span, Where]]:
    """What autograd keeps, from the call that it keeps it of until after the backward of this call."""
    after = steps_after_backward(training)
    kept = [(index, Span(index, after[index]), tensors) for index, tensors in enumerate(training.tensors)]
    again = [(call.index, span, tensors) for call, span, tensors in kept_again(training, after)]
    for index, span, tensors in (*kept, *again):
        for storage, where in choices.meant({t.storage for t in tensors}, choices.under(index)):
            if storage not in apart:
                yield storage, span, choices.both(where, choices.home(storage))
