"""All rules read one analysis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from convsym.analysis.result import Analysis
from convsym.diagnostics import Diagnostic, RelatedPlace, in_order
from convsym.plugins import tables
from convsym.rules import Rule
from convsym.rules.broken_plugin import BrokenPlugin
from convsym.rules.failing_forward import FailingForward
from convsym.rules.rule import LAYER_MADE
from convsym.rules.wanted import NOTHING_MORE, Wanted


def diagnose(analysis: Analysis) -> tuple[Diagnostic, ...]:
    """What the rules, built-in and of plug-ins, say about an analysis; one mistake is said once."""
    rules = all_rules()
    claimed = {kind for rule in rules for kind in rule.kinds}
    found = [d for rule in rules if not rule.opt_in for d in _answers(rule, analysis, NOTHING_MORE)]
    # An operation of a plug-in may require what no rule is written for.
    found += [FailingForward().of_finding(f) for f in analysis.findings if f.requirement.kind not in claimed]
    return tuple(in_order(_merged(found)))


def diagnose_further(analysis: Analysis, wanted: Wanted) -> tuple[Diagnostic, ...]:
    """What the rules say that are asked only where somebody wants it: advice and budgets."""
    asked = [rule for rule in all_rules() if rule.opt_in and rule.is_asked(wanted)]
    return tuple(in_order(_merged([d for rule in asked for d in _answers(rule, analysis, wanted)])))


def all_rules() -> list[Rule]:
    """Every rule, the built-in ones first."""
    return [rule() for _, table in tables("rules") for rule in table]


def _answers(rule: Rule, analysis: Analysis, wanted: Wanted) -> Iterable[Diagnostic]:
    try:
        return list(rule.answer(analysis, wanted))
    except Exception as error:
        return [BrokenPlugin().diagnostic(f"rule {rule.code} fails: {type(error).__name__}: {error}", None)]


def _merged(found: list[Diagnostic]) -> list[Diagnostic]:
    """One of each code, line and definition: a layer in a loop is one mistake, however often it is made, and so is a
    line that is not one of a layer, in however many blocks it fails."""
    kept: dict[Any, Diagnostic] = {}
    for one in found:
        if one.place is None:
            kept.setdefault((one.code, one.message), one)
        elif any(place.label == LAYER_MADE for place in one.related if isinstance(place, RelatedPlace)):
            kept.setdefault((one.code, one.place, one.related), one)
        else:
            first = kept.setdefault((one.code, one.place), one)
            kept[one.code, one.place] = replace(first, related=tuple(dict.fromkeys((*first.related, *one.related))))
    return list(kept.values())
