"""The largest and the smallest value of one size where something holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import sympy

from convsym.query.question import QuestionError
from convsym.sizes.arithmetic import Size, symbol
from convsym.sizes.bounds import Interval
from convsym.sizes.condition import All, Any, Comparison, Condition, Constant, Divides, all_of, eq, free_symbols, le
from convsym.sizes.domain import Domain
from convsym.sizes.elimination import eliminated, replaced
from convsym.sizes.evaluate import compiled, evaluate
from convsym.sizes.monotone import direction
from convsym.sizes.polynomial import expression
from convsym.sizes.sets import is_presburger

#: Where nothing but trying is left, sizes up to this one are tried.
FARTHEST = 1 << 16
#: A bound that holds up to here is taken for none.
LIMIT = 1 << 60


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

    Equations of the condition are put in place first. Bounds that growing sizes only ever break are met by the other
    sizes as small as they are, and by bisection; what remains is answered by exact sets, or else by trying.

    Raises QuestionError where the answer hangs on other sizes too.
    """
    own = symbol(name)
    parts = condition.parts if isinstance(condition, All) else (condition,)
    bounds = [part for part in parts if _only_harder(part) and not is_presburger(part)]
    left = eliminated(all_of(*(part for part in parts if part not in bounds)), kept=(own,))
    told = {s: v for s, v in left.sizes.items() if s is not own}
    if not all(isinstance(v, int) or direction(expression(v)) == 1 for s, v in told.items() if _bears(s, bounds)):
        left = eliminated(condition, kept=(own,))
        bounds = []
    reduced = Domain.positive([n for n in domain.symbols if symbol(n) not in told])
    for part in (*(replaced(a.condition, left.sizes) for a in domain.conditions), left.condition):
        reduced = reduced.assume(part)
    if own in left.sizes:
        reduced = reduced.assume(eq(own, left.sizes[own]))
    corner: dict[sympy.Symbol, int] = {}
    if bounds and not reduced.is_surely_empty:
        free = {s for s in (*told, *reduced.all_symbols()) if _bears(s, bounds)}
        free = free.union(*(free_symbols(v) for s, v in told.items() if s in free)) - told.keys() - {own}
        corner = _corner(reduced, own, free)
        last = _last_within(bounds, own, {**corner, **told}, reduced.interval(own))
        reduced = reduced.assume(all_of(*(eq(s, v) for s, v in corner.items())))
        reduced = reduced if last is None else reduced.assume(le(own, last))
    found = _of_reduced(reduced, own, largest)
    if found.value is None:
        return found
    there = _filled(reduced, name, found.value)
    there.update({s.name: evaluate(v, there) for s, v in told.items()})
    return Found(found.value, {n: there[n] for n in domain.symbols}, tried=found.tried)


def _bears(s: sympy.Symbol, bounds: list[Condition]) -> bool:
    return any(s in bound.symbols for bound in bounds)


def _last_within(
    bounds: list[Condition], own: sympy.Symbol, others: Mapping[sympy.Symbol, Size], interval: Interval
) -> int | None:
    """The last value of a size up to which bounds hold that growing sizes only break; None where they always do.

    It is less than the least value of the interval where they never hold.
    """
    holds = [compiled(bound) for bound in bounds]
    sizes = [(s.name, v if isinstance(v, int) else compiled(v)) for s, v in others.items()]

    def within(value: int) -> bool:
        at = {own.name: value}
        for name, size in sizes:
            at[name] = size if isinstance(size, int) else size(at)
        return all(hold(at) for hold in holds)

    low, high = interval[0] or 1, interval[0] or 1
    if not within(low):
        return low - 1
    while within(high):
        if high > LIMIT or (interval[1] is not None and high > interval[1]):
            return None
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if within(middle) else (low, middle)
    return low


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


def _corner(domain: Domain, own: sympy.Symbol, others: Iterable[sympy.Symbol]) -> dict[sympy.Symbol, int]:
    """Some sizes as small as they are; where growing sizes only break bounds, nothing is better."""
    corner = {s: domain.interval(s)[0] or 1 for s in sorted(others, key=str)}
    tied = any(own in part.symbols and not corner.keys().isdisjoint(part.symbols) for part in domain.components())
    if tied or domain.residue or domain.assume(all_of(*(eq(s, v) for s, v in corner.items()))).is_surely_empty:
        raise _dependent([*corner] or [s for s in domain.all_symbols() if s is not own])
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
