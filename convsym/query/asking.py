"""Questions answered from an analysis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convsym.query.answers import Answer, Extreme, Sizes, Value, Verdict
from convsym.query.extremes import Found, extreme
from convsym.query.quantities import QUANTITIES, quantities_of, words_of
from convsym.query.question import Kind, Question, QuestionError, read_question
from convsym.query.reading import condition_in, sides_in, value_in
from convsym.query.running import runs
from convsym.query.scope import AXES, Scope
from convsym.sizes.arithmetic import Size, symbol
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import Condition, negate
from convsym.sizes.domain import Domain
from convsym.sizes.elimination import eliminated, in_place
from convsym.sizes.evaluate import evaluate, vectorised
from convsym.sizes.members import members
from convsym.sizes.ratio import is_real
from convsym.sizes.spelling import names_in
from convsym.sizes.truth import Truth

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis

#: Sizes are listed up to this one where no bound is given.
LISTED = 1024
_UNEXPLORED = "sizes that were not explored are left out"


def ask(analysis: Analysis, asked: str) -> Answer:
    """The answer to a question.

    Raises QuestionError, a ValueError, when nothing is asked, or what is not there.
    """
    question = read_question(asked, words_of(quantities_of(analysis)))
    if not analysis.cases:
        raise QuestionError("the model runs for no size, so nothing can be asked about it")
    question = replace(question, names=tuple(_size_named(analysis, name) for name in question.names))
    if question.kind is Kind.RUNS:
        return runs(analysis, question)
    if question.kind is Kind.ALL:
        return _sizes(analysis, question)
    if question.kind is not Kind.VALUE:
        return _extreme(analysis, question)
    if question.condition and question.expression in analysis.declared.symbols:
        # "H where ..." can only mean which.
        return _sizes(analysis, replace(question, names=(question.expression,)))
    first = value_in(_scopes(analysis)[0], question.expression)
    return _verdict(analysis, question) if isinstance(first, Condition) else _value(analysis, question)


def _size_named(analysis: Analysis, name: str) -> str:
    """The size of the input that is asked for by its own name, or by that of its axis."""
    if name in analysis.declared.symbols:
        return name
    inputs = analysis.cases[0].inputs
    place = AXES.get(name.lower())
    if place is not None and len(inputs) == 1 and -inputs[0].rank <= place < inputs[0].rank:
        size = inputs[0].shape[place]
        if str(size) in analysis.declared.symbols:
            return str(size)
    raise QuestionError(f"{name!r} is no size of the input; the sizes are {', '.join(analysis.declared.symbols)}")


def _scopes(analysis: Analysis) -> list[Scope]:
    return [Scope(analysis, case) for case in analysis.cases]


def formula(analysis: Analysis, expression: str) -> Any:
    """An expression as a size or a shape, one with cases where the forward goes several ways."""
    found = ask(analysis, expression)
    if not isinstance(found, Value):
        raise QuestionError(f"{expression!r} is no value but a question; `query` answers those")
    return found.value


def values(analysis: Analysis, expression: str, arrays: Mapping[str, Any]) -> Any:
    """An expression at arrays of sizes that broadcast against each other.

    Raises QuestionError when it is no single number, or a size is missing.
    """
    wanted = formula(analysis, expression)
    if isinstance(wanted, tuple):
        raise QuestionError(f"{expression!r} is a shape; ask for one of its sizes, as in {expression}[2]")
    missing = [name for name in names_in(wanted) if name not in arrays]
    if missing:
        raise QuestionError(f"a size is missing: give {', '.join(f'{name}=...' for name in missing)}")
    return vectorised(wanted, arrays)


def _value(analysis: Analysis, question: Question) -> Value:
    found = []
    for scope in _scopes(analysis):
        condition = condition_in(scope, question.condition)
        narrowed = scope.case.domain.assume(condition)
        if not narrowed.is_surely_empty:
            value = value_in(scope, question.expression)
            found.append((narrowed, _shortened(value, narrowed, eliminated(condition).sizes)))
    if not found:
        raise QuestionError(f"the model runs for no size where {question.condition}")
    unit = next((q.unit for q in QUANTITIES if q.name == question.expression), "")
    return Value(question.asked, _joined(found), unit)


def _shortened(value: Any, domain: Domain, told: Mapping[Any, Size]) -> Any:
    """A value as short as a domain allows, with the sizes that are told in place; a number where all are."""
    numbers = {s.name: v for s, v in told.items() if isinstance(v, int)}

    def shorter(size: Any) -> Any:
        if set(names_in(size)) <= numbers.keys():
            return evaluate(size, numbers)
        # A quotient that is no whole number has no simpler form.
        return size if is_real(size) else domain.simplify(in_place(size, told))

    return _mapped(value, shorter)


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return tuple(_mapped(v, change) for v in value)
    return value if isinstance(value, (int, float)) else change(value)


def _joined(found: list[tuple[Domain, Any]]) -> Any:
    """One value of all cases; pieces where they differ."""
    values = [value for _, value in found]
    if all(value == values[0] for value in values):
        return values[0]
    if not all(isinstance(value, tuple) for value in values):
        return piecewise([(domain.as_condition(), value) for domain, value in found])
    if len({len(value) for value in values}) > 1:
        raise QuestionError("its number of axes differs from case to case; ask with a condition that tells them apart")
    return tuple(_joined([(d, v[i]) for d, v in found]) for i in range(len(values[0])))


def _extreme(analysis: Analysis, question: Question) -> Extreme:
    largest = question.kind is Kind.LARGEST
    if len(question.names) != 1:
        if largest:
            raise QuestionError(f"{question.kind.value} asks for one size: {', '.join(analysis.declared.symbols)}")
        return _smallest_input(analysis, question)
    (name,) = question.names
    best: tuple[Found, Scope] | None = None
    for scope in _scopes(analysis):
        found = extreme(scope.case.domain, condition_in(scope, question.condition), name, largest)
        if best is None or _beats(found, best[0], largest):
            best = found, scope
    assert best is not None
    found, scope = best
    note = "; ".join(_notes(analysis) + ([f"tried up to {name}={found.tried}"] if found.tried else []))
    there = _spoken_of(analysis, question, scope, found.sizes)
    return Extreme(question.asked, name, found.value, found.sizes, there, found.unbounded, note=note)


def _beats(one: Found, other: Found, largest: bool) -> bool:
    if one.unbounded or other.unbounded:
        return one.unbounded
    if one.value is None or other.value is None:
        return one.value is not None
    return one.value > other.value if largest else one.value < other.value


def _smallest_input(analysis: Analysis, question: Question) -> Extreme:
    found = []
    notes = _notes(analysis)
    for scope in _scopes(analysis):
        narrowed = scope.case.domain.assume(condition_in(scope, question.condition))
        sizes = narrowed.smallest()
        if sizes is not None:
            found.append((sum(sizes.values()), sizes, scope))
        if narrowed.residue:
            notes.append("found by trying, so not proved")
    if not found:
        return Extreme(question.asked, "input", None, note="; ".join(notes))
    _, sizes, scope = min(found, key=lambda one: one[0])
    there = _spoken_of(analysis, question, scope, sizes)
    first = next(iter(sizes))
    return Extreme(question.asked, first, sizes[first], sizes, there, note="; ".join(notes))


def _spoken_of(analysis: Analysis, question: Question, scope: Scope, sizes: Mapping[str, int]) -> dict[str, int]:
    """The quantities that a condition names, at these sizes."""
    words = set(re.findall(r"\w+", question.condition)) if sizes else set()
    named = [q.name for q in quantities_of(analysis) if q.name in words]
    return {name: evaluate(scope.named(name), sizes) for name in named}


def _sizes(analysis: Analysis, question: Question) -> Sizes:
    fitting = []
    spoken: set[str] = set()
    for scope in _scopes(analysis):
        condition = condition_in(scope, question.condition)
        spoken.update(names_in(condition))
        narrowed = scope.case.domain.assume(condition)
        if not narrowed.is_surely_empty and narrowed.smallest() is not None:
            fitting.append(narrowed)
    notes = _notes(analysis)
    if not fitting:
        return Sizes(question.asked, None, note="; ".join(notes))
    domain = fitting[0].union(*fitting[1:])
    names = question.names or tuple(name for name in analysis.declared.symbols if name in spoken)
    bound = question.bound or LISTED
    listed = members(domain, names, bound) if names else []
    if listed is None:
        listed = []
        notes.append("too many to list")
    elif len(names) == 1 and question.bound is None and any(_above(domain, name, bound) for name in names):
        notes.append(f"listed up to {bound}")
    return Sizes(question.asked, domain, names, tuple(listed), bound, note="; ".join(notes))


def _above(domain: Domain, name: str, bound: int) -> bool:
    high = domain.interval(symbol(name))[1]
    return high is None or high > bound


def _verdict(analysis: Analysis, question: Question) -> Verdict:
    fails: list[tuple[dict[str, int], Scope]] = []
    holding: list[Domain] = []
    sure = not analysis.unexplored
    for scope in _scopes(analysis):
        given = condition_in(scope, question.condition)
        claim = condition_in(scope, question.expression)
        domain = scope.case.domain.assume(given)
        if domain.is_surely_empty:
            continue
        truth = domain.decide(claim)
        counterexample = None if truth is Truth.YES else domain.smallest(negate(claim))
        if counterexample is not None:
            fails.append((counterexample, scope))
        elif truth is not Truth.YES:
            sure = sure and not domain.assume(negate(claim)).residue
        there = domain.assume(claim)
        if not there.is_surely_empty and there.smallest() is not None:
            holding.append(there)
    where = holding[0].union(*holding[1:]) if holding else None
    if not fails:
        note = "" if sure else "; ".join([*_notes(analysis), "not proved for every size"])
        return Verdict(question.asked, True if sure else None, where=where, note=note)
    sizes, scope = min(fails, key=lambda one: sum(one[0].values()))
    sides = sides_in(scope, question.expression)
    left, right = (None, None) if sides is None else (_mapped(s, lambda v: evaluate(v, sizes)) for s in sides)
    return Verdict(question.asked, False, sizes, left, right, where, note="; ".join(_notes(analysis)))


def _notes(analysis: Analysis) -> list[str]:
    return [_UNEXPLORED] if analysis.unexplored else []


__all__ = ["QuestionError", "ask", "formula", "values"]
