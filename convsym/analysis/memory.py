"""What memory is alive when: along a forward in inference, and along both passes of a training step.

A tensor's memory is made by the call that makes it and lives until the last variable that holds it goes, or, in training,
until the backward of the last call that keeps it. What a call makes for itself lives while it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy

from convsym.analysis.alive import Alive, Kinds, Span
from convsym.analysis.forward_spans import Spans, spans_in_inference, spans_in_training
from convsym.analysis.gradient_spans import backward_calls, gradient_spans
from convsym.analysis.scratch import Made, gradient_scratch, made_by, scratch
from convsym.analysis.training import Training
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, total
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import evaluate
from convsym.sizes.largest import largest
from convsym.sizes.tables import Table


@dataclass(frozen=True, slots=True)
class Moment:
    """The bytes alive at one call, and in which tensors; of parameters, buffers and inputs only the sum is in `bytes`."""

    call: Call
    bytes: int
    alive: tuple[Tensor, ...]


@dataclass(frozen=True)
class Memory:
    """The memory of one way through a forward.

    `freed` says before which call memory was given back, by the tensor that owns it; `held` are the bytes of parameters
    and buffers, `domain` the sizes that go this way.
    """

    training: Training
    inputs: tuple[Tensor, ...]
    freed: Mapping[Tensor, int]
    held: Size
    domain: Domain

    @cached_property
    def idle(self) -> Size:
        """Bytes before the first call: parameters, buffers and inputs."""
        return total([self.held, *(t.bytes for t in self.inputs)])

    @cached_property
    def inference(self) -> Alive:
        """What is alive at the calls of the forward in inference."""
        made = tuple(scratch(self._made, self._spans))
        return Alive(self.training.calls, _one_by_one(self._spans), made, self._kinds)

    @cached_property
    def step(self) -> Alive:
        """What is alive in a step of training: at the calls of the forward, then at those of the backward pass."""
        spans = spans_in_training(self.training, self._apart, self._spans)
        made = (*scratch(self._made, spans), *gradient_scratch(self.training))
        both = (*self.training.calls, *backward_calls(self.training))
        return Alive(both, _one_by_one(spans), made, self._kinds, gradient_spans(self.training))

    @cached_property
    def _apart(self) -> frozenset[Tensor]:
        return frozenset((*self.inputs, *self.training.weights))

    @cached_property
    def _spans(self) -> Spans:
        return spans_in_inference(self.training, self._apart, self.freed)

    @cached_property
    def _made(self) -> list[Made]:
        return made_by(self.training.calls)

    @cached_property
    def _kinds(self) -> Kinds:
        return Kinds()

    @cached_property
    def peak(self) -> Size:
        """The most bytes alive at once in inference."""
        return self._largest(self.inference)

    @cached_property
    def training_peak(self) -> Size:
        """The most bytes alive at once in a step of training."""
        return self._largest(self.step)

    def _largest(self, alive: Alive) -> Size:
        counts, sizes, calls = alive.counts()
        # What there is before the first call is there all the time.
        times = numpy.ones((len(counts) + 1, len(sizes) + 1), numpy.int64)
        times[0, :-1], times[1:, :-1] = 0, counts
        return self._largest_sum(times, [*sizes, self.idle], calls)

    def _largest_sum(self, times: Table, sizes: list[Size], calls: list[Call]) -> Size:
        return largest(times, sizes, self.domain)

    def peak_at(self, sizes: Mapping[str, int]) -> int:
        """The most bytes alive at once in inference, at one size."""
        return self._most(self.inference, sizes)

    def training_peak_at(self, sizes: Mapping[str, int]) -> int:
        """The most bytes alive at once in a step of training, at one size."""
        return self._most(self.step, sizes)

    def _most(self, alive: Alive, sizes: Mapping[str, int]) -> int:
        return evaluate(self.idle, sizes) + max(alive.bytes_at(sizes), default=0)

    def timeline_at(self, sizes: Mapping[str, int]) -> tuple[Moment, ...]:
        """The bytes alive while each call runs in inference, at one size."""
        return self._moments(self.inference, sizes)

    def training_timeline_at(self, sizes: Mapping[str, int]) -> tuple[Moment, ...]:
        """The bytes alive at each call of both passes of a training step, at one size."""
        return self._moments(self.step, sizes)

    def _moments(self, alive: Alive, sizes: Mapping[str, int]) -> tuple[Moment, ...]:
        idle = evaluate(self.idle, sizes)
        rows = zip(alive.calls, alive.bytes_at(sizes), alive.tensors(), strict=True)
        return tuple(Moment(call, idle + most, there) for call, most, there in rows)


def _one_by_one(spans: Spans) -> list[tuple[Tensor, Span]]:
    return [(storage, span) for storage, found in spans.items() for span in found]
