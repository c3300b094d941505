"""Branches inside one module whose ways come out alike are joined where the module returns.

A window attention that skips its shift when the window covers the whole map asks about H and W in every block. Followed
to the end of the forward, these questions multiply; but each way returns tensors of the same shape, so nothing after
the module can tell them apart. So the ways are run side by side for the length of the module alone, and go on as one
when their outputs and layer calls agree. Where the costs differ, the difference is kept with its condition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from convsym.graph.call import Call, Cost, LayerCall
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, subtract, total
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import Condition, all_of, any_of, eq
from convsym.sizes.domain import Assumption, Domain
from convsym.sizes.evaluate import evaluate
from convsym.sizes.rounding import rounded
from convsym.sizes.truth import Truth
from convsym.trace.numbers import SymbolicFloat, SymbolicInt, integer
from convsym.trace.paths import Answers, Finding
from convsym.trace.restore import restored
from convsym.trace.tensors import SymbolicTensor

if TYPE_CHECKING:
    from convsym.trace.tracer import Tracer

MOST_WAYS = 12
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
    if not entry.can_repeat or not _is_repeatable(module, args, kwargs) or len(first.opened) > MOST_OPEN:
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
    together = _together(running) if running and not pending else None
    if together is None:
        return entry.go_on_as(first)
    output = entry.go_on_as(together)
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


def _together(ways: list[_Local]) -> _Local | None:
    """One way that stands for all of them, its sizes written so that they hold on every one; None where they differ."""
    first = ways[0]
    for other in ways[1:]:
        merged = _pair(first, other)
        if merged is None:
            return None
        first = merged
    return first


def _pair(a: _Local, b: _Local) -> _Local | None:
    first, tree = pytree.tree_flatten(a.output)
    second, second_tree = pytree.tree_flatten(b.output)
    if tree != second_tree or len(a.layers) != len(b.layers):
        return None
    try:
        output = [_leaf(x, y, a.domain, b.domain) for x, y in zip(first, second, strict=True)]
        inputs = [_tensor(x, y, a.domain, b.domain) for x, y in zip(a.inputs, b.inputs, strict=True)]
        layers = [_layer(x, y, a.domain, b.domain) for x, y in zip(a.layers, b.layers, strict=True)]
    except _Different:
        return None
    return replace(a, output=pytree.tree_unflatten(output, tree), inputs=inputs, layers=layers)


class _Different(Exception):
    """Two ways give what no one formula says."""


def _leaf(x: Any, y: Any, a: Domain, b: Domain) -> Any:
    if isinstance(x, SymbolicTensor) and isinstance(y, SymbolicTensor):
        spec = _tensor(x.spec, y.spec, a, b)
        return x if spec is x.spec else SymbolicTensor(spec, x.device)
    if isinstance(x, SymbolicInt) and isinstance(y, SymbolicInt):
        return integer(_size(x.size, y.size, a, b))
    if isinstance(x, SymbolicFloat) and isinstance(y, SymbolicFloat) and x.value == y.value:
        return x
    if x is y or (isinstance(x, (int, float, str, bool)) and type(x) is type(y) and x == y):
        return x
    raise _Different


def _tensor(x: Tensor, y: Tensor, a: Domain, b: Domain) -> Tensor:
    if x is y:
        return x
    if x.rank != y.rank or x.dtype != y.dtype or (x.data is None) != (y.data is None):
        raise _Different
    shape = _sizes(x.shape, y.shape, a, b)
    if x.strides is None and y.strides is None:
        strides = None
    elif x.strides is None or y.strides is None:
        raise _Different
    else:
        strides = _sizes(x.strides, y.strides, a, b)
    return x if (shape, strides) == (x.shape, x.strides) else Tensor(shape, x.dtype, strides)


def _sizes(xs: tuple[Size, ...], ys: tuple[Size, ...], a: Domain, b: Domain) -> tuple[Size, ...]:
    return tuple(_size(x, y, a, b) for x, y in zip(xs, ys, strict=True))


def _size(x: Size, y: Size, a: Domain, b: Domain) -> Size:
    """A size that is x in one domain and y in the other.

    A forward that pads only where a window does not divide has H on one way and 4 (H // 4) + 4 on the other:
    4 ceil(H / 4) is both.
    """
    if x == y:
        return x
    here, there = a.smallest(), b.smallest()
    if here is None or there is None:
        raise _Different
    for candidate in (x, y, *rounded(x), *rounded(y)):
        if evaluate(candidate, here) != evaluate(x, here) or evaluate(candidate, there) != evaluate(y, there):
            continue
        if a.decide(eq(candidate, x)) is Truth.YES and b.decide(eq(candidate, y)) is Truth.YES:
            return candidate
    raise _Different


def _layer(x: LayerCall, y: LayerCall, a: Domain, b: Domain) -> LayerCall:
    if (x.path, x.index) != (y.path, y.index):
        raise _Different
    return replace(x, input=_tensor(x.input, y.input, a, b), output=_tensor(x.output, y.output, a, b))


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
