"""Branches inside one module whose ways come out alike are joined where the module returns.

A window attention that skips its shift when the window covers the whole map asks about H and W in every block. Followed
to the end of the forward, these questions multiply; but each way returns tensors of the same shape, so nothing after
the module can tell them apart. So the ways are run side by side for the length of the module alone, and go on as one
when their outputs and layer calls agree. Where the costs differ, the difference is kept with its condition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from convsym.graph.call import Call, Cost, LayerCall
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, subtract, total
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import Condition, all_of, any_of
from convsym.sizes.domain import Assumption, Domain
from convsym.trace.numbers import SymbolicFloat, SymbolicInt
from convsym.trace.paths import Answers, Finding
from convsym.trace.restore import restored
from convsym.trace.tensors import SymbolicTensor

if TYPE_CHECKING:
    from convsym.trace.tracer import Tracer

MOST_WAYS = 12
_PLAIN = (int, float, bool, str, type(None), torch.Tensor, SymbolicInt, SymbolicFloat)


@dataclass(frozen=True)
class _Local:
    """One way through a module."""

    domain: Domain
    taken: tuple[bool, ...]
    opened: tuple[Answers, ...]
    output: Any
    error: Exception | None
    calls: list[Call]
    layers: list[LayerCall]
    findings: list[Finding]
    called: list[str]
    overridden: dict[int, Any]
    inputs: list[Tensor]

    @property
    def runs(self) -> bool:
        return self.error is None and not self.findings

    @property
    def cost(self) -> Cost:
        return Cost(total([c.cost.flops for c in self.calls]), total([c.cost.elementwise for c in self.calls]))


class _Entry:
    """The state in which a module is called, put back before each way."""

    def __init__(self, tracer: Tracer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        path = tracer.path
        self.tracer = tracer
        self.domain, self.taken, self.open = path.domain, len(path.taken), len(path.open)
        self.pins, self.unexplored, self.unknowns = len(path.pins), len(path.unexplored), len(tracer.unknowns)
        self.calls, self.layers, self.findings = len(tracer.calls), len(tracer.layers), len(tracer.findings)
        self.called, self.overridden = len(tracer.called), dict(tracer.overridden)
        self.tensors = [v for v in _values(args, kwargs) if type(v) is SymbolicTensor]
        self.specs = [t.spec for t in self.tensors]

    @property
    def branched(self) -> bool:
        """Whether a question was left open since."""
        return len(self.tracer.path.open) > self.open

    @property
    def can_repeat(self) -> bool:
        """Whether nothing happened since that a second run would not do alike."""
        path = self.tracer.path
        return len(path.pins) == self.pins and len(self.tracer.unknowns) == self.unknowns

    def put_back(self) -> None:
        tracer, path = self.tracer, self.tracer.path
        path.domain = self.domain
        del path.taken[self.taken :], path.open[self.open :], path.pins[self.pins :], path.unexplored[self.unexplored :]
        del tracer.calls[self.calls :], tracer.layers[self.layers :], tracer.findings[self.findings :]
        del tracer.unknowns[self.unknowns :]
        tracer.forget_called(self.called)
        tracer.overridden = dict(self.overridden)
        self.set_specs(self.specs)

    def set_specs(self, specs: Sequence[Tensor]) -> None:
        for tensor, spec in zip(self.tensors, specs, strict=True):
            if tensor.spec is not spec:
                tensor.spec, tensor._shape = spec, None

    def local(self, output: Any, error: Exception | None) -> _Local:
        tracer, path = self.tracer, self.tracer.path
        return _Local(
            path.domain,
            tuple(path.taken[self.taken :]),
            tuple(path.open[self.open :]),
            output,
            error,
            tracer.calls[self.calls :],
            tracer.layers[self.layers :],
            tracer.findings[self.findings :],
            tracer.called[self.called :],
            tracer.overridden,
            [t.spec for t in self.tensors],
        )

    def go_on_as(self, local: _Local) -> Any:
        """Make one way the state to go on from; returns its output, or raises what it raised."""
        self.put_back()
        tracer, path = self.tracer, self.tracer.path
        path.domain = local.domain
        path.taken.extend(local.taken)
        path.open.extend(local.opened)
        tracer.calls += local.calls
        tracer.layers += local.layers
        tracer.findings += local.findings
        tracer.remember_called(local.called)
        tracer.overridden = local.overridden
        self.set_specs(local.inputs)
        if local.error is not None:
            raise local.error
        return local.output


def call_joined(
    tracer: Tracer, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], call: Callable[[], Any]
) -> Any:
    """The output of a module, its undecided branches joined where that changes nothing for what follows."""
    entry = _Entry(tracer, args, kwargs)
    try:
        output, error = call(), None
    except Exception as raised:
        if not entry.branched:
            raise
        output, error = None, raised
    if not entry.branched:
        return output
    first = entry.local(output, error)
    if not entry.can_repeat or not _is_repeatable(module, args, kwargs):
        return entry.go_on_as(first)
    given = tracer.path.answers
    ways, pending = [first], list(first.opened)
    while pending and len(ways) < MOST_WAYS:
        entry.put_back()
        tracer.path.answers = pending.pop()
        with restored(module):
            way = _run(entry, call)
        ways.append(way)
        pending.extend(way.opened)
    tracer.path.answers = given
    running = [way for way in ways if way.runs]
    if pending or not running or not all(_agree(running[0], way) for way in running[1:]):
        return entry.go_on_as(first)
    output = entry.go_on_as(running[0])
    del tracer.path.taken[entry.taken :], tracer.path.open[entry.open :]
    tracer.path.domain = _union(entry.domain, [w.domain for w in running], complete=len(running) == len(ways))
    tracer.refused += [way.error for way in ways if way.error is not None]
    _keep_costs(tracer, running)
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


def _signature(value: Any) -> Any:
    if isinstance(value, SymbolicTensor):
        return _signature(value.spec)
    if isinstance(value, Tensor):
        return (value.shape, value.dtype, value.strides, value.data is None)
    if isinstance(value, SymbolicInt):
        return value.size
    if isinstance(value, SymbolicFloat):
        return value.value
    return value if isinstance(value, (int, float, str, bool, type(None))) else id(value)


def _agree(a: _Local, b: _Local) -> bool:
    if [_signature(t) for t in a.inputs] != [_signature(t) for t in b.inputs]:
        return False
    if [_layer(c) for c in a.layers] != [_layer(c) for c in b.layers]:
        return False
    first, first_tree = pytree.tree_flatten(a.output)
    second, second_tree = pytree.tree_flatten(b.output)
    return first_tree == second_tree and list(map(_signature, first)) == list(map(_signature, second))


def _layer(call: LayerCall) -> Any:
    return (call.path, call.index, call.input.shape, call.output.shape)


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


def _keep_costs(tracer: Tracer, ways: list[_Local]) -> None:
    """Record what the other ways cost more or less than the first, under their conditions."""
    flops = _difference(ways, [way.cost.flops for way in ways])
    elementwise = _difference(ways, [way.cost.elementwise for way in ways])
    if flops == 0 and elementwise == 0:
        return
    last = tracer.calls[-1]
    tracer.calls.append(
        Call(len(tracer.calls), "cases", tracer.module_path, (), last.outputs, {}, Cost(flops, elementwise), last.place)
    )


def _difference(ways: list[_Local], costs: list[Size]) -> Size:
    if all(cost == costs[0] for cost in costs):
        return 0
    pieces: list[tuple[Condition, Size]] = [
        (way.domain.as_condition(), subtract(cost, costs[0])) for way, cost in zip(ways, costs, strict=True)
    ]
    return piecewise([*pieces[1:], pieces[0]])
