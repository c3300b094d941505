"""Branches inside one module whose ways come out alike are joined where the module returns.

A window attention that skips its shift when the window covers the whole map asks about H and W in every block. Followed
to the end of the forward, these questions multiply; but each way returns tensors of the same shape, so nothing after
the module can tell them apart. So the ways are run side by side for the length of the module alone, and go on as one
when their outputs and layer calls agree. Where the costs differ, the difference is kept with its condition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from convsym.graph.backward import passes_on
from convsym.graph.call import Call, Cost
from convsym.graph.joint import Joint
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, subtract
from convsym.sizes.condition import all_of, any_of
from convsym.sizes.domain import Assumption, Domain
from convsym.trace.errors import EndlessQuestions
from convsym.trace.joints import branches_of, is_even, most_of_its_own_first
from convsym.trace.merge import LocalWay, by_cases, merged
from convsym.trace.numbers import SymbolicFloat, SymbolicInt
from convsym.trace.paths import Reason
from convsym.trace.restore import restored
from convsym.trace.tensors import SymbolicTensor

if TYPE_CHECKING:
    from convsym.trace.tracer import Tracer

MOST_WAYS = 12
MOST_IN_VAIN = 5000  # calls traced for ways that could not be joined: modules around them would try in vain too
MOST_OPEN = 3  # more open questions than this make more ways than are worth running
_PLAIN = (int, float, bool, str, type(None), torch.Tensor, SymbolicInt, SymbolicFloat)


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

    def local(self, output: Any, error: Exception | None) -> LocalWay:
        path = self.tracer.path
        return LocalWay(
            path.domain,
            tuple(path.taken[self.asked.taken :]),
            tuple(path.open[self.asked.open :]),
            output,
            error,
            self.tracer.recording.since(self.recorded),
            self.tracer.passage.overridden,
            [t.spec for t in self.tensors],
            self._freed(),
        )

    def _freed(self) -> dict[Tensor, int]:
        calls = self.tracer.recording.calls[self.recorded.calls :]
        freed = self.tracer.passage.lifetimes.freed
        made = dict.fromkeys(t.storage for call in calls for t in call.outputs)
        return {storage: freed[storage] for storage in made if storage in freed}

    def go_on_as(self, local: LocalWay) -> Any:
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
            and module not in tracer.apart
            and tracer.calls_in_vain < MOST_IN_VAIN
            and _is_repeatable(module, args, kwargs)
        ):
            ways, is_complete = _followed(entry, module, first, call)
            running = most_of_its_own_first([way for way in ways if way.runs])
            together = merged(running) if running and is_complete else None
            if together is not None:
                attributes.pop_all()
                return _go_on_joined(entry, ways, running, together)
            tracer.apart.add(module)
            tracer.calls_in_vain += sum(len(way.recorded.calls) for way in ways[1:])
        if not is_ahead:
            return entry.go_on_as(first)
    entry.put_back()
    return call()


def _followed(
    entry: _Entry, module: nn.Module, first: LocalWay, call: Callable[[], Any]
) -> tuple[list[LocalWay], bool]:
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


def _go_on_joined(entry: _Entry, ways: list[LocalWay], running: list[LocalWay], together: LocalWay) -> Any:
    tracer = entry.tracer
    output = entry.go_on_as(together)
    del tracer.path.taken[entry.asked.taken :], tracer.path.open[entry.asked.open :]
    tracer.path.domain = _union(entry.asked.domain, [w.domain for w in running], complete=len(running) == len(ways))
    if len(running) == 1:
        return output
    tracer.joined = True
    is_reconciled = _keep_costs(tracer, running, _respelled(running[0], together))
    if branches := branches_of(running, entry.asked.domain):
        recording = tracer.recording
        start = entry.recorded.calls
        even = is_even(running, together)
        joint = Joint(start, branches, is_reconciled, even, tracer.modules.path, recording.checkpoint)
        recording.joints[entry.recorded.joints :] = [joint]
    for leaf in pytree.tree_leaves(output):
        # A tensor that sizes were written anew for keeps the memory of that of the first way.
        if isinstance(leaf, SymbolicTensor) and all(leaf is not t for t in pytree.tree_leaves(running[0].output)):
            tracer.passage.lifetimes.watched(leaf, tracer.recording.calls)
    return output


def _run(entry: _Entry, call: Callable[[], Any]) -> LocalWay:
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


def _union(entry: Domain, ways: list[Domain], complete: bool) -> Domain:
    """The sizes of any of the ways, which all start from one domain; `complete` says that no way was left out."""
    known = {a.condition for a in entry.conditions}
    added = [[a for a in way.conditions if a.condition not in known] for way in ways]
    if len(ways) == 1:
        return ways[0] if complete else _assumed(entry, added[0])
    required = [{a.condition for a in assumptions if _is_required(a)} for assumptions in added]
    common = set.intersection(*required)
    found = _assumed(entry, [a for a in added[0] if a.condition in common])
    if complete and all(conditions == common for conditions in required):
        # The answers given to the branches cover all sizes.
        return found
    either = any_of(*(all_of(*(a.condition for a in assumptions)) for assumptions in added))
    return _assumed(found, [Assumption(either)])


def _assumed(domain: Domain, assumptions: list[Assumption]) -> Domain:
    """The domain with what is needed to run, whether an operation or a branch asked for it."""
    for assumption in assumptions:
        reason = assumption.reason if isinstance(assumption.reason, Reason) else Reason(None, None)
        domain = domain.assume(assumption.condition, replace(reason, needed=True))
    return domain


def _is_required(assumption: Assumption) -> bool:
    reason = assumption.reason
    return isinstance(reason, Reason) and (reason.requirement is not None or reason.needed)


def _respelled(way: LocalWay, joined: LocalWay) -> list[tuple[Tensor, Tensor]]:
    """The tensors of a way whose sizes are written otherwise where ways are joined, before and after."""

    def specs(local: LocalWay) -> list[Tensor]:
        leaves = pytree.tree_leaves(local.output)
        return [*(leaf.spec for leaf in leaves if isinstance(leaf, SymbolicTensor)), *local.inputs]

    return [(a, b) for a, b in zip(specs(way), specs(joined), strict=True) if a is not b]


def _keep_costs(tracer: Tracer, ways: list[LocalWay], respelled: list[tuple[Tensor, Tensor]]) -> bool:
    """Record what the other ways cost more or less than the first, under their conditions; whether there was any."""
    flops = _difference(ways, [way.cost.flops for way in ways])
    elementwise = _difference(ways, [way.cost.elementwise for way in ways])
    if flops == 0 and elementwise == 0 and not respelled:
        return False
    calls = tracer.recording.calls
    last = calls[-1]
    before, after = zip(*respelled, strict=True) if respelled else (last.outputs, last.outputs)
    call = Call(
        index=len(calls),
        op="cases",
        path=tracer.modules.path,
        inputs=before,
        outputs=after,
        parameters={},
        cost=Cost(flops, elementwise),
        place=last.place,
        keeps=passes_on,
        checkpoint=tracer.recording.checkpoint,
    )
    calls.append(call)
    return True


def _difference(ways: list[LocalWay], costs: list[Size]) -> Size:
    if all(cost == costs[0] for cost in costs):
        return 0
    return by_cases([subtract(cost, costs[0]) for cost in costs], [way.domain for way in ways])
