"""Exact sets of sizes: what is assumed of the symbols, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import sympy

from convsym.sizes import component as components
from convsym.sizes.arithmetic import Size, Unknown, symbol
from convsym.sizes.bounds import Bounds, Interval
from convsym.sizes.component import Component
from convsym.sizes.condition import (
    FALSE,
    TRUE,
    All,
    Any,
    Comparison,
    Condition,
    all_of,
    any_of,
    negate,
)
from convsym.sizes.evaluate import compiled, missing
from convsym.sizes.intervals import by_intervals
from convsym.sizes.polynomial import TABLE_LIMIT
from convsym.sizes.presburger import in_presburger_terms
from convsym.sizes.sets import TooHard, is_presburger
from convsym.sizes.truth import Truth

if TYPE_CHECKING:
    import numpy
    import numpy.typing


@dataclass(frozen=True)
class Assumption:
    """A condition that was assumed, and whatever the caller gave as the reason."""

    condition: Condition
    reason: object = None


class Domain:
    """An immutable set of assignments of positive integers to symbols.

    ``decide`` and ``is_empty`` are exact wherever the conditions are Presburger or can be made so; what cannot is kept
    in ``residue``. ``contains`` is exact always.

    >>> from convsym.sizes.arithmetic import modulo
    >>> from convsym.sizes.condition import eq, ge
    >>> H = symbol("H")
    >>> domain = Domain.positive(["N", "H"]).assume(eq(modulo(H, 16), 0))
    >>> domain.decide(ge(H, 16))
    <Truth.YES: 'yes'>
    >>> print(domain)
    H % 16 == 0
    """

    __slots__ = (
        "_bounds",
        "_components",
        "_decided",
        "_empty",
        "_holds",
        "_simple",
        "conditions",
        "residue",
        "symbols",
    )

    #: Names of the symbols, in the order in which they were given.
    symbols: tuple[str, ...]
    #: What was assumed and did not follow already, in order.
    conditions: tuple[Assumption, ...]
    #: Conditions that could not be turned into exact sets: ``decide`` may answer UNKNOWN because of them.
    residue: tuple[Condition, ...]

    def __init__(
        self,
        symbols: tuple[str, ...],
        conditions: tuple[Assumption, ...] = (),
        residue: tuple[Condition, ...] = (),
        parts: Mapping[sympy.Symbol, Component] | None = None,
        empty: bool = False,
    ):
        self.symbols = symbols
        self.conditions = conditions
        self.residue = residue
        self._components: Mapping[sympy.Symbol, Component] = parts or {}
        self._empty = empty
        self._bounds: Bounds | None = None
        self._decided = _answers_of(self._components, residue)
        self._holds: object = None
        self._simple: dict[Size, Size] = {}

    @staticmethod
    def positive(names: Iterable[str]) -> Domain:
        """Every symbol of these names is any integer from 1 on."""
        return Domain(tuple(dict.fromkeys(names)))

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuilt, (self.symbols, self.conditions))

    # What is known

    @property
    def bounds(self) -> Bounds:
        """Intervals of sizes inside the domain."""
        if self._bounds is None:
            ranges: dict[sympy.Symbol, Interval] = {}
            for part in set(self._components.values()):
                ranges.update(zip(part.symbols, part.intervals, strict=True))
            self._bounds = Bounds(ranges)
        return self._bounds

    def components(self) -> tuple[Component, ...]:
        """The groups of symbols that conditions tie together, in the order of the domain's symbols."""
        found: dict[Component, None] = {}
        for s in self.all_symbols():
            if s in self._components:
                found[self._components[s]] = None
        return tuple(found)

    def all_symbols(self) -> tuple[sympy.Symbol, ...]:
        """The domain's symbols, those that only conditions name last."""
        known = {s.name: s for s in self._components}
        named = [known.pop(name, None) or symbol(name) for name in self.symbols]
        return (*named, *(known[name] for name in sorted(known)))

    def interval(self, size: Size) -> Interval:
        """Bounds of a size's values in the domain; None where none is known."""
        return self.bounds.interval(size)

    # Assuming

    def assume(self, condition: Condition, reason: object = None) -> Domain:
        """The domain where the condition holds too. What follows already changes nothing."""
        found = self
        for part in condition.parts if isinstance(condition, All) else (condition,):
            before, found = found, found.assume_alone(part, reason)
            if found.residue and found is not before:
                parts = before._components
                found = found._reconsidered(s for s, p in found._components.items() if parts.get(s) is not p)
        return found

    def assume_alone(self, condition: Condition, reason: object = None) -> Domain:
        """As ``assume``, without a thought for what no set could say before: the residue stays what it is."""
        if isinstance(condition, All):
            return reduce(lambda domain, part: domain.assume_alone(part, reason), condition.parts, self)
        truth = self.decide(condition)
        if truth is Truth.YES or self._empty:
            return self
        conditions = (*self.conditions, Assumption(condition, reason))
        if truth is Truth.NO:
            return Domain(self._names(condition), conditions, self.residue, self._components, empty=True)
        condition = self._without_impossible(condition)
        narrowed = self._narrowed(condition)
        if narrowed is None:
            return Domain(self._names(condition), conditions, (*self.residue, condition), self._components)
        parts = dict(self._components)
        parts.update(dict.fromkeys(narrowed.symbols, narrowed))
        return Domain(self._names(condition), conditions, self.residue, parts, empty=narrowed.empty)

    def _narrowed(self, condition: Condition) -> Component | None:
        """The component of the condition's symbols where it holds too, None where no set says that."""
        exact = in_presburger_terms(self, condition)
        if exact is None:
            return None
        try:
            return self._component(condition.symbols).narrowed(condition, exact)
        except TooHard:
            return None

    def _names(self, condition: Condition) -> tuple[str, ...]:
        new = sorted(s.name for s in condition.symbols if s.name not in self.symbols and not isinstance(s, Unknown))
        return (*self.symbols, *new)

    def _without_impossible(self, condition: Condition) -> Condition:
        # Of "a or b or c" only what can still happen is worth keeping.
        if not isinstance(condition, Any):
            return condition
        return any_of(*(part for part in condition.parts if self.decide(part) is not Truth.NO))

    def _reconsidered(self, symbols: Iterable[sympy.Symbol]) -> Domain:
        """What could not be expressed before may be, now that symbols are narrower."""
        found, narrowed = self, set(symbols)
        for condition in self.residue:
            if found._empty or condition.symbols.isdisjoint(narrowed):
                continue
            part = found._narrowed(condition)
            if part is None:
                continue
            parts = {**found._components, **dict.fromkeys(part.symbols, part)}
            rest = tuple(c for c in found.residue if c != condition)
            found = Domain(found.symbols, found.conditions, rest, parts, empty=part.empty)
        return found

    def _component(self, symbols: Iterable[sympy.Symbol]) -> Component:
        parts: dict[Component, None] = {}
        free = []
        for s in sorted(symbols, key=lambda s: s.name):
            part = self._components.get(s)
            if part is None:
                free.append(components.alone((s,)))
            else:
                parts[part] = None
        return components.joined((*parts, *free))

    # Asking

    def decide(self, condition: Condition) -> Truth:
        """YES where it holds in the whole domain, NO where nowhere, UNKNOWN where for some or where nobody can tell.

        In an empty domain everything is YES.
        """
        if condition is TRUE or self._empty:
            return Truth.YES
        if condition is FALSE:
            return Truth.NO
        answer = self._decided.get(condition)
        if answer is None:
            answer = by_intervals(self.bounds, condition)
            if answer is Truth.UNKNOWN:
                answer = self._by_sets(condition)
            if len(self._decided) > TABLE_LIMIT:
                self._decided.clear()
            self._decided[condition] = answer
        return answer

    def _by_sets(self, condition: Condition) -> Truth:
        if condition in self.residue:
            return Truth.YES
        if negate(condition) in self.residue:
            return Truth.NO
        plain = tuple(part for part in _parts(condition) if is_presburger(part))
        answer = self._by_parts(condition, plain)
        if answer is not Truth.UNKNOWN:
            return answer
        exact = in_presburger_terms(self, condition)
        if exact is not None:
            if exact is TRUE or exact is FALSE:
                return Truth.YES if exact is TRUE else Truth.NO
            try:
                answer = self._component(exact.symbols).decide(exact)
            except TooHard:
                answer = Truth.UNKNOWN
            if answer is not Truth.UNKNOWN or not self._touched(exact.symbols):
                return answer
        elif len(plain) < len(_parts(condition)):
            answer = self._by_parts(condition, _parts(condition))
            if answer is not Truth.UNKNOWN:
                return answer
            # All parts one after the other may come to nothing even where their conjunction is no set.
            one_by_one = condition if isinstance(condition, All) else negate(condition)
            if isinstance(one_by_one, All) and self.assume(one_by_one)._empty:
                return Truth.NO if one_by_one is condition else Truth.YES
        from convsym.sizes.search import enumerated

        return enumerated(self, condition)

    def _by_parts(self, condition: Condition, parts: tuple[Condition, ...]) -> Truth:
        """What some parts of a combination say of the whole: one may decide alone, all may agree."""
        decisive = Truth.NO if isinstance(condition, All) else Truth.YES
        found = set()
        for part in parts:
            found.add(self.decide(part))
            if decisive in found:
                return decisive
        return found.pop() if len(found) == 1 and len(parts) == len(_parts(condition)) else Truth.UNKNOWN

    def _touched(self, symbols: Iterable[sympy.Symbol]) -> bool:
        """Whether the residue may say more about these symbols than the sets do."""
        reach = {s for c in self.residue for s in c.symbols}
        for s in list(reach):
            part = self._components.get(s)
            reach.update(part.symbols if part is not None else ())
        return not reach.isdisjoint(s2 for s in symbols for s2 in self._together(s))

    def _together(self, s: sympy.Symbol) -> tuple[sympy.Symbol, ...]:
        part = self._components.get(s)
        return (s,) if part is None else part.symbols

    def is_empty(self) -> Truth:
        """YES, NO, or UNKNOWN where a residue leaves it open and no member was found."""
        if self._empty:
            return Truth.YES
        if not self.residue:
            return Truth.NO
        return Truth.UNKNOWN if self.smallest() is None else Truth.NO

    def contains(self, **sizes: int) -> bool:
        """Whether these sizes lie in the domain, exactly. Every symbol needs a value."""
        holds = self._holds
        if holds is None:
            holds = self._holds = compiled(self.as_condition())
        try:
            if not holds(sizes):  # type: ignore[operator]
                return False
            for name in self.symbols:
                if sizes[name] < 1:
                    return False
        except KeyError as error:
            raise missing(error.args[0], sizes) from None
        return True

    def as_condition(self) -> Condition:
        """All that was assumed about the sizes themselves; what speaks of data-dependent numbers is left out."""
        return all_of(
            *(a.condition for a in self.conditions if not any(isinstance(s, Unknown) for s in a.condition.symbols))
        )

    def contains_many(self, **arrays: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.bool_]:
        """Where arrays of sizes, broadcast against each other, lie in the domain."""
        from convsym.sizes.arrays import over

        for name in self.symbols:
            if name not in arrays:
                raise missing(name, arrays)
        positive = all_of(*(_from_one(name) for name in self.symbols))
        return over(all_of(positive, self.as_condition()), arrays)

    def smallest(self, condition: Condition = TRUE) -> dict[str, int] | None:
        """The member with the smallest sum (then lexicographically) where the condition holds; None where none was
        found. Without a residue, None means that there is none."""
        from convsym.sizes.search import smallest

        return smallest(self, condition)

    def sample(self) -> dict[str, int] | None:
        """Some member, small; None where none was found."""
        return self.smallest()

    def simplify(self, size: Size) -> Size:
        """A size that is equal in the whole domain, and shorter where that is possible."""
        from convsym.sizes.simplify import simplified

        found = self._simple.get(size)
        if found is None:
            found = self._simple[size] = simplified(self, size)
        return found

    def describe(self) -> str:
        """The domain in words that ``parse_condition`` reads back."""
        from convsym.sizes.describe import described

        return described(self)

    def __str__(self) -> str:
        return self.describe()

    def __repr__(self) -> str:
        return f"<Domain {self.describe()}>"

    def union(self, *others: Domain) -> Domain:
        """The members of this domain or of any other."""
        from convsym.sizes.union import united

        return united((self, *others))

    @property
    def is_surely_empty(self) -> bool:
        """Whether emptiness is proved."""
        return self._empty


_answers: dict[tuple[frozenset[Component], tuple[Condition, ...]], dict[Condition, Truth]] = {}


def _answers_of(parts: Mapping[sympy.Symbol, Component], residue: tuple[Condition, ...]) -> dict[Condition, Truth]:
    """The answers given so far by any domain of the same points, however it came about."""
    key = (frozenset(parts.values()), residue)
    found = _answers.get(key)
    if found is None:
        if len(_answers) > TABLE_LIMIT:
            _answers.clear()
        found = _answers[key] = {}
    return found


def _parts(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, (All, Any)) else ()


def _from_one(name: str) -> Condition:
    # A plain symbol is positive by itself, so the comparison is made without asking that.
    return Comparison(sympy.Add(symbol(name), -1, evaluate=True), ">=")


def _rebuilt(symbols: tuple[str, ...], conditions: tuple[Assumption, ...]) -> Domain:
    found = Domain.positive(symbols)
    for assumption in conditions:
        found = found.assume(assumption.condition, assumption.reason)
    return found
