"""What memory is alive when, where ways through modules were joined: each piece where something has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from convsym.analysis.alive import Alive, Span
from convsym.analysis.branches.choices import Choices, Where
from convsym.analysis.branches.gradients import branched_gradient_spans
from convsym.analysis.branches.spans import Weights, held_by_variables, kept_for_backward, together
from convsym.analysis.branches.training import BranchedTraining
from convsym.analysis.gradient_spans import backward_calls
from convsym.analysis.memory import Memory
from convsym.analysis.scratch import gradient_scratch, scratch
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import TRUE
from convsym.sizes.largest import in_monomials, largest
from convsym.sizes.shares import levelled, without_rivals
from convsym.sizes.tables import Table


@dataclass(frozen=True)
class BranchedMemory(Memory):
    """What is alive at the calls of every branch."""

    training: BranchedTraining

    @property
    def choices(self) -> Choices:
        """Where branches are taken."""
        return self.training.choices

    @cached_property
    def inference(self) -> Alive:
        calls = self.training.calls
        held = self._held(len(calls))
        made = scratch(self._made, _by_storage(held))
        return Alive(
            calls, self._weighed(together(held, self.choices)), tuple(self._weights.scratch(calls, made)), self._kinds
        )

    @cached_property
    def step(self) -> Alive:
        calls, backward = self.training.calls, backward_calls(self.training)
        held = self._held(len(calls) + len(backward))
        there = [*held, *kept_for_backward(self.training, self.choices, self._apart)]
        both = (*calls, *backward)
        made = (*scratch(self._made, _by_storage(there)), *gradient_scratch(self.training))
        gradients = branched_gradient_spans(self.training, self.choices)
        return Alive(
            both,
            self._weighed(together(there, self.choices)),
            tuple(self._weights.scratch(both, made)),
            self._kinds,
            self._weighed(gradients),
        )

    @cached_property
    def _weights(self) -> Weights:
        return Weights(self.choices)

    def _held(self, end: int) -> list[tuple[Tensor, Span, Where]]:
        return list(held_by_variables(self.training, self.choices, self._apart, end))

    def _weighed(self, spans: Iterable[tuple[Tensor, Span, Where]]) -> list[tuple[Tensor, Span]]:
        return [(self._weights.at(tensor, where), span) for tensor, span, where in spans]

    def _largest_sum(self, times: Table, sizes: list[Size], calls: list[Call]) -> Size:
        way = self.choices.way
        table, monomials = levelled(*in_monomials(times, sizes), way.partitions)
        made = [way.under.get(call.index, TRUE) for call in calls]
        table = without_rivals(table, monomials, [TRUE, *made], way.partitions)
        return largest(table, monomials, self.domain)


def _by_storage(spans: Iterable[tuple[Tensor, Span, Where]]) -> Mapping[Tensor, Sequence[Span]]:
    found: defaultdict[Tensor, list[Span]] = defaultdict(list)
    for storage, span, _ in spans:
        found[storage].append(span)
    return found
