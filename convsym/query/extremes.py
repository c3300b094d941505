"""The largest and the smallest value of one size where something holds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import sympy

from convsym.query.question import QuestionError
from convsym.sizes.arithmetic import Size, symbol
from convsym.sizes.condition import All, Any, Comparison, Condition, Constant, Divides, all_of, eq
from convsym.sizes.domain import Domain
from convsym.sizes.elimination import eliminated, replaced
from convsym.sizes.evaluate import evaluate
from convsym.sizes.monotone import direction
from convsym.sizes.sets import is_presburger

#: Where nothing but trying is left, sizes up to this one are tried.
FARTHEST = 1 << 16


@dataclass(frozen=True)
class Found:
    """An extreme value and the whole input there; `value` is None where there is none.

    `unbounded` says that there is always a larger one, `tried` up to which size was looked where nothing is proved.
    """

    value: int | None
    sizes: dict[str, int] = field(default_factory=dict)
    unbounded: bool = False
    tried: int | None = None


def extreme(domain: Domain, condition: Condition, name: str, largest: bool) -> Found:
    """The largest or smallest value that a size of the domain has where the condition holds.

    Equations of the condition are put in place first. Where the rest has bounds that growing sizes only ever break,
    the other sizes are taken as small as they are; what remains is answered by exact sets, or else by trying.

    Raises QuestionError where the answer hangs on other sizes too.
    """
    own = symbol(name)
    left = eliminated(condition, kept=(own,))
    told = {s: v for s, v in left.sizes.items() if s is not own}
    reduced = Domain.positive([n for n in domain.symbols if symbol(n) not in told])
    parts = left.condition.parts if isinstance(left.condition, All) else (left.condition,)
    bounds = [part for part in parts if len(part.symbols) > 1 and _only_harder(part) and not is_presburger(part)]
    exact = [replaced(a.condition, left.sizes) for a in domain.conditions]
    exact += [part for part in parts if part not in bounds]
    if own in left.sizes:
        exact.append(eq(own, left.sizes[own]))
    for part in exact:
        reduced = reduced.assume(part)
    corner: dict[sympy.Symbol, int] = {}
    if bounds and not reduced.is_surely_empty:
        corner = _corner(reduced, own)
        for part in (*(eq(s, v) for s, v in corner.items()), *(replaced(bound, corner) for bound in bounds)):
            reduced = reduced.assume(part)
    found = _of_reduced(reduced, own, largest)
    if found.value is None:
        return found
    there = {s.name: v for s, v in corner.items()} or _filled(reduced, name, found.value)
    there[name] = found.value
    there.update({s.name: evaluate(v, there) for s, v in told.items()})
    return Found(found.value, {n: there[n] for n in domain.symbols}, tried=found.tried)


def _of_reduced(domain: Domain, own: sympy.Symbol, largest: bool) -> Found:
    if domain.is_surely_empty:
        return Found(None)
    if domain.residue:
        others = [s for s in domain.all_symbols() if s is not own]
        if any(domain.interval(s)[0] != domain.interval(s)[1] for s in others):
            raise _dependent(others)
        return _tried(domain, own, largest)
    value = domain.interval(own)[1 if largest else 0]
    return Found(value, unbounded=value is None)


def _corner(domain: Domain, own: sympy.Symbol) -> dict[sympy.Symbol, int]:
    """All sizes but one as small as they are; where growing sizes only break bounds, nothing is better."""
    others = [s for s in domain.all_symbols() if s is not own]
    corner = {s: domain.interval(s)[0] or 1 for s in others}
    tied = any(own in part.symbols and len(part.symbols) > 1 for part in domain.components())
    if tied or domain.residue or domain.assume(all_of(*(eq(s, v) for s, v in corner.items()))).is_surely_empty:
        raise _dependent(others)
    return corner


def _dependent(others: list[sympy.Symbol]) -> QuestionError:
    names = " and ".join(s.name for s in others)
    return QuestionError(f"it depends on {names} as well: say what they are, as in {others[0].name} = 64")


def _only_harder(condition: Condition) -> bool:
    """Whether the condition only ever stops to hold as sizes grow."""
    if isinstance(condition, (All, Any)):
        return all(map(_only_harder, condition.parts))
    if isinstance(condition, (Constant, Divides)):
        return isinstance(condition, Constant)
    return isinstance(condition, Comparison) and condition.relation in (">=", ">") and direction(condition.expr) == -1


def _tried(domain: Domain, own: sympy.Symbol, largest: bool) -> Found:
    """By trying every value up to a bound, the other sizes being told."""
    sizes: dict[str, Size | np.ndarray] = {s.name: domain.interval(s)[0] or 1 for s in domain.all_symbols()}
    low, high = domain.interval(own)
    last = min(high or FARTHEST, FARTHEST)
    values = np.arange(low or 1, last + 1)
    inside = values[domain.contains_many(**{**sizes, own.name: values})]
    tried = None if high is not None and high <= FARTHEST else last
    if not len(inside):
        return Found(None, tried=tried)
    return Found(int(inside[-1 if largest else 0]), tried=tried if largest else None)


def _filled(domain: Domain, name: str, value: int) -> dict[str, int]:
    if len(domain.symbols) == 1:
        return {name: value}
    there = domain.smallest(eq(symbol(name), value))
    if there is None:
        raise QuestionError(f"no input with {name}={value} was found; give more of the other sizes")
    return there
