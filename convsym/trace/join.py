"""Branches inside one module whose ways come out alike are joined where the module returns.

A window attention that skips its shift when the window covers the whole map asks about H and W in every block. Followed
to the end of the forward, these questions multiply; but each way returns tensors of the same shape, so nothing after
the module can tell them apart. So the ways are run side by side for the length of the module alone, and go on as one
when their outputs and layer calls agree. Where the costs differ, the difference is kept with its condition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from convsym.graph.backward import keeps_nothing
from convsym.graph.call import Call, Cost, LayerCall
from convsym.graph.tensor import Tensor
from convsym.ops.strides import normal, strides_of
from convsym.sizes.arithmetic import Size, subtract, total
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import all_of, any_of, eq
from convsym.sizes.domain import Assumption, Domain
from convsym.sizes.evaluate import evaluate
from convsym.sizes.rounding import rounded, rounded_up
from convsym.sizes.truth import Truth
from convsym.trace.errors import EndlessQuestions
from convsym.trace.numbers import SymbolicFloat, SymbolicInt, integer
from convsym.trace.passage import Standing
from convsym.trace.paths import Answers
from convsym.trace.recording import Recorded
from convsym.trace.restore import restored
from convsym.trace.tensors import SymbolicTensor

if TYPE_CHECKING:
    from convsym.trace.tracer import Tracer

MOST_WAYS = 12
MOST_IN_VAIN = 5000  # calls traced for ways that could not be joined: modules around them would try in vain too
MOST_OPEN = 3  # more open questions than this make more ways than are worth running
_PLAIN = (int, float, bool, str, type(None), torch.Tensor, SymbolicInt, SymbolicFloat)


@dataclass(frozen=True)
class _Local:
    """One way through a module."""

    domain: Domain
    taken: tuple[bool, ...]
    opened: tuple[Answers, ...]
    output: Any
    error: Exception | None
    recorded: Recorded
    overridden: dict[int, Standing]
    inputs: list[Tensor]

    @property
    def runs(self) -> bool:
        return self.error is None and not self.recorded.findings

    @property
    def cost(self) -> Cost:
        calls = self.recorded.calls
        return Cost(total([c.cost.flops for c in calls]), total([c.cost.elementwise for c in calls]))


class _Entry:
    """The state in which a module is called, put back before each way."""

    def __init__(self, tracer: Tracer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.tracer = tracer
        self.asked = tracer.path.mark()
        self.recorded = tracer.recording.mark()
        self.overridden = dict(tracer.passage.overridden)
        self.tensors = [v for v in _values(args, kwargs) if type(v) is SymbolicTensor]
        self.specs = [t.spec for t in self.tensors]

    @property
    def branched(self) -> bool:
        """Whether a question was left open since."""
        return len(self.tracer.path.open) > self.asked.open

    @property
    def can_repeat(self) -> bool:
        """Whether nothing happened since that a second run would not do alike."""
        unknowns = self.tracer.recording.unknowns
        return len(self.tracer.path.pins) == self.asked.pins and len(unknowns) == self.recorded.unknowns

    def put_back(self) -> None:
        self.tracer.path.put_back(self.asked)
        self.tracer.recording.cut(self.recorded)
        self.tracer.passage.overridden = dict(self.overridden)
        self._set_specs(self.specs)

    def _set_specs(self, specs: Sequence[Tensor]) -> None:
        for tensor, spec in zip(self.tensors, specs, strict=True):
            if tensor.spec is not spec:
                tensor.stand_for(spec)

    def local(self, output: Any, error: Exception | None) -> _Local:
        path = self.tracer.path
        return _Local(
            path.domain,
            tuple(path.taken[self.asked.taken :]),
            tuple(path.open[self.asked.open :]),
            output,
            error,
            self.tracer.recording.since(self.recorded),
            self.tracer.passage.overridden,
            [t.spec for t in self.tensors],
        )

    def go_on_as(self, local: _Local) -> Any:
        """Make one way the state to go on from; returns its output, or raises what it raised."""
        self.put_back()
        path = self.tracer.path
        path.domain = local.domain
        path.taken.extend(local.taken)
        path.open.extend(local.opened)
        self.tracer.recording.extend(local.recorded)
        self.tracer.passage.overridden = local.overridden
        self._set_specs(local.inputs)
        if local.error is not None:
            raise local.error
        return local.output


def call_joined(
    tracer: Tracer, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], call: Callable[[], Any]
) -> Any:
    """The output of a module, its undecided branches joined where that changes nothing for what follows."""
    path = tracer.path
    given = path.answers
    is_ahead = len(given) > len(path.taken)
    if is_ahead and not _is_repeatable(module, args, kwargs):
        return call()
    entry = _Entry(tracer, args, kwargs)
    with ExitStack() as attributes:
        if is_ahead:
            # The answers that are left belong to what follows, unless the questions of this module stay open.
            path.answers = given[: entry.asked.taken]
            attributes.enter_context(restored(module))
            attributes.enter_context(suppress(EndlessQuestions))
        try:
            output, error = call(), None
        except Exception as raised:
            if not entry.branched:
                raise
            output, error = None, raised
        finally:
            path.answers = given
        if not entry.branched:
            attributes.pop_all()
            return output
        first = entry.local(output, error)
        if (
            entry.can_repeat
            and len(first.opened) <= MOST_OPEN
            and tracer.calls_in_vain < MOST_IN_VAIN
            and _is_repeatable(module, args, kwargs)
        ):
            ways, is_complete = _followed(entry, module, first, call)
            running = [way for way in ways if way.runs]
            together = _together(running) if running and is_complete else None
            if together is not None:
                attributes.pop_all()
                return _go_on_joined(entry, ways, running, together)
            tracer.calls_in_vain += sum(len(way.recorded.calls) for way in ways[1:])
        if not is_ahead:
            return entry.go_on_as(first)
    entry.put_back()
    return call()


def _followed(entry: _Entry, module: nn.Module, first: _Local, call: Callable[[], Any]) -> tuple[list[_Local], bool]:
    """The ways through a module, the first one known, and whether they are all."""
    path = entry.tracer.path
    given = path.answers
    ways, pending = [first], list(first.opened)
    while pending and len(ways) < MOST_WAYS:
        entry.put_back()
        path.answers = pending.pop()
        try:
            with restored(module):
                way = _run(entry, call)
        except EndlessQuestions:
            path.answers = given
            return ways, False
        ways.append(way)
        pending.extend(way.opened)
    path.answers = given
    return ways, not pending


def _go_on_joined(entry: _Entry, ways: list[_Local], running: list[_Local], together: _Local) -> Any:
    tracer = entry.tracer
    output = entry.go_on_as(together)
    del tracer.path.taken[entry.asked.taken :], tracer.path.open[entry.asked.open :]
    tracer.path.domain = _union(entry.asked.domain, [w.domain for w in running], complete=len(running) == len(ways))
    tracer.joined = True
    _keep_costs(tracer, running, _respelled(running[0], together))
    return output


def _run(entry: _Entry, call: Callable[[], Any]) -> _Local:
    try:
        return entry.local(call(), None)
    except Exception as error:
        return entry.local(None, error)


def _values(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for value in (*args, *kwargs.values()):
        found.extend(value) if isinstance(value, tuple) else found.append(value)
    return found


def _is_repeatable(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether running a module twice does no more than running it once.

    A list or dict among the arguments could be written into, and a hook could write anywhere.
    """
    plain = all(isinstance(value, _PLAIN) for value in _values(args, kwargs))
    return plain and not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())


class _Different(Exception):
    """The ways give what no one formula says."""


def _together(ways: list[_Local]) -> _Local | None:
    """One way that stands for all of them, its sizes written so that they hold on every one; None where they differ."""
    first = ways[0]
    if len(ways) == 1:
        return first
    domains = [way.domain for way in ways]
    leaves, trees = zip(*(pytree.tree_flatten(way.output) for way in ways), strict=True)
    if any(tree != trees[0] for tree in trees) or len({len(way.recorded.layers) for way in ways}) > 1:
        return None
    try:
        output = [_leaf(each, domains) for each in zip(*leaves, strict=True)]
        inputs = [_tensor(each, domains) for each in zip(*(way.inputs for way in ways), strict=True)]
        layers = [_layer(each, domains) for each in zip(*(way.recorded.layers for way in ways), strict=True)]
    except _Different:
        return None
    recorded = replace(first.recorded, layers=tuple(layers))
    return replace(first, output=pytree.tree_unflatten(output, trees[0]), inputs=inputs, recorded=recorded)


def _leaf(each: Sequence[Any], domains: Sequence[Domain]) -> Any:
    first = each[0]
    if any(type(leaf) is not type(first) for leaf in each):
        raise _Different
    if isinstance(first, SymbolicTensor):
        spec = _tensor([leaf.spec for leaf in each], domains)
        return first if spec is first.spec else SymbolicTensor(spec, first.device)
    if isinstance(first, SymbolicInt):
        return integer(_size([leaf.size for leaf in each], domains))
    if isinstance(first, SymbolicFloat) and all(leaf.value == first.value for leaf in each):
        return first
    if all(leaf is first or (isinstance(first, (int, float, str, bool)) and leaf == first) for leaf in each):
        return first
    raise _Different


def _tensor(each: Sequence[Tensor], domains: Sequence[Domain]) -> Tensor:
    first = each[0]
    if all(tensor is first for tensor in each):
        return first
    if any((t.rank, t.dtype, t.data is None) != (first.rank, first.dtype, first.data is None) for t in each):
        raise _Different
    shape = _sizes([t.shape for t in each], domains)
    if any(t.strides is not None for t in each):
        strides = _sizes([strides_of(t) for t in each], domains)
    else:
        strides = None
    if (shape, strides) == (first.shape, first.strides):
        return first
    return first.view(shape, None if strides is None else normal(shape, strides))


def _sizes(each: Sequence[tuple[Size, ...]], domains: Sequence[Domain]) -> tuple[Size, ...]:
    return tuple(_size(sizes, domains) for sizes in zip(*each, strict=True))


def _size(each: Sequence[Size], domains: Sequence[Domain]) -> Size:
    """A size that is the first one in the first domain, the second one in the second, and so on.

    A forward that pads only where a window does not divide has H on one way and 4 (H // 4) + 4 on the other:
    4 ceil(H / 4) is both.
    """
    first = each[0]
    if all(size == first for size in each):
        return first
    up = [rounded_up(size, domain) for size, domain in zip(each, domains, strict=True)]
    if all(size == up[0] for size in up):
        return up[0]
    smallest = [domain.smallest() for domain in domains]
    candidates = dict.fromkeys((*each, *up, *(r for size in dict.fromkeys(each) for r in rounded(size))))
    for candidate in candidates:
        if all(
            at is not None and evaluate(candidate, at) == evaluate(size, at)
            for size, at in zip(each, smallest, strict=True)
        ) and all(
            candidate == written or domain.decide(eq(candidate, size)) is Truth.YES
            for size, written, domain in zip(each, up, domains, strict=True)
        ):
            return candidate
    raise _Different


def _layer(each: Sequence[LayerCall], domains: Sequence[Domain]) -> LayerCall:
    first = each[0]
    if any((layer.path, layer.index) != (first.path, first.index) for layer in each):
        raise _Different
    return replace(
        first,
        input=_seen([layer.input for layer in each], domains),
        output=_seen([layer.output for layer in each], domains),
    )


def _seen(each: Sequence[Tensor], domains: Sequence[Domain]) -> Tensor:
    """A tensor that nothing is computed from any more: its sizes may be cases of the ways."""
    try:
        return _tensor(each, domains)
    except _Different:
        first = each[0]
        if any((t.rank, t.dtype) != (first.rank, first.dtype) for t in each):
            raise
        return Tensor(
            tuple(_by_cases(sizes, domains) for sizes in zip(*(t.shape for t in each), strict=True)), first.dtype
        )


def _by_cases(each: Sequence[Size], domains: Sequence[Domain]) -> Size:
    """A size that is the first one in the first domain, the second one in the second, and so on."""
    if all(size == each[0] for size in each):
        return each[0]
    pieces = [(domain.as_condition(), size) for domain, size in zip(domains, each, strict=True)]
    return piecewise([*pieces[1:], pieces[0]])


def _union(entry: Domain, ways: list[Domain], complete: bool) -> Domain:
    """The sizes of any of the ways, which all start from one domain."""
    if len(ways) == 1:
        return ways[0]
    known = {a.condition for a in entry.conditions}
    added = [[a for a in way.conditions if a.condition not in known] for way in ways]
    required = [{a.condition for a in assumptions if _is_required(a)} for assumptions in added]
    common = set.intersection(*required)
    found = entry
    for assumption in added[0]:
        if assumption.condition in common:
            found = found.assume(assumption.condition, assumption.reason)
    if complete and all(conditions == common for conditions in required):
        # The answers given to the branches cover all sizes.
        return found
    return found.assume(any_of(*(all_of(*(a.condition for a in assumptions)) for assumptions in added)))


def _is_required(assumption: Assumption) -> bool:
    return getattr(assumption.reason, "requirement", None) is not None


def _respelled(way: _Local, joined: _Local) -> list[tuple[Tensor, Tensor]]:
    """The tensors of a way whose sizes are written otherwise where ways are joined, before and after."""

    def specs(local: _Local) -> list[Tensor]:
        leaves = pytree.tree_leaves(local.output)
        return [*(leaf.spec for leaf in leaves if isinstance(leaf, SymbolicTensor)), *local.inputs]

    return [(a, b) for a, b in zip(specs(way), specs(joined), strict=True) if a is not b]


def _keep_costs(tracer: Tracer, ways: list[_Local], respelled: list[tuple[Tensor, Tensor]]) -> None:
    """Record what the other ways cost more or less than the first, under their conditions."""
    flops = _difference(ways, [way.cost.flops for way in ways])
    elementwise = _difference(ways, [way.cost.elementwise for way in ways])
    if flops == 0 and elementwise == 0 and not respelled:
        return
    calls = tracer.recording.calls
    last = calls[-1]
    before, after = zip(*respelled, strict=True) if respelled else ((), last.outputs)
    call = Call(
        index=len(calls),
        op="cases",
        path=tracer.modules.path,
        inputs=before,
        outputs=after,
        parameters={},
        cost=Cost(flops, elementwise),
        place=last.place,
        keeps=keeps_nothing,
    )
    calls.append(call)


def _difference(ways: list[_Local], costs: list[Size]) -> Size:
    if all(cost == costs[0] for cost in costs):
        return 0
    return _by_cases([subtract(cost, costs[0]) for cost in costs], [way.domain for way in ways])
