"""What memory is there at each step of one pass, or of both: from which step on, and until before which other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy

from convsym.graph.backward import Tensors
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import Condition
from convsym.sizes.evaluate import Evaluation
from convsym.sizes.tables import Table

#: Memory that exists only while a call runs; one after the other where there are several groups.
Groups = tuple[Tensors, ...]


class Span(NamedTuple):
    """The steps from one on until before another."""

    born: int
    gone: int


class Scratch(NamedTuple):
    """What exists only while a step runs; where a condition of `otherwise` holds, that is another."""

    step: int
    groups: Groups
    otherwise: tuple[Condition, Groups] | None = None

    def at(self, numbers: Evaluation) -> Groups:
        """What there is at one size."""
        if self.otherwise is not None and numbers.holds(self.otherwise[0]):
            return self.otherwise[1]
        return self.groups


class Kinds(dict[Tensor, int]):
    """The different sizes that tensors have in memory, each with a number of its own, by tensor."""

    def __init__(self) -> None:
        self._of_shapes: dict[tuple[tuple[Size, ...], int], int] = {}
        self.sizes: list[Size] = []

    def __missing__(self, tensor: Tensor) -> int:
        # Many are of one shape, and which it is is told sooner than how many bytes it has.
        number = self._of_shapes.setdefault((tensor.shape, tensor.dtype.itemsize), len(self.sizes))
        if number == len(self.sizes):
            self.sizes.append(tensor.bytes)
        self[tensor] = number
        return number


@dataclass(frozen=True)
class Alive:
    """The calls in the order in which they run, the memory that is there from one to another, and what they make for
    themselves.

    What is there before the first step, and stays, is left out. Gradients have the size of the tensors they belong to.
    """

    calls: Sequence[Call]
    results: Sequence[tuple[Tensor, Span]]
    scratch: Sequence[Scratch]
    kinds: Kinds
    gradients: Sequence[tuple[Tensor, Span]] = ()

    @cached_property
    def _spans(self) -> list[tuple[int, int, int]]:
        """Of all memory the kind, and when it is there."""
        return [(self.kinds[tensor], *span) for tensor, span in (*self.results, *self.gradients)]

    def counts(self) -> tuple[Table, list[Size], list[Call]]:
        """How many tensors of each size are there: a row for each step, and group that it makes, with a column a size.

        With the sizes, and the call of each row.
        """
        groups = [(s.step, [self.kinds[tensor] for tensor in group]) for s in self.scratch for group in s.groups]
        kind, born, gone = numpy.array(self._spans, numpy.int64).reshape(-1, 3).T
        there = numpy.zeros((len(self.calls) + 1, len(self.kinds.sizes)), numpy.int64)
        numpy.add.at(there, (born, kind), 1)
        numpy.add.at(there, (gone, kind), -1)
        numpy.cumsum(there, axis=0, out=there)
        making = [step for step, _ in groups]
        others = numpy.delete(numpy.arange(len(self.calls)), making)
        passing = numpy.zeros((len(groups), len(self.kinds.sizes)), numpy.int64)
        for row, (_, kinds) in enumerate(groups):
            for kind in kinds:
                passing[row, kind] += 1
        table = numpy.concatenate([there[others], there[making] + passing])
        steps = [*others, *making]
        order = numpy.argsort(steps, kind="stable")
        return table[order], self.kinds.sizes, [self.calls[steps[row]] for row in order]

    def bytes_at(self, sizes: Mapping[str, int]) -> list[int]:
        """The most bytes at each step, at one size."""
        numbers, spans = Evaluation(sizes), self._spans
        values = [numbers.value(size) for size in self.kinds.sizes]
        changes = [0] * (len(self.calls) + 1)
        for kind, born, gone in spans:
            changes[born] += values[kind]
            changes[gone] -= values[kind]
        there = list(accumulate(changes[:-1]))
        for scratch in self.scratch:
            there[scratch.step] += max(sum(numbers.value(t.bytes) for t in group) for group in scratch.at(numbers))
        return there

    def tensors(self) -> Iterable[Tensors]:
        """What is there at each step, besides what exists only while it runs."""
        spans = [*self.results, *((tensor.with_shape(*tensor.shape), span) for tensor, span in self.gradients)]
        born: list[list[Tensor]] = [[] for _ in range(len(self.calls) + 1)]
        gone: list[list[Tensor]] = [[] for _ in range(len(self.calls) + 1)]
        for tensor, span in spans:
            born[span.born].append(tensor)
            gone[span.gone].append(tensor)
        there: dict[Tensor, None] = {}
        for left, came in zip(gone[:-1], born[:-1], strict=True):
            for tensor in left:
                del there[tensor]
            there.update(dict.fromkeys(came))
            yield tuple(there)
