"""Findings that follow from an earlier one: one mistake is to be reported once.

After a mismatch the trace goes on with what the layer declares. Where that was the mistake, the next layer is told
wrong numbers. These signs of it are sure enough:

    the same tensor fails in the same way twice     it is the tensor that is wrong, not both its readers
    a later layer expects what an earlier failing   the layers are in the wrong order, or the one between them should
    one was given, on the way from the one to       not change the number: both are right but for the first
    the other
    two layers lack as much, of what the same       the layer that made it is wrong, not all that read it, beside
    layer made                                      others or after it was normalised or flattened
    a sum of the numbers that an earlier failing    the layer before is missing or wrong, not the sum
    layer expects and is given
    something is given what comes of an impossible  what shape it was meant to have nobody can tell
    reshape or product, and no layer in between
    says anew what there is
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convsym.graph.call import Call
from convsym.graph.sources import Sources, sources
from convsym.trace.paths import Finding

# Their first two numbers are what is expected and what is given.
_DECLARED = frozenset({"conv-channels", "conv-transpose-channels", "linear-features", "norm-features"})
_SHAPELESS = frozenset({"reshape", "reshape-rest", "matmul-mismatch"})


def independent(findings: Sequence[Finding], calls: Sequence[Call]) -> list[Finding]:
    """The findings without those that follow from earlier ones."""
    if len(findings) < 2:
        return list(findings)
    reaching = _reaching(findings, calls)
    made_by = sources(calls)
    anyone = _given_what_nobody_can_tell(findings, calls)
    kept: list[Finding] = []
    for position, finding in enumerate(findings):
        if finding.call not in anyone and not any(
            _follows(finding, earlier, calls, reaching) or _lacks_the_same(finding, earlier, made_by)
            for earlier in findings[:position]
        ):
            kept.append(finding)
    return kept


def _follows(finding: Finding, earlier: Finding, calls: Sequence[Call], reaching: dict[int, set[int]]) -> bool:
    if max(finding.call, earlier.call) >= len(calls):
        return False
    reached = earlier.call in reaching[finding.call]
    declared = finding.requirement.kind in _DECLARED
    if finding.requirement.is_of_type:
        # A block that is used several times has one mistake.
        same = finding.requirement.kind == earlier.requirement.kind
        return same and (finding.place, finding.definition) == (earlier.place, earlier.definition)
    if finding.requirement.kind == earlier.requirement.kind and _sizes(finding) == _sizes(earlier):
        first = slice(0, 1 if declared else None)
        shared = {id(t) for t in calls[earlier.call].inputs[first]} & {id(t) for t in calls[finding.call].inputs[first]}
        return bool(shared) or (reached and not declared)
    if not reached or earlier.requirement.kind not in _DECLARED:
        return False
    if finding.requirement.kind == "broadcast-mismatch":
        return set(_sizes(finding)) == set(_sizes(earlier)[:2])
    return declared and _sizes(finding)[:1] == _sizes(earlier)[1:2]


def _lacks_the_same(finding: Finding, earlier: Finding, made_by: Sequence[Sources]) -> bool:
    """Whether two layers miss the same number, or are given the same part, of what the same layers made."""
    kinds = {finding.requirement.kind, earlier.requirement.kind}
    if not kinds <= _DECLARED or max(finding.call, earlier.call) >= len(made_by):
        return False
    (expected, given), (expected_before, given_before) = _sizes(finding)[:2], _sizes(earlier)[:2]
    if not all(isinstance(n, int) for n in (expected, given, expected_before, given_before)):
        return False
    same = expected - given == expected_before - given_before or expected * given_before == expected_before * given
    return same and bool(made_by[earlier.call]) and made_by[earlier.call] <= made_by[finding.call]


def _given_what_nobody_can_tell(findings: Sequence[Finding], calls: Sequence[Call]) -> set[int]:
    """The calls that fail because they are given what comes of an impossible reshape or product."""
    shapeless = {f.call for f in findings if f.requirement.kind in _SHAPELESS}
    if not shapeless:
        return set()
    failing = {f.call for f in findings}
    unknown: set[int] = set()
    found: set[int] = set()
    for index, call in enumerate(calls):
        is_given = any(id(t) in unknown for t in call.inputs)
        if is_given and index in failing:
            found.add(index)
        if index in shapeless or (is_given and not call.declares_channels):
            unknown.update(map(id, call.outputs))
    return found


def _sizes(finding: Finding) -> list[Any]:
    return [v for v in finding.requirement.values if not isinstance(v, str)]


def _reaching(findings: Sequence[Finding], calls: Sequence[Call]) -> dict[int, set[int]]:
    """For the call of each finding, the calls of findings whose results it was made from."""
    failing = {f.call for f in findings}
    made: dict[int, set[int]] = {}
    reaching: dict[int, set[int]] = {}
    for index, call in enumerate(calls):
        sources = set().union(*(made.get(id(t), ()) for t in call.inputs))
        if index in failing:
            reaching[index] = set(sources)
            sources.add(index)
        if sources:
            made.update(dict.fromkeys(map(id, call.outputs), sources))
    return reaching
