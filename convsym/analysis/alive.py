"""What memory is there at each step of one pass, or of both: from which step on, and until before which other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy

from convsym.graph.backward import Tensors
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import Condition
from convsym.sizes.evaluate import Evaluation
from convsym.sizes.frontier import Table

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


@dataclass(frozen=True)
class Alive:
    """The calls in the order in which they run, the memory that is there from one to another, and what they make for
    themselves.

    What is there before the first step, and stays, is left out. Gradients have the size of the tensors they belong to.
    """

    calls: Sequence[Call]
    results: Sequence[tuple[Tensor, Span]]
    scratch: Sequence[Scratch]
    gradients: Sequence[tuple[Tensor, Span]] = ()

    def counts(self) -> tuple[Table, list[Size]]:
        """How many tensors of each size are there: a row for each step, and group that it makes, with a column a size."""
        kinds = _Kinds()
        spans = [(kinds.of(tensor), *span) for tensor, span in (*self.results, *self.gradients)]
        groups = [(s.step, [kinds.of(tensor) for tensor in group]) for s in self.scratch for group in s.groups]
        without = set(range(len(self.calls))).difference(step for step, _ in groups)
        rows = sorted([*groups, *((step, []) for step in without)], key=lambda row: row[0])
        changes = numpy.zeros((len(self.calls) + 1, len(kinds.sizes)), numpy.int64)
        kind, born, gone = numpy.array(spans, numpy.int64).reshape(-1, 3).T
        numpy.add.at(changes, (born, kind), 1)
        numpy.add.at(changes, (gone, kind), -1)
        table = changes.cumsum(axis=0)[[step for step, _ in rows]]
        entries = [(row, kind) for row, (_, group) in enumerate(rows) for kind in group]
        row, kind = numpy.array(entries, numpy.int64).reshape(-1, 2).T
        numpy.add.at(table, (row, kind), 1)
        return table, kinds.sizes

    def bytes_at(self, sizes: Mapping[str, int]) -> list[int]:
        """The most bytes at each step, at one size."""
        kinds, numbers = _Kinds(), Evaluation(sizes)
        spans = [(kinds.of(tensor), span) for tensor, span in (*self.results, *self.gradients)]
        values = [numbers.value(size) for size in kinds.sizes]
        changes = [0] * (len(self.calls) + 1)
        for kind, (born, gone) in spans:
            changes[born] += values[kind]
            changes[gone] -= values[kind]
        there = list(accumulate(changes[:-1]))
        for scratch in self.scratch:
            there[scratch.step] += max(sum(numbers.value(t.bytes) for t in group) for group in scratch.at(numbers))
        return there

    def tensors(self) -> Iterable[Tensors]:
        """What is there at each step, besides what exists only while it runs."""
        spans = [*self.results, *((tensor.with_shape(*tensor.shape), span) for tensor, span in self.gradients)]
        there: dict[Tensor, None] = {}
        changes: list[list[tuple[Tensor, Span]]] = [[] for _ in range(len(self.calls) + 1)]
        for tensor, span in spans:
            changes[span.born].append((tensor, span))
            changes[span.gone].append((tensor, span))
        for step in range(len(self.calls)):
            for tensor, span in changes[step]:
                if span.gone == step:
                    there.pop(tensor)
            there.update((tensor, None) for tensor, span in changes[step] if span.born == step)
            yield tuple(there)


class _Kinds:
    """The different sizes in memory, each with a number of its own."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[tuple[Size, ...], int], int] = {}
        self.sizes: list[Size] = []

    def of(self, tensor: Tensor) -> int:
        """The number of a tensor's size."""
        # Tensors of one shape are many, and which one it is is told sooner than how many bytes it has.
        number = self._numbers.setdefault((tensor.shape, tensor.dtype.itemsize), len(self.sizes))
        if number == len(self.sizes):
            self.sizes.append(tensor.bytes)
        return number
