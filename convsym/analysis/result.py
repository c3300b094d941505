"""The result of an analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import networkx as nx
from torch import nn

from convsym.analysis import totals
from convsym.analysis.branches.alike import with_alike_as_one
from convsym.analysis.branches.choices import Choices
from convsym.analysis.branches.every_way import every_way
from convsym.analysis.branches.memory import BranchedMemory
from convsym.analysis.branches.totals import with_every_branch
from convsym.analysis.branches.training import BranchedTraining
from convsym.analysis.domain import ModelDomain
from convsym.analysis.leaves import Leaves, leaves
from convsym.analysis.memory import Memory
from convsym.analysis.notebook import Notebook
from convsym.analysis.numbers import LayerAt, NumbersAt, shape_at, tensors_of
from convsym.analysis.parameters import count_parameters, initialised
from convsym.analysis.questions import Questions
from convsym.analysis.receptive import Fields, Misaligned, misaligned, receptive_fields
from convsym.analysis.shortfalls import Shortfall, shortfalls
from convsym.analysis.simplest import Shortened
from convsym.analysis.single_axes import sizes_across_strides
from convsym.analysis.step import TrainingStep
from convsym.analysis.totals import ModuleTotal
from convsym.analysis.training import Training
from convsym.graph.call import Call, Cost, LayerCall
from convsym.graph.calls import call_graph
from convsym.graph.joint import Joint
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, floor_div
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import Condition, eq
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import Evaluation
from convsym.sizes.truth import Truth
from convsym.trace.explore import Refusal, Way
from convsym.trace.paths import Finding, Pin

if TYPE_CHECKING:
    from convsym.diagnostics import Diagnostic


@dataclass(frozen=True)
class Case:
    """One way through the forward: the sizes that go it, and what is computed there."""

    domain: Domain
    calls: tuple[Call, ...]
    layers: tuple[LayerCall, ...]
    outputs: Any
    inputs: tuple[Tensor, ...]
    leaves: Leaves = field(default_factory=Leaves)
    joined: bool = False
    joints: tuple[Joint, ...] = ()
    freed: Mapping[Tensor, int] = field(default_factory=dict)

    @cached_property
    def training(self) -> Training:
        """The backward pass of this way, and what is kept for it."""
        return Training(self.calls, tuple(tensors_of(self.outputs)), self.leaves.weights, self.leaves.trained)

    @cached_property
    def memory(self) -> Memory:
        """What is alive at each call."""
        return Memory(self.training, self.inputs, self.freed, self.leaves.bytes, self.domain)

    @cached_property
    def overall(self) -> Memory:
        """What is alive at each call of every branch, and the training step of them all; for formulas."""
        if not self.joints:
            return self.memory
        joints = with_alike_as_one(self.joints, self.calls, self.leaves.trained)
        way = every_way(self.calls, joints, self.freed, self.domain)
        outputs = tuple(tensors_of(self.outputs))
        training = BranchedTraining(way.calls, outputs, self.leaves.weights, self.leaves.trained, Choices(way))
        return BranchedMemory(training, self.inputs, way.freed, self.leaves.bytes, self.domain)

    @cached_property
    def sizes_across_strides(self) -> frozenset[Size]:
        """Sizes at which memory may be laid out otherwise than in general, where one of them is 1."""
        return sizes_across_strides(self.calls)

    @cached_property
    def memory_exceptions(self) -> tuple[Condition, ...]:
        """Where memory may be otherwise than formulas say: along axes of one element, and in convolutions of small images."""
        calls = self.overall.training.calls
        ones = (eq(size, 1) for size in sorted(sizes_across_strides(calls), key=str))
        others = [call.backward.otherwise for call in calls if call.backward is not None]
        found = dict.fromkeys((*ones, *(other[0] for other in others if other is not None)))
        return tuple(c for c in found if self.domain.decide(c) is not Truth.NO)

    @property
    def short_gradients(self) -> Mapping[int, Size]:
        """FLOPs of the gradients of each call, by its index, as short as the case's own domain allows."""
        return {index: self.domain.simplify(flops) for index, flops in self.training.gradients.items()}

    @cached_property
    def cost(self) -> Cost:
        """The sum over all calls."""
        return totals.total_cost(self.calls)

    @cached_property
    def activation_bytes(self) -> Size:
        """Bytes of all results that are no views."""
        return self.overall.training.activation_bytes

    @cached_property
    def graph(self) -> nx.MultiDiGraph:
        """The calls as a networkx multigraph; see `convsym.graph.calls.call_graph`."""
        return call_graph(self.calls, self.inputs)

    @cached_property
    def simplest(self) -> Case:
        """The same case, every size as short as the case's own domain allows."""
        short = Shortened(self.domain)
        return replace(
            self,
            calls=short.calls(self.calls),
            layers=short.layers(self.layers),
            outputs=short.result(self.outputs),
            inputs=tuple(map(short.tensor, self.inputs)),
            leaves=replace(
                self.leaves,
                weights=tuple(map(short.tensor, self.leaves.weights)),
                trained=tuple(map(short.tensor, self.leaves.trained)),
            ),
        )


def _case(way: Way, model: nn.Module) -> Case:
    # Where constructor arguments are open, each way makes a model of its own.
    read = leaves(way, way.model or model)
    return Case(way.domain, way.calls, way.layers, way.output, way.inputs, read, way.joined, way.joints, way.freed)


@dataclass(frozen=True, repr=False)
class Analysis(TrainingStep, Questions, Notebook):
    """A model for all sizes of its input: shapes, costs, the sizes for which it runs, and what is wrong with it.

    Sizes are ints where they are constant and sympy expressions otherwise. A quantity that differs between the cases
    of a shape-dependent branch is one expression with the conditions in it.

    `inputs` are the specs, as given or, where `inferred` says so, as inferred from the first layers. `spoken` are the
    names of the sizes that were declared by more than a name: by an assumption, or spelled as in 32*h. `autocast` is the
    region of torch.autocast that the forward runs in, as in "cuda:bfloat16".

    >>> import convsym, torch
    >>> a = convsym.analyze(torch.nn.Conv2d(3, 16, 3, stride=2, padding=1), "N 3 H W")
    >>> a.outputs.shape
    (N, 16, (H + 1)//2, (W + 1)//2)
    """

    model: nn.Module = field(repr=False)
    ways: tuple[Way, ...] = field(repr=False)
    args: tuple[Any, ...] = field(repr=False)
    inputs: tuple[str, ...]
    inferred: bool
    declared: Domain
    unexplored: tuple[Domain, ...]
    run_at: Callable[[Mapping[str, int]], Way] = field(repr=False)
    diagnose: Callable[[Analysis], tuple[Diagnostic, ...]] = field(repr=False)
    spoken: frozenset[str] = frozenset()
    autocast: str = ""

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The ways through the forward that run, in the order they were found."""
        return tuple(_case(w, self.model) for w in self.ways if w.runs)

    @cached_property
    def main(self) -> Case | None:
        """The first case, or, when the model runs for no size, what was recorded up to the failure."""
        if self.cases:
            return self.cases[0]
        ways = sorted(self.ways, key=lambda w: -len(w.calls))
        return _case(ways[0], self.model) if ways else None

    @cached_property
    def domain(self) -> ModelDomain:
        """The exact set of input sizes for which the model runs."""
        return ModelDomain(
            tuple(c.domain for c in self.cases), self.declared, self.unexplored, lambda sizes: self.run_at(sizes).runs
        )

    def _over_cases(self, quantity: Callable[[Case], Size]) -> Size:
        cases = self.cases or ((self.main,) if self.main else ())
        found = [(c, quantity(c)) for c in cases]
        if not found:
            return 0
        # Equal formulas are one before each is made shorter in its own case.
        if len({value for _, value in found}) == 1:
            return self.domain.simplify(found[0][1])
        return piecewise([(c.domain.as_condition(), c.domain.simplify(value)) for c, value in found])

    def _largest_over_cases(self, quantity: Callable[[Case], Size]) -> Size:
        """A maximum of many sums: as it is, since making each of them shorter takes long."""
        cases = self.cases or ((self.main,) if self.main else ())
        found = [(c.domain.as_condition(), quantity(c)) for c in cases]
        if len({value for _, value in found}) <= 1:
            return found[0][1] if found else 0
        return piecewise(found)

    @cached_property
    def flops(self) -> Size:
        """Floating-point operations of one forward pass, two per multiply-accumulate."""
        return self._over_cases(lambda c: c.cost.flops)

    @cached_property
    def macs(self) -> Size:
        """Multiply-accumulates of one forward pass."""
        return self._over_cases(lambda c: floor_div(c.cost.flops, 2))

    @cached_property
    def elementwise(self) -> Size:
        """Element-wise operations, which `flops` leaves out."""
        return self._over_cases(lambda c: c.cost.elementwise)

    @cached_property
    def activation_bytes(self) -> Size:
        """Bytes of all intermediate results together, views left out, nothing freed."""
        return self._over_cases(lambda c: c.activation_bytes)

    @cached_property
    def parameters(self) -> Size:
        """The number of parameters, shared ones counted once."""
        return self._over_cases(lambda c: c.leaves.parameters)

    @property
    def outputs(self) -> Any:
        """What the forward returns, with symbolic tensors (`.shape`, `.dtype`); of the first case."""
        return self.main.simplest.outputs if self.main else None

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every operation of the first case, in order."""
        return self.main.simplest.calls if self.main else ()

    @property
    def layers(self) -> tuple[LayerCall, ...]:
        """Every call of a convolution, transposed convolution or linear module of the first case."""
        return self.main.simplest.layers if self.main else ()

    @property
    def graph(self) -> nx.MultiDiGraph:
        """The calls of the first case as a networkx multigraph."""
        return self.main.simplest.graph if self.main else nx.MultiDiGraph()

    def __getitem__(self, path: str) -> Call:
        """The last call inside a module.

        Raises KeyError, with the nearest paths, when nothing was called there.
        """
        for call in reversed(self.calls):
            if call.path == path or call.path.startswith(path + "."):
                return call
        import difflib

        near = difflib.get_close_matches(path, {c.path for c in self.calls}, 3)
        raise KeyError(f"no call in {path!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))

    @cached_property
    def by_module(self) -> dict[str, ModuleTotal]:
        """Totals of every module, the root under the empty path."""
        modules = dict(self.model.named_modules())
        kinds = {path: type(module).__name__ for path, module in modules.items()}
        made = {identity: tensor for way in self.ways for identity, tensor in initialised(way).items()}
        counts = {path: count_parameters(module, made) for path, module in modules.items()}
        found = totals.by_module(self.calls, kinds, counts, self.main.short_gradients if self.main else {})
        training = self.main.overall.training if self.main else None
        if self.main and isinstance(training, BranchedTraining):
            return with_every_branch(found, training, self.main.domain.simplify)
        return found

    @cached_property
    def receptive_fields(self) -> Mapping[int, Fields]:
        """The receptive field after each spatial call of the first case, by call index."""
        return receptive_fields(self.calls, self.main.simplest.inputs) if self.main else {}

    @cached_property
    def misaligned(self) -> tuple[Misaligned, ...]:
        """The calls of the first case that join grids whose pixels do not stand over the same input pixels."""
        return misaligned(self.calls, self.main.simplest.inputs) if self.main else ()

    @cached_property
    def uncounted(self) -> tuple[str, ...]:
        """Operations whose cost is not known; with any, the totals are lower bounds."""
        return tuple(sorted({c.op for case in self.cases for c in case.calls if not c.counted}))

    @property
    def pins(self) -> tuple[Pin, ...]:
        """Sizes that the model's code needed as plain numbers, and the line that did."""
        return tuple(dict.fromkeys(p for w in self.ways for p in w.pins))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Requirements that fail at every size, when the model runs for none."""
        if self.cases:
            return ()
        found: dict[Any, Finding] = {}
        for way in self.ways:
            for finding in way.findings:
                found.setdefault((finding.requirement.kind, finding.place, finding.path), finding)
        return tuple(found.values())

    def way_of(self, found: Finding) -> Way | None:
        """The way on which a finding was made; None where the call that it is about was not recorded."""
        ways = (w for w in self.ways if found.call < len(w.calls) and any(f is found for f in w.findings))
        return next(ways, None)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Exceptions that the forward raised on some way, each with the sizes left out of the domain."""
        found = (w.refusal for w in self.ways if w.refusal is not None)
        # What only symbols meet stands in nobody's way where some sizes run: the others are tried as they are asked for.
        return tuple(dict.fromkeys(r for r in found if not (r.of_symbols and self.cases)))

    @cached_property
    def shortfalls(self) -> tuple[Shortfall, ...]:
        """Where the model does not run although that size was declared; empty when it runs for none."""
        return shortfalls(self.ways, self.declared, self.spoken, self.domain) if self.spoken and self.cases else ()

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the model, as the lint rules say it."""
        return self.diagnose(self)

    def case_at(self, sizes: Mapping[str, int]) -> Case:
        """The case that a size belongs to; traced anew at that size where no case covers it."""
        for case in self.cases:
            if case.domain.contains(**sizes):
                return case
        return self._traced_at(sizes)

    def _traced_at(self, sizes: Mapping[str, int]) -> Case:
        """The case of one size alone."""
        way = self.run_at(sizes)
        if not way.runs:
            why = way.refusal.message if way.refusal else way.findings[0].requirement.claim
            shown = ", ".join(f"{name}={size}" for name, size in sizes.items())
            raise ValueError(f"the model does not run at {shown or 'its size'}: {why}")
        return _case(way, self.model)

    def _memory_at(self, case: Case, sizes: Mapping[str, int]) -> Callable[[], Memory]:
        """What is alive when, at one size: where ways were joined, or memory is laid out otherwise there, on the way of
        just this size."""

        def remember() -> Memory:
            at = Evaluation(sizes)
            if case.joined or any(at.value(size) == 1 for size in case.sizes_across_strides):
                return self._traced_at(sizes).memory
            return case.memory

        return remember

    def at(self, **sizes: int) -> NumbersAt:
        """The numbers at one size.

        >>> import convsym, torch
        >>> convsym.analyze(torch.nn.Conv2d(3, 16, 3), "N 3 H W").at(N=1, H=8, W=8).outputs
        [(1, 16, 6, 6)]

        Raises ValueError when a size is missing or unknown, or the model does not run there.
        """
        sizes = self.domain.named(sizes)
        case = self.case_at(sizes)
        numbers = Evaluation(sizes)
        flops = numbers.value(case.cost.flops)
        return NumbersAt(
            sizes=sizes,
            flops=flops,
            macs=flops // 2,
            parameters=numbers.value(case.leaves.parameters),
            elementwise=numbers.value(case.cost.elementwise),
            remember=self._memory_at(case, sizes),
            activation_bytes=numbers.value(case.activation_bytes),
            outputs=[shape_at(t, numbers) for t in tensors_of(case.outputs)],
            layers=[
                LayerAt(c.path, c.index, shape_at(c.input, numbers), shape_at(c.output, numbers)) for c in case.layers
            ],
        )
