"""Where branches of joined modules are taken, put together: sets of sizes, each said by the branches that go there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from convsym.analysis.branches.every_way import EveryWay
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of
from convsym.sizes.shares import Partition

#: The sizes that go all of these branches, of modules that do not lie inside one another.
Cell: TypeAlias = "frozenset[Condition]"
#: The sizes of any of these cells.
Where: TypeAlias = "frozenset[Cell]"

NOWHERE: Where = frozenset()
EVERYWHERE: Where = frozenset([frozenset()])


class Choices:
    """What is known of the conditions of branches: which exclude each other, and which leave no other.

    Sets that are put together of them are the same object where they say the same in the same way.
    """

    def __init__(self, way: EveryWay) -> None:
        self.way = way
        self._partition: dict[Condition, Partition] = {}
        self._rivals: dict[Condition, set[Condition]] = {}
        for partition in way.partitions:
            for part in partition.parts:
                self._partition.setdefault(part, partition)
                self._rivals.setdefault(part, set()).update(p for p in partition.parts if p != part)
        self._rank = {part: rank for rank, part in enumerate(self._partition)}
        self._around: dict[Condition, tuple[Condition, ...]] = {}
        self._both: dict[tuple[Where, Where], Where] = {}
        self._either: dict[frozenset[Where], Where] = {}
        self._conditions: dict[Where, Condition] = {NOWHERE: FALSE, EVERYWHERE: TRUE}

    def home(self, storage: Tensor) -> Where:
        """Where memory is there at all."""
        return self.where(self.way.home.get(storage, TRUE))

    def under(self, index: int) -> Where:
        """Where a call is made."""
        return self.where(self.way.under.get(index, TRUE))

    def operands(self, call: Call) -> Iterator[tuple[Tensor, Where]]:
        """What a gradient of a call passes to, and where; where branches meet, to the result of each."""
        parts = self.way.choices.get(call.index)
        if parts is None:
            under = self.under(call.index)
            yield from ((tensor, under) for tensor in dict.fromkeys(call.passes_to))
        else:
            yield from zip(call.inputs, map(self.where, parts), strict=True)

    def meant(self, storages: Iterable[Tensor], where: Where) -> list[tuple[Tensor, Where]]:
        """The memory that is named somewhere, and what branches have in its place, each with where it is."""
        found: dict[tuple[Tensor, Where], None] = {}
        pending = [(storage, where) for storage in storages]
        while pending:
            share = pending.pop()
            if share[1] and share not in found:
                found[share] = None
                others = self.way.others.get(share[0], ())
                pending += [(other, self.both(share[1], self.where(part))) for other, part in others]
        return list(found)

    def where(self, condition: Condition) -> Where:
        """Where the condition of a branch holds."""
        if condition is TRUE:
            return EVERYWHERE
        return NOWHERE if condition is FALSE else frozenset([frozenset([condition])])

    def condition(self, where: Where) -> Condition:
        """The condition that holds there."""
        found = self._conditions.get(where)
        if found is None:
            cells = sorted(sorted(map(self._place, cell)) for cell in where)
            found = self._conditions[where] = any_of(*(all_of(*(part for _, _, part in cell)) for cell in cells))
        return found

    def both(self, one: Where, other: Where) -> Where:
        """What is in both."""
        if one in (EVERYWHERE, other):
            return other
        found = self._both.get((one, other))
        if found is None:
            shared = (self._shared(a, b) for a in one for b in other)
            found = self._both[one, other] = self._merged({cell for cell in shared if cell is not None})
        return found

    def either(self, wheres: Iterable[Where]) -> Where:
        """What is in any of them."""
        given = frozenset(wheres)
        if len(given) == 1:
            return next(iter(given))
        found = self._either.get(given)
        if found is None:
            found = self._either[given] = self._merged({cell for where in given for cell in where})
        return found

    def without(self, where: Where, others: Iterable[Where]) -> Where:
        """What is in the first and in none of the others."""
        cells = set(where)
        for cell in (cell for other in others for cell in other):
            cells = {rest for one in cells for rest in self._outside(one, cell)}
        return self._merged(cells)

    def _outside(self, one: Cell, cell: Cell) -> Iterator[Cell]:
        """What is in the first cell alone."""
        if self._shared(one, cell) is None:
            yield one
            return
        inside: Cell | None = one
        for _, _, part in sorted(map(self._place, cell)):
            assert inside is not None
            at = part
            while not self._implies(inside, at):
                for rival in self._partition[at].parts:
                    rest = self._shared(inside, frozenset([rival])) if rival != at else None
                    if rest is not None:
                        yield rest
                at = self._partition[at].whole
            inside = self._shared(inside, frozenset([part]))

    def _place(self, part: Condition) -> tuple[int, str, Condition]:
        """A stable order: that in which partitions were found, since it takes long to spell conditions."""
        rank = self._rank.get(part)
        return (len(self._rank), str(part), part) if rank is None else (rank, "", part)

    def _implies(self, cell: Cell, part: Condition) -> bool:
        return part is TRUE or any(part in self._outward(one) for one in cell)

    def _shared(self, one: Cell, other: Cell) -> Cell | None:
        """What is in two cells; None where two branches of one module exclude each other."""
        parts = one | other
        around = {part: self._outward(part) for part in parts}
        if len(parts) > 1:
            everything = {outer for each in around.values() for outer in each}
            if any(not self._rivals.get(outer, set()).isdisjoint(everything) for outer in everything):
                return None
        inner = {outer for each in around.values() for outer in each[1:]}
        return frozenset(part for part in parts if part not in inner and part is not TRUE)

    def _outward(self, part: Condition) -> tuple[Condition, ...]:
        """The condition of a branch, and those of the branches around it."""
        found = self._around.get(part)
        if found is None:
            partition = self._partition.get(part)
            found = (part,) if partition is None else (part, *self._outward(partition.whole))
            self._around[part] = found
        return found

    def _merged(self, cells: set[Cell]) -> Where:
        """Cells as few as they can be: all branches of a module together are the module."""
        changed = len(cells) > 1
        while changed:
            changed = False
            for partition in self.way.partitions:
                for cell in [cell for cell in cells if partition.parts[0] in cell]:
                    rest = cell - {partition.parts[0]}
                    each = [rest | {part} for part in partition.parts]
                    if all(one in cells for one in each):
                        cells.difference_update(each)
                        cells.add(self._shared(rest, frozenset([partition.whole])) or frozenset())
                        changed = True
        return frozenset(cell for cell in cells if not any(other < cell for other in cells))
