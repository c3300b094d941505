"""What memory is alive when: along a forward in inference, and along both passes of a training step.

A tensor's memory is made by the call that makes it and lives until the last variable that holds it goes, or, in training,
until the backward of the last call that keeps it. What a call makes for itself lives while it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy

from convsym.analysis.alive import Passing, Step, Tally, alive_at, counts
from convsym.analysis.backward_sweep import backward_steps
from convsym.analysis.training import Training
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, total
from convsym.sizes.condition import TRUE, Condition
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import Evaluation, evaluate
from convsym.sizes.largest import largest

Steps = tuple[Step, ...]


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
    def steps(self) -> Steps:
        """The calls in inference; what was there before the first of them is left out."""
        return tuple(self._forward(Tally(), is_training=False))

    @cached_property
    def training_steps(self) -> Steps:
        """The calls of the forward in training, then those of the backward."""
        tally = Tally()
        forward = tuple(self._forward(tally, is_training=True))
        return (*forward, *backward_steps(self.training, self._apart, tally))

    @cached_property
    def _apart(self) -> frozenset[Tensor]:
        return frozenset((*self.inputs, *self.training.weights))

    def _forward(self, tally: Tally, is_training: bool) -> Iterable[Step]:
        leaving: dict[int, list[Tensor]] = {}
        for storage, index in self.freed.items():
            leaving.setdefault(index, []).append(storage)
        held: set[Tensor] = set()
        for position, call in enumerate(self.training.calls):
            tally.drop(s for s in leaving.get(position, ()) if s in held)
            held.difference_update(leaving.get(position, ()))
            given = {t.storage for t in call.inputs}
            made = {t.storage: None for t in call.outputs if t.storage not in self._apart and t.storage not in given}
            tally.hold(s for s in made if s not in held)
            held.update(made)
            if is_training:
                tally.hold({t.storage for t in self.training.tensors[position] if t.storage not in self._apart})
            yield Step(call, *tally.changes(), *_passing(call, tally))
        # The outputs outlive the forward, and nothing else does.
        outputs = {t.storage for t in self.training.outputs}
        tally.drop(held - outputs)

    @cached_property
    def peak(self) -> Size:
        """The most bytes alive at once in inference."""
        return self._largest(self.steps)

    @cached_property
    def training_peak(self) -> Size:
        """The most bytes alive at once in a step of training."""
        return self._largest(self.training_steps)

    def _largest(self, steps: Steps) -> Size:
        kinds = _Kinds(steps)
        alive = counts(steps, kinds.numbers)
        before = numpy.zeros((1, len(kinds.sizes)), numpy.int64)
        # What there is before the first call is there all the time.
        times = numpy.pad(numpy.concatenate([before, alive]), ((0, 0), (0, 1)), constant_values=1)
        return largest(times, [*kinds.sizes, self.idle], self.domain)

    def idle_at(self, sizes: Mapping[str, int]) -> int:
        """Bytes before the first call, at one size."""
        return evaluate(self.idle, sizes)

    def peak_at(self, sizes: Mapping[str, int]) -> int:
        """The most bytes alive at once in inference, at one size."""
        return max(self._bytes_at(self.steps, sizes), default=self.idle_at(sizes))

    def training_peak_at(self, sizes: Mapping[str, int]) -> int:
        """The most bytes alive at once in a step of training, at one size."""
        return max(self._bytes_at(self.training_steps, sizes), default=self.idle_at(sizes))

    def timeline_at(self, sizes: Mapping[str, int]) -> tuple[Moment, ...]:
        """The bytes alive while each call runs in inference, at one size."""
        return self._moments(self.steps, sizes)

    def training_timeline_at(self, sizes: Mapping[str, int]) -> tuple[Moment, ...]:
        """The bytes alive at each call of both passes of a training step, at one size."""
        return self._moments(self.training_steps, sizes)

    def _moments(self, steps: Steps, sizes: Mapping[str, int]) -> tuple[Moment, ...]:
        rows = zip(steps, self._bytes_at(steps, sizes), alive_at(steps), strict=True)
        return tuple(Moment(step.call, most, alive) for step, most, alive in rows)

    def _bytes_at(self, steps: Steps, sizes: Mapping[str, int]) -> list[int]:
        kinds = _Kinds(steps)
        at = Evaluation(sizes)
        values = [at.value(size) for size in kinds.sizes]
        bytes_of = {tensor: values[kind] for tensor, kind in kinds.numbers.items()}
        now, found = self.idle_at(sizes), []
        for step in steps:
            now += sum(bytes_of[t] for t in step.born) - sum(bytes_of[t] for t in step.gone)
            is_other = step.otherwise is not None and at.holds(step.otherwise[0])
            passing = step.otherwise[1] if step.otherwise is not None and is_other else step.passing
            found.append(now + max(sum(bytes_of[t] for t in group) for group in passing))
        return found


def _passing(call: Call, tally: Tally) -> tuple[Passing, tuple[Condition, Passing] | None]:
    """What a call makes besides its outputs, and gives back when it is done."""
    backward = call.backward
    if backward is None:
        return ((),), None
    made = [s.tensor for s in backward.saved if not s.only_for_backward and s.tensor.base is None]
    there = {t.storage for t in (*call.inputs, *call.outputs)} if made else ()
    kept = tuple(dict.fromkeys(t for t in made if t not in there and t not in tally))
    usual = tuple((*kept, *group) for group in backward.workspace) or (kept,)
    if backward.otherwise is None:
        return usual, None
    condition, workspace = backward.otherwise
    other = tuple((*kept, *group) for group in workspace) or (kept,)
    return (other, None) if condition is TRUE else (usual, (condition, other))


class _Kinds:
    """The different numbers of bytes that the tensors of some steps take, each with a number of its own."""

    def __init__(self, steps: Steps) -> None:
        self.numbers: dict[Tensor, int] = {}
        found: dict[Size, int] = {}
        for step in steps:
            groups = step.passing if step.otherwise is None else (*step.passing, *step.otherwise[1])
            for storages in (step.born, *groups):
                for tensor in storages:
                    if tensor not in self.numbers:
                        self.numbers[tensor] = found.setdefault(tensor.bytes, len(found))
        self.sizes = list(found)
