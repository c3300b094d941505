"""What calls make for themselves, and give back when they are done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from convsym.analysis.alive import Groups, Scratch, Span
from convsym.analysis.forward_spans import Spans
from convsym.analysis.gradient_spans import backward_calls
from convsym.analysis.training import Training
from convsym.graph.backward import Backward
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.sizes.condition import TRUE


class Made(NamedTuple):
    """What a call makes besides its results: some of it for the backward pass as well."""

    step: int
    kept: tuple[Tensor, ...]
    backward: Backward


def made_by(calls: Sequence[Call]) -> list[Made]:
    """What is made by those calls that make more than their results."""
    found = []
    for step, call in enumerate(calls):
        backward = call.backward
        if backward is None:
            continue
        kept = [s.tensor for s in backward.saved if not s.only_for_backward and s.tensor.base is None]
        if kept:
            around = {t.storage for t in (*call.inputs, *call.outputs)}
            kept = [t for t in dict.fromkeys(kept) if t not in around]
        if kept or backward.workspace or backward.otherwise is not None:
            found.append(Made(step, tuple(kept), backward))
    return found


def scratch(made: Iterable[Made], spans: Spans) -> Iterator[Scratch]:
    """What is given back when its call is done: what is kept for nobody, and workspaces."""
    for step, kept, backward in made:
        passing = tuple(t for t in kept if not _is_there(spans.get(t, ()), step))
        usual = _with(passing, backward.workspace)
        if backward.otherwise is not None:
            condition, workspace = backward.otherwise
            other = _with(passing, workspace)
            yield Scratch(step, other) if condition is TRUE else Scratch(step, usual, (condition, other))
        elif any(usual):
            yield Scratch(step, usual)


def _is_there(spans: Sequence[Span], step: int) -> bool:
    return any(span.born <= step < span.gone for span in spans)


def _with(kept: tuple[Tensor, ...], workspace: Groups) -> Groups:
    return tuple((*kept, *group) for group in workspace) or (kept,)


def gradient_scratch(training: Training) -> Iterator[Scratch]:
    """The copies that gradients are computed on, as results are, each of them made once."""
    for step, call in enumerate(backward_calls(training), len(training.calls)):
        if call.backward is not None and call.backward.workspace:
            yield Scratch(step, (call.backward.copies,))
