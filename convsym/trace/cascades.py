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
    reshape or product, of an axis that is not
    there or of axes in another order, and no layer
    in between says anew what there is
    what does not fit beside another one does not   it is the same size that is wrong
    fit the same size further on, nor what is no
    layer
    a second reshape is to undo what a first,       it was meant to
    impossible one has done
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convsym.graph.call import Call
from convsym.graph.sources import Sources, sources
from convsym.sizes.arithmetic import Unknown
from convsym.trace.paths import Finding

# Their first two numbers are what is expected and what is given.
_DECLARED = frozenset({"conv-channels", "conv-transpose-channels", "linear-features", "norm-features"})
_RESHAPES = frozenset({"reshape", "reshape-rest"})
_SHAPELESS = _RESHAPES | {"flatten-axes", "matmul-mismatch", "matmul-rank", "permute-axes"}
_OF_A_PRODUCT = frozenset({"broadcast-mismatch", "matmul-mismatch"})
_OF_AXES = frozenset({"axis-out-of-range", "axis-repeated"})
# Whatever axis these are given, the shape stays.
_ALONG_AN_AXIS = frozenset({"softmax", "softmin", "log_softmax", "cumsum", "cumprod", "flip", "roll", "sort", "glu"})
_BESIDE_ANOTHER = frozenset({"broadcast-mismatch", "expand", "cat-mismatch"})


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
    if finding.call == earlier.call and {finding.requirement.kind, earlier.requirement.kind} <= _OF_A_PRODUCT:
        return True
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
    if reached and {finding.requirement.kind, earlier.requirement.kind} == {"reshape"}:
        return _sizes(finding)[1::2] == _sizes(earlier)[:0:-2]
    if reached and {finding.requirement.kind, earlier.requirement.kind} <= _BESIDE_ANOTHER:
        sizes = _sizes(finding)[-2:]
        return any(map(_is_unknown, sizes)) and any(size in _sizes(earlier)[-2:] for size in sizes)
    if not reached or earlier.requirement.kind not in _DECLARED:
        return False
    if finding.requirement.kind in _BESIDE_ANOTHER:
        return set(_sizes(finding)[-2:]) == _numbers(earlier)
    if finding.requirement.kind == "unpool-indices":
        return _that_differ(*_sizes(finding)[:2]) == _numbers(earlier)
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
    """The calls that fail because they are given what comes of an impossible reshape or product, or does not fit."""
    shapeless = {f.call for f in findings if f.call < len(calls) and _leaves_no_shape(f, calls[f.call])}
    beside = {f.call for f in findings if f.requirement.kind in _BESIDE_ANOTHER}
    if not shapeless | beside:
        return set()
    failing = {f.call for f in findings}
    judged = beside.union(f.call for f in findings if f.requirement.kind in _DECLARED)
    unknown: set[int] = set()
    unfit: set[int] = set()
    found: set[int] = set()
    for index, call in enumerate(calls):
        is_given = any(id(t) in unknown for t in call.inputs)
        is_unfit = any(id(t) in unfit for t in call.inputs)
        if index in failing and (is_given or (is_unfit and index not in judged)):
            found.add(index)
        if index in shapeless or (is_given and not call.declares_channels):
            unknown.update(map(id, call.outputs))
        if index in beside or (is_unfit and not call.declares_channels):
            unfit.update(map(id, call.outputs))
    return found


def _leaves_no_shape(finding: Finding, call: Call) -> bool:
    kind = finding.requirement.kind
    if kind in _OF_AXES:
        return call.op not in _ALONG_AN_AXIS
    if kind == "norm-features" and call.op == "layer_norm":
        # The axis that was meant stands elsewhere.
        return _sizes(finding)[0] in (call.input.shape[1:-1], *((s,) for s in call.input.shape[1:-1]))
    return kind in _SHAPELESS or (kind == "input-rank" and not call.declares_channels)


def _is_unknown(size: Any) -> bool:
    return any(isinstance(symbol, Unknown) for symbol in getattr(size, "free_symbols", ()))


def _numbers(finding: Finding) -> set[Any]:
    """What a layer expects and what it is given: two numbers, or the last ones of two shapes."""
    return {size[-1] if isinstance(size, tuple) and size else size for size in _sizes(finding)[:2]}


def _that_differ(a: Any, b: Any) -> set[Any]:
    """The sizes of two shapes where they are not the same."""
    return {size for pair in zip(a, b, strict=False) if pair[0] != pair[1] for size in pair}


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
