"""What memory comes and goes from call to call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy

from convsym.graph.backward import Tensors
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.condition import Condition
from convsym.sizes.largest import Table

#: Memory that exists only while a call runs; one after the other where there are several groups.
Passing = tuple[Tensors, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a forward or a backward pass: what memory is gone when it runs, and what is there from then on.

    `passing` exists only while it runs; where a condition of `otherwise` holds, that is another.
    """

    call: Call
    gone: Tensors
    born: Tensors
    passing: Passing = ((),)
    otherwise: tuple[Condition, Passing] | None = None


class Tally:
    """Memory with how many hold it: alive as long as there is one."""

    def __init__(self) -> None:
        self._holders: dict[Tensor, int] = {}
        self._touched: dict[Tensor, bool] = {}

    def __contains__(self, storage: Tensor) -> bool:
        return storage in self._holders

    def hold(self, storages: Iterable[Tensor]) -> None:
        """One more holder of each."""
        for storage in storages:
            count = self._holders.get(storage, 0)
            self._touched.setdefault(storage, count > 0)
            self._holders[storage] = count + 1

    def drop(self, storages: Iterable[Tensor]) -> None:
        """One holder less of each that has any."""
        for storage in storages:
            count = self._holders.get(storage, 0)
            if count:
                self._touched.setdefault(storage, True)
                if count == 1:
                    del self._holders[storage]
                else:
                    self._holders[storage] = count - 1

    def changes(self) -> tuple[Tensors, Tensors]:
        """What went and what came since the last time, in this order."""
        touched, self._touched = self._touched, {}
        gone = tuple(t for t, was_there in touched.items() if was_there and t not in self._holders)
        born = tuple(t for t, was_there in touched.items() if not was_there and t in self._holders)
        return gone, born


def alive_at(steps: Iterable[Step]) -> Iterator[Tensors]:
    """What is alive at each step, besides what exists only while it runs."""
    alive: dict[Tensor, None] = {}
    for step in steps:
        for storage in step.gone:
            alive.pop(storage, None)
        alive.update(dict.fromkeys(step.born))
        yield tuple(alive)


def counts(steps: Sequence[Step], kinds: Mapping[Tensor, int]) -> Table:
    """How many tensors of each kind, a column a kind, are alive at each step, a row for each group that is passing."""
    number = max(kinds.values(), default=-1) + 1
    changes = _table(
        len(steps),
        number,
        ((row, kinds[t], sign) for row, step in enumerate(steps) for sign, ts in _changes(step) for t in ts),
    )
    groups = [(row, group) for row, step in enumerate(steps) for group in step.passing]
    passing = _table(len(groups), number, ((row, kinds[t], 1) for row, (_, group) in enumerate(groups) for t in group))
    return changes.cumsum(axis=0)[[row for row, _ in groups]] + passing


def _changes(step: Step) -> tuple[tuple[int, Tensors], ...]:
    return ((-1, step.gone), (1, step.born))


def _table(rows: int, columns: int, entries: Iterable[tuple[int, int, int]]) -> Table:
    """A table of sums: entries are (row, column, what is added)."""
    table = numpy.zeros((rows, columns), numpy.int64)
    row, column, added = numpy.array(list(entries), numpy.int64).reshape(-1, 3).T
    numpy.add.at(table, (row, column), added)
    return table
