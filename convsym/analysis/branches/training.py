"""A training step as formulas, where ways through modules were joined: the calls of each branch under its condition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from convsym.analysis.branches.choices import EVERYWHERE, NOWHERE, Choices, Where
from convsym.analysis.training import Training
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.shares import sum_of_shares

#: Sizes, each with where it counts.
Shares = Sequence[tuple[Where, Size]]


@dataclass(frozen=True)
class BranchedTraining(Training):
    """The backward pass over the calls of every branch."""

    choices: Choices

    @cached_property
    def flops(self) -> Size:
        return self.sum_over(self.calls, self.backward_flops_of)

    def backward_flops_of(self, call: Call) -> Shares:
        """What the backward pass computes for a call, and where it does."""
        flops = self.gradients.get(call.index, 0)
        return [(self._gone_through.get(call.index, self.choices.under(call.index)), flops)] if flops != 0 else []

    def activation_bytes_of(self, call: Call) -> Shares:
        """The results of a call that are no views, and where it makes them."""
        where = self.choices.under(call.index)
        return [(where, t.bytes) for t in call.made if t not in self.choices.way.lent]

    def sum_over(self, calls: Iterable[Call], shares: Callable[[Call], Shares]) -> Size:
        """The sum of what some calls take."""
        return self._shares(share for call in calls for share in shares(call))

    @property
    def uneven(self) -> tuple[str, ...]:
        followed = (self.calls[index] for index in self.choices.way.choices)
        # What follows was recorded as if a result needed a gradient on every way if it does on one.
        some = (call.path for call in followed if len({self.needed.of(t) for t in call.inputs}) > 1)
        return tuple(dict.fromkeys((*self.choices.way.uneven, *some)))

    @cached_property
    def activation_bytes(self) -> Size:
        return self.sum_over(self.calls, self.activation_bytes_of)

    @cached_property
    def saved_bytes(self) -> Size:
        kept: defaultdict[Tensor, set[Where]] = defaultdict(set)
        for index, tensors in enumerate(self.tensors):
            for storage, where in self.choices.meant((t.storage for t in tensors), self.choices.under(index)):
                kept[storage].add(self.choices.both(self.choices.home(storage), where))
        apart = frozenset(self.weights)
        return self._shares((self.choices.either(where), s.bytes) for s, where in kept.items() if s not in apart)

    def sum_over_graded(self, quantity: Callable[[Sequence[Tensor]], Size]) -> Size:
        readers: defaultdict[Tensor, list[Where]] = defaultdict(list)
        for index, where in self._gone_through.items():
            for tensor in self.calls[index].passes_to:
                readers[tensor].append(where)
        found: defaultdict[Where, list[Tensor]] = defaultdict(list)
        for tensor in self.graded:
            found[EVERYWHERE if tensor in self.outputs else self.choices.either(readers[tensor])].append(tensor)
        return self._shares((where, quantity(tensors)) for where, tensors in found.items())

    @cached_property
    def _gone_through(self) -> dict[int, Where]:
        """The calls that the backward pass goes through, and where it does."""
        wanted: defaultdict[Tensor, set[Where]] = defaultdict(set)
        for tensor in self.outputs:
            wanted[tensor].add(EVERYWHERE)
        found: dict[int, Where] = {}
        for index in sorted(self.reached, reverse=True):
            call, under = self.calls[index], self.choices.under(index)
            # What is read through another view than it was written through is wanted wherever it is written.
            where = {where for t in call.outputs for where in wanted[t]} or {under}
            found[index] = self.choices.both(under, self.choices.either(where))
            for tensor, part in self.choices.operands(call):
                wanted[tensor].add(self.choices.both(found[index], part))
        return found

    def _shares(self, sizes: Iterable[tuple[Where, Size]]) -> Size:
        given = [(self.choices.condition(where), size) for where, size in sizes if where != NOWHERE]
        return sum_of_shares(given, self.choices.way.partitions)
