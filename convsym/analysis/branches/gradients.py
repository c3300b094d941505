"""From which step to which gradients are there, over the calls of all branches of joined modules: for some sizes only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from convsym.analysis.alive import Span
from convsym.analysis.branches.choices import EVERYWHERE, Choices, Where
from convsym.analysis.branches.spans import together
from convsym.analysis.gradient_spans import backward_calls, held_longer
from convsym.analysis.training import Training
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor


class _Gradient(NamedTuple):
    """A piece of memory by its number, where it is the gradient of a tensor, and since which step."""

    memory: int
    where: Where
    since: int


def branched_gradient_spans(training: Training, choices: Choices) -> Iterator[tuple[Tensor, Span, Where]]:
    """The memory of the gradients, each named by the tensor that it was made for.

    A tensor may have several, of which each size has one.
    """
    made_for: list[Tensor] = []
    for number, span, where in together(_holds(training, choices, made_for), choices):
        yield made_for[number], span, where


def _holds(training: Training, choices: Choices, made_for: list[Tensor]) -> Iterator[tuple[int, Span, Where]]:
    """Which memory something holds: until the backward of its tensor, or to the end where that is trained.

    The tensor that each was made for is added to `made_for`.
    """
    trained, first = frozenset(training.trained), len(training.calls)
    end = first + len(training.reached)
    waiting: defaultdict[Tensor, list[_Gradient]] = defaultdict(list)
    for tensor in dict.fromkeys(training.outputs):
        if training.needed.of(tensor):
            waiting[tensor] = [_Gradient(len(made_for), EVERYWHERE, first)]
            made_for.append(tensor)
    held = held_longer(training)
    accumulated: defaultdict[Tensor, list[_Gradient]] = defaultdict(list)
    for step, call in enumerate(backward_calls(training), first):
        made = _of_operands(training, choices, call, waiting, made_for)
        for tensor in call.outputs:
            until = held.get(tensor, step + 1)
            yield from ((one.memory, Span(one.since, until), one.where) for one in waiting.pop(tensor, ()))
        for tensor, memory, where in made:
            yield memory, Span(step, step + 1), where
            # What is added to a gradient that is there already goes.
            there = [one.where for one in (*accumulated.get(tensor, ()), *waiting.get(tensor, ()))]
            if left := choices.without(where, there):
                (accumulated if tensor in trained else waiting)[tensor].append(_Gradient(memory, left, step))
    for left_over in (*waiting.values(), *accumulated.values()):
        yield from ((one.memory, Span(one.since, end), one.where) for one in left_over)


def _of_operands(
    training: Training,
    choices: Choices,
    call: Call,
    waiting: Mapping[Tensor, Sequence[_Gradient]],
    made_for: list[Tensor],
) -> list[tuple[Tensor, int, Where]]:
    """The memory of the gradient of each operand that needs one, and where: that of incoming ones where it is shared."""
    incoming: Sequence[_Gradient] = next((waiting[t] for t in call.outputs if waiting.get(t)), ())
    shares = bool(incoming) and call.backward is not None and call.backward.shares
    computed = choices.either([one.where for one in incoming] or [EVERYWHERE])
    found: list[tuple[Tensor, int, Where]] = []
    for tensor, taken in choices.operands(call):
        if not training.needed.of(tensor):
            continue
        if shares and tensor not in training.trained and made_for[incoming[0].memory].dtype == tensor.dtype:
            found += [(tensor, one.memory, choices.both(one.where, taken)) for one in incoming]
        else:
            found.append((tensor, len(made_for), choices.both(computed, taken)))
            made_for.append(tensor)
    return [one for one in found if one[2]]
