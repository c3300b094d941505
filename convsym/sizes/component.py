"""The exact set of one group of symbols that conditions tie together."""

from __future__ import annotations

from functools import reduce
from math import prod

import islpy as isl
import sympy

from convsym.sizes.bounds import Interval
from convsym.sizes.condition import Condition
from convsym.sizes.sets import (
    Symbols,
    TooHard,
    embedded,
    evenly,
    interval_of,
    isl_set,
    limited,
    ordered,
    positive,
    regular,
)
from convsym.sizes.truth import Truth

MOST_PIECES = 1 << 10


class Component:
    """Symbols, the set of their values, and the conditions that made the set. Answers are kept."""

    __slots__ = ("_answers", "_intervals", "_narrowed", "_strides", "conditions", "empty", "points", "symbols")

    def __init__(self, symbols: Symbols, points: isl.Set, conditions: tuple[Condition, ...]):
        self.symbols = symbols
        self.points = points
        self.conditions = conditions
        self.empty: bool = points.is_empty()
        self._intervals: tuple[Interval, ...] | None = None
        self._answers: dict[Condition, Truth] = {}
        self._narrowed: dict[tuple[Condition, Condition], Component | None] = {}
        self._strides: dict[sympy.Symbol, int] = {}

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The least and greatest value of every symbol."""
        if self._intervals is None:
            self._intervals = tuple(
                (1, 0) if self.empty else interval_of(self.points, i) for i in range(len(self.symbols))
            )
        return self._intervals

    def stride(self, s: sympy.Symbol) -> int:
        """The greatest number that divides every difference of two values of a symbol; 0 or 1 where there is none."""
        step = self._strides.get(s)
        if step is None:
            place = self.symbols.index(s)
            line = self.points.project_out(isl.dim_type.set, place + 1, len(self.symbols) - place - 1)
            line = line.project_out(isl.dim_type.set, 0, place)
            step = self._strides[s] = line.get_stride(0).to_python()
        return step

    def over(self, condition: Condition) -> isl.Set:
        """The points of the component's space where a Presburger condition over its symbols holds."""
        own = ordered(condition.symbols)
        found = isl_set(condition, own)
        return found if own == self.symbols else embedded(found, own, self.symbols)

    def decide(self, condition: Condition) -> Truth:
        """Whether a Presburger condition over the component's symbols holds in the whole set or in none of it."""
        answer = self._answers.get(condition)
        if answer is None:
            try:
                with limited():
                    answer = self._compared(self.over(condition))
            except TooHard:
                answer = Truth.UNKNOWN
            self._answers[condition] = answer
        return answer

    def _compared(self, there: isl.Set) -> Truth:
        if self.points.is_subset(there):
            return Truth.YES
        return Truth.NO if self.points.is_disjoint(there) else Truth.UNKNOWN

    def narrowed(self, condition: Condition, exact: Condition) -> Component:
        """Where the condition holds too; ``exact`` says the same in Presburger terms. TooHard where that is no set
        to work with."""
        key = (condition, exact)
        if key not in self._narrowed:
            # The same branches are taken again and again, so answers are kept with the component, failures too.
            self._narrowed[key] = None
            with limited():
                points = self.points.intersect(self.over(exact))
                if points.n_basic_set() > 1:
                    points = points.coalesce()
                if len(self.symbols) == 1:
                    points = _plainer(points)
                self._narrowed[key] = Component(self.symbols, points, (*self.conditions, condition))
        found = self._narrowed[key]
        if found is None:
            raise TooHard
        return found


def _plainer(points: isl.Set) -> isl.Set:
    """The same points said with one remainder, where that is all there is to it: what follows is then decided fast,
    however long the chain of conditions that led there."""
    if points.is_empty():
        return points
    found = regular(points)
    return points if found is None else evenly(*found)


_alone: dict[Symbols, Component] = {}
_joined: dict[tuple[int, ...], tuple[tuple[Component, ...], Component]] = {}


def alone(symbols: Symbols) -> Component:
    """Symbols of which nothing is known but that they are sizes."""
    try:
        return _alone[symbols]
    except KeyError:
        made = _alone[symbols] = Component(symbols, positive(symbols), ())
        return made


def joined(components: tuple[Component, ...]) -> Component:
    """The product of components over different symbols. TooHard where it falls into too many pieces."""
    if len(components) == 1:
        return components[0]
    key = tuple(map(id, components))
    found = _joined.get(key)
    if found is None:
        if prod(c.points.n_basic_set() for c in components) > MOST_PIECES:
            raise TooHard
        symbols = ordered(frozenset(s for c in components for s in c.symbols))
        points = reduce(isl.Set.intersect, (embedded(c.points, c.symbols, symbols) for c in components))
        made = Component(symbols, points, tuple(condition for c in components for condition in c.conditions))
        if len(_joined) > 10_000:
            _joined.clear()
        # The parts are kept with the answer, so that their identities stay theirs.
        found = _joined[key] = (components, made)
    return found[1]
