"""A model analysed with some inputs, and what that tells: it runs, it does not, or the inputs are not its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

from torch import nn

from convsym.analysis.numbers import tensors_of
from convsym.analysis.result import Analysis, Case
from convsym.api import analyze
from convsym.check.inputs.given import Given
from convsym.check.raised import is_sure
from convsym.graph.call import Call
from convsym.sizes.arithmetic import symbol
from convsym.trace.paths import Finding

# Operations that take a batch apart: what is meant for a list of tensors does not fail on one tensor.
_TAKES_APART = frozenset({"getitem", "select", "unbind", "chunk", "split"})


class Verdict(Enum):
    """RUNS: for some sizes, and the batch stays one. FOLDS: it runs, but the batch is lost. UNKNOWN: an operation
    cannot be analysed. FAILS: it runs for no size."""

    RUNS = "runs"
    FOLDS = "folds"
    UNKNOWN = "unknown"
    FAILS = "fails"


@dataclass(frozen=True)
class Trial:
    """One analysis and the inputs it was made with."""

    inputs: Given
    analysis: Analysis

    @cached_property
    def verdict(self) -> Verdict:
        """What came of it; inputs that somebody stated are not doubted for what becomes of the batch."""
        if self.analysis.cases:
            kept = self.inputs.stated or any(map(_keeps_batch, self.analysis.cases))
            return Verdict.RUNS if kept else Verdict.FOLDS
        return Verdict.UNKNOWN if any(not r.supported for r in self.analysis.refusals) else Verdict.FAILS

    @cached_property
    def solved(self) -> Given:
        """The inputs with the sizes that the model fixes in place of their letters."""
        return replace(
            self.inputs,
            args=tuple(_with(spec, self.fixed) for spec in self.inputs.args),
            kwargs={key: _with(spec, self.fixed) for key, spec in self.inputs.kwargs.items()},
        )

    @cached_property
    def fixed(self) -> Mapping[str, str]:
        """The sizes that the model leaves no choice of; where it fails, what was asked of them up to there."""
        exact = self.analysis.domain.exact
        if exact is None:
            exact = max(self.analysis.ways, key=lambda way: len(way.calls)).domain
        sizes = {name: exact.simplify(symbol(name)) for name in self.analysis.domain.symbols}
        return {n: str(s) for n, s in sizes.items() if isinstance(s, int) or getattr(s, "is_Integer", False)}

    @cached_property
    def sure(self) -> frozenset[Any]:
        """What identifies the findings that cannot be due to a wrong guess at the inputs.

        On the way to such a finding the one input went through a layer with weights, which took it as it was, and it
        was not taken apart before. Its rank and channels are then what the model is made for, unless what was to be the
        batch is not one. What no input has a part in, and what the code of the model does whatever it is given, is sure
        in any case.
        """
        ways = self.analysis.ways
        anchored = frozenset(identity(f) for way in ways for f in _anchored(way.findings, way.calls, self.raw))
        apart = frozenset(identity(f) for way in ways for f in _without_input(way.findings, way.calls, self.raw))
        raised = frozenset(
            (refusal.error, refusal.place, None)
            for refusal in self.analysis.refusals
            if not self.analysis.findings and is_sure(refusal, self.analysis.model)
        )
        return (frozenset() if "N" in self.fixed else anchored) | apart | self.typed | raised

    @cached_property
    def typed(self) -> frozenset[Any]:
        """What identifies the findings of arguments that no input makes right."""
        return frozenset(identity(f) for way in self.analysis.ways for f in way.findings if f.requirement.is_of_type)

    @cached_property
    def was_accepted(self) -> bool:
        """Whether a layer with weights took the input as it was."""
        return any(
            call.declares_channels and any(id(t) in self.raw for t in call.inputs) and position not in failing
            for way in self.analysis.ways
            for failing in [{f.call for f in way.findings}]
            for position, call in enumerate(way.calls)
        )

    @property
    def complains_of_rank(self) -> bool:
        """Whether a layer was given another number of axes than it takes."""
        return any(f.requirement.kind == "input-rank" for f in self.analysis.findings)

    @property
    def computes(self) -> bool:
        """Whether the forward does more than to hand on what it is given."""
        return any(call.op != "identity" for call in self.analysis.calls)

    @cached_property
    def raw(self) -> frozenset[int]:
        """The tensors that enter, by identity."""
        return frozenset(id(t) for t in tensors_of(self.analysis.args))


def tried(model: nn.Module, inputs: Given, assume: str | None = None) -> Trial:
    """Analyse a model with these inputs; sizes that guessed inputs do not have cannot be assumed to be anything."""
    if assume is not None and not inputs.stated and not _speaks_of(inputs, assume):
        assume = None
    return Trial(inputs, analyze(model, *inputs.args, assume=assume, **inputs.kwargs))


def _speaks_of(inputs: Given, assume: str) -> bool:
    named = set(re.findall(r"[A-Za-z_]\w*", " ".join(inputs.shown())))
    return set(re.findall(r"[A-Za-z_]\w*", assume)) - {"and", "or", "not"} <= named


def identity(finding: Finding) -> Any:
    """What two trials of a model have in common when they find the same mistake."""
    return finding.requirement.kind, finding.place, finding.definition


def _anchored(findings: tuple[Finding, ...], calls: tuple[Call, ...], raw: frozenset[int]) -> list[Finding]:
    """The findings downstream of a layer with weights that took the one input they come from."""
    sources: dict[int, frozenset[int]] = {identity: frozenset({identity}) for identity in raw}
    settled: set[int] = set()
    apart: set[int] = set()
    failing = {f.call: f for f in findings}
    kept = []
    for position, call in enumerate(calls):
        made_from = frozenset().union(*(sources.get(id(t), frozenset()) for t in call.inputs))
        tensors = {id(t) for t in call.inputs}
        found = failing.get(position)
        if found is not None and len(made_from) == 1 and tensors & sources.keys() <= settled and not tensors & apart:
            kept.append(found)
        takes_apart = bool(tensors & apart) or (call.op in _TAKES_APART and not tensors & settled and bool(made_from))
        for output in call.outputs:
            sources[id(output)] = made_from
            if takes_apart:
                apart.add(id(output))
            if made_from and (tensors & settled or (found is None and call.declares_channels)):
                settled.add(id(output))
    return kept


def _without_input(findings: tuple[Finding, ...], calls: tuple[Call, ...], raw: frozenset[int]) -> Iterator[Finding]:
    """The findings between tensors that no input has a part in, but for the sizes that they may have from it."""
    reached = set(raw)
    failing = {f.call: f for f in findings}
    for position, call in enumerate(calls):
        if any(id(t) in reached for t in call.inputs):
            reached.update(map(id, call.outputs))
        elif position in failing and call.inputs:
            found = failing[position]
            constant = all(isinstance(size, int) for tensor in call.inputs for size in tensor.shape)
            if constant or "dtype" in found.requirement.kind:
                yield found


def _keeps_batch(case: Case) -> bool:
    """Whether the first tensor that comes out holds one entry for each that went in."""
    batch = symbol("N")
    outputs = tensors_of(case.outputs)
    if not outputs or not outputs[0].shape:
        return True
    if isinstance(case.domain.simplify(batch), int):
        return False
    entered = next((t for t in case.inputs if batch in t.shape), None)
    axis = entered.shape.index(batch) if entered is not None else 0
    first = outputs[0]
    return first.rank > axis and case.domain.simplify(first.shape[axis]) == batch


def _with(spec: Any, fixed: Mapping[str, str]) -> Any:
    if isinstance(spec, str):
        sizes, colon, dtype = spec.partition(":")
        return re.sub(r"[A-Za-z_]\w*", lambda m: fixed.get(m[0], m[0]), sizes) + colon + dtype
    if isinstance(spec, (list, tuple)):
        return type(spec)(_with(s, fixed) for s in spec)
    return spec
