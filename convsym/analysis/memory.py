"""What memory is alive when: along a forward in inference, and along both passes of a training step.

A tensor's memory is made by the call that makes it and lives until the last variable that holds it goes, or, in training,
until the backward of the last call that keeps it. What a call makes for itself lives while it runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from torch import nn

from convsym.analysis.backward_sweep import backward_moments
from convsym.analysis.parameters import elements
from convsym.analysis.training import Training
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, multiply, total
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import evaluate
from convsym.sizes.largest import largest

Sets = tuple[tuple[Tensor, ...], ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """The bytes alive at one call, and in which tensors; of parameters, buffers and inputs only the sum is in `bytes`."""

    call: Call
    bytes: int
    alive: tuple[Tensor, ...]


def held_memory(model: nn.Module) -> Size:
    """The bytes of all parameters and buffers, shared ones counted once."""
    tensors = {id(t): t for t in (*model.parameters(), *model.buffers()) if not nn.parameter.is_lazy(t)}
    return total([multiply(elements(t), t.dtype.itemsize) for t in tensors.values()])


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
    def sets(self) -> tuple[Sets, ...]:
        """What is alive while each call runs in inference, without what was there before the first.

        A call whose kernel makes one thing after the other has several sets.
        """
        apart = {*self.inputs, *self.training.weights}
        alive: dict[Tensor, None] = {}
        leaving: dict[int, list[Tensor]] = {}
        for storage, index in self.freed.items():
            leaving.setdefault(index, []).append(storage)
        found = []
        for position, call in enumerate(self.training.calls):
            for storage in leaving.get(position, ()):
                alive.pop(storage, None)
            given = {t.storage for t in call.inputs}
            made = [t.storage for t in call.outputs if t.storage not in apart and t.storage not in given]
            alive.update(dict.fromkeys(made))
            found.append(tuple((*alive, *passing) for passing in _passing(call)))
        return tuple(found)

    @cached_property
    def training_sets(self) -> tuple[Sets, ...]:
        """What is alive at each call of the forward in training, then at each of the backward."""
        apart = {*self.inputs, *self.training.weights}
        kept: dict[Tensor, None] = {}
        forward = []
        for sets, saved in zip(self.sets, self.training.saved, strict=True):
            kept.update(dict.fromkeys(s for s in saved if s not in apart))
            forward.append(tuple(tuple(dict.fromkeys((*alive, *kept))) for alive in sets))
        return (*forward, *((alive,) for alive in backward_moments(self.training, apart)))

    @cached_property
    def peak(self) -> Size:
        """The most bytes alive at once in inference."""
        return self._largest(self.sets)

    @cached_property
    def training_peak(self) -> Size:
        """The most bytes alive at once in a step of training."""
        return self._largest(self.training_sets)

    def _largest(self, sets: tuple[Sets, ...]) -> Size:
        kinds = _Bytes()
        sums = [{}, *(dict(counted) for counted in _counts(sets, kinds.number_of))]
        return largest(
            [_added(self.idle, {kinds.sizes[n]: times for n, times in s.items()}) for s in sums], self.domain
        )

    def idle_at(self, sizes: Mapping[str, int]) -> int:
        """Bytes before the first call, at one size."""
        return evaluate(self.idle, sizes)

    def timeline_at(self, sizes: Mapping[str, int]) -> tuple[Moment, ...]:
        """The bytes alive while each call runs in inference, at one size."""
        return self._moments(self.sets, self.training.calls, sizes)

    def training_timeline_at(self, sizes: Mapping[str, int]) -> tuple[Moment, ...]:
        """The bytes alive at each call of both passes of a training step, at one size."""
        calls = self.training.calls
        backward = tuple(calls[i] for i in sorted(self.training.reached, reverse=True))
        return self._moments(self.training_sets, (*calls, *backward), sizes)

    def _moments(self, sets: tuple[Sets, ...], calls: tuple[Call, ...], sizes: Mapping[str, int]) -> tuple[Moment, ...]:
        idle = self.idle_at(sizes)
        kinds = _Bytes()
        numbered = [[(list(map(kinds.number_of, alive)), alive) for alive in alternatives] for alternatives in sets]
        values = [evaluate(size, sizes) for size in kinds.sizes]

        def moment(call: Call, alternatives: list[tuple[list[int], tuple[Tensor, ...]]]) -> Moment:
            most, alive = max(((sum(values[n] for n in ns), a) for ns, a in alternatives), key=lambda pair: pair[0])
            return Moment(call, idle + most, alive)

        return tuple(map(moment, calls, numbered))


def _passing(call: Call) -> Sets:
    """What a call makes besides its outputs, and gives back when it is done."""
    backward = call.backward
    if backward is None:
        return ((),)
    there = {t.storage for t in (*call.inputs, *call.outputs)}
    made = (s.tensor for s in backward.saved if not s.only_for_backward)
    kept = tuple(t for t in made if t.base is None and t not in there)
    return tuple((*kept, *group) for group in backward.workspace) or (kept,)


def _added(idle: Size, times: dict[Size, int]) -> dict[Size, int]:
    return {**times, idle: times.get(idle, 0) + 1}


def _counts(sets: tuple[Sets, ...], number_of: Callable[[Tensor], int]) -> Iterator[tuple[tuple[int, int], ...]]:
    """How many tensors of each number there are in each set, each such count once."""
    seen: set[tuple[tuple[int, int], ...]] = set()
    for alternatives in sets:
        for alive in alternatives:
            counted = tuple(sorted(Counter(map(number_of, alive)).items()))
            if counted not in seen:
                seen.add(counted)
                yield counted


class _Bytes:
    """The different numbers of bytes that tensors take, each with a number of its own."""

    def __init__(self) -> None:
        self.sizes: list[Size] = []
        self._numbers: dict[Size, int] = {}
        self._known: dict[Tensor, int] = {}

    def number_of(self, tensor: Tensor) -> int:
        """The number of what a tensor takes."""
        found = self._known.get(tensor)
        if found is None:
            size = tensor.bytes
            found = self._numbers.setdefault(size, len(self.sizes))
            if found == len(self.sizes):
                self.sizes.append(size)
            self._known[tensor] = found
        return found
