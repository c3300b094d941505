"""Which monomials are at least as large as which in a whole domain, and numbers by which sums of them compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from math import prod

import numpy
import sympy

from convsym.sizes.condition import ge
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import Evaluation
from convsym.sizes.polynomial import ONE, powers
from convsym.sizes.shares import is_indicator
from convsym.sizes.tables import Table, matrix_product
from convsym.sizes.truth import Truth


def keys(table: Table, monomials: Sequence[sympy.Expr], domain: Domain) -> Table:
    """Numbers for each sum of monomials, a row of coefficients, by which sums compare.

    A sum is surely nowhere less than another if none of its keys is less. What is missing of a monomial then is made
    up for by larger ones: by Hall's theorem it can be shared out so if no upper set lacks anything as a whole.
    """
    at = [[numbers.value(monomial) for monomial in monomials] for numbers in _members(monomials, domain)]
    falling = sorted(range(len(monomials)), key=lambda place: -at[0][place])
    order = _Order([monomials[place] for place in falling], [[one[place] for place in falling] for one in at], domain)
    return order.keys(table[:, falling])


#: Sizes that tell most monomials apart; where none of them is in a domain, its own sample has to do.
_SAMPLES = ((3, 1009), (2, 224), (1, 33))


def _members(monomials: Sequence[sympy.Expr], domain: Domain) -> list[Evaluation]:
    """Some members of a domain, one at least."""
    others = {s.name for monomial in monomials for s in monomial.free_symbols} - set(domain.symbols)
    samples = [_sample(domain.symbols, *values) for values in _SAMPLES]
    found = [sizes for sizes in samples if domain.contains(**sizes)] or [
        domain.sample() or dict.fromkeys(domain.symbols, 1)
    ]
    return [Evaluation({**dict.fromkeys(others, 1), **sizes}) for sizes in found]


def _sample(names: Sequence[str], first: int, rest: int) -> dict[str, int]:
    return {name: rest if position else first for position, name in enumerate(names)}


#: Scaled by no more, sums of bytes are still exact as floating-point numbers.
_GREATEST_RATIO = 1 << 12
#: Beyond so many sets, fewer terms make up for others.
_MOST_SETS = 1 << 9


class _Order:
    """Monomials, those that are larger at the first of some members of a domain first; `at` has their values there."""

    def __init__(self, monomials: Sequence[sympy.Expr], at: Sequence[Sequence[int]], domain: Domain) -> None:
        self._domain = domain
        self._factors = [factors_of(monomial) for monomial in monomials]
        self._indicators = [frozenset(filter(is_indicator, factors)) for factors in self._factors]
        self._values = list(zip(*at, strict=True))
        self._signed = [all(self._lowest(factor) >= 0 for factor in factors) for factors in self._factors]

    def keys(self, table: Table) -> Table:
        """Numbers for each sum of the monomials."""
        # Of what may be negative there has to be as much in both.
        unknown = table[:, [not signed for signed in self._signed]]
        larger = self._larger()
        scaled = table * self._scales(larger)
        return numpy.hstack([matrix_product(scaled, self._upper_sets(larger).T), unknown, -unknown])

    def _larger(self) -> dict[int, dict[int, int]]:
        """For each monomial without factors that may be negative, those before it that are nowhere smaller, and how often at
        least they contain it."""
        larger: dict[int, dict[int, int]] = {}
        for place, signed in enumerate(self._signed):
            found: dict[int, int] = {}
            for other in reversed(larger) if signed else ():
                # What is smaller somewhere need not be compared everywhere.
                if other in found or any(a < b for a, b in zip(self._values[other], self._values[place], strict=True)):
                    continue
                ratio = self._least_ratio(other, place)
                if ratio:
                    found |= {far: min(ratio * more, _GREATEST_RATIO) for far, more in larger[other].items()}
                    found[other] = ratio
            if signed:
                larger[place] = found
        return larger

    def _scales(self, larger: dict[int, dict[int, int]]) -> list[int]:
        """A number for each monomial: also divided by these, one is nowhere smaller than what it was larger than."""
        scales = [1] * len(self._factors)
        for place in reversed(range(len(scales))):
            below = [more[place] * scales[other] for other, more in larger.items() if place in more]
            scales[place] = min([_GREATEST_RATIO, *below]) if below else 1
        return scales

    def _upper_sets(self, larger: Mapping[int, Collection[int]]) -> Table:
        """The sets of monomials that have, with each, all that are larger: a row a set, with ones at its members.

        Where they are too many, monomials make up only for those that count under the same conditions.
        """
        sets = _upper_sets(larger)
        if sets is None:
            groups: defaultdict[frozenset[sympy.Expr], list[int]] = defaultdict(list)
            for place in larger:
                groups[self._indicators[place]].append(place)
            inside = ({place: set(group).intersection(larger[place]) for place in group} for group in groups.values())
            sets = [one for some in inside for one in _upper_sets(some) or map(frozenset, zip(some))]
        return numpy.array([[n in one for n in range(len(self._factors))] for one in sets], numpy.int64)

    def _lowest(self, factor: sympy.Expr) -> int:
        """What a factor is at least in the domain; -1 where that is below 0 or not known."""
        low = self._domain.interval(factor)[0]
        return -1 if low is None else max(-1, low)

    def _least_ratio(self, high: int, low: int) -> int:
        """How often the monomial at one place at least contains that at another; 0 where it may be smaller, or nothing is
        known.

        Each factor of the lower has one of the higher that is at least as large, and all others of that are at least 1.
        """
        if not self._indicators[high] <= self._indicators[low]:
            return 0
        left = [f for f in self._factors[high] if f not in self._indicators[high]]
        for factor in self._factors[low]:
            if factor in self._indicators[low]:
                # Without it, the lower is no smaller.
                continue
            found = next((f for f in left if f == factor or self._domain.decide(ge(f, factor)) is Truth.YES), None)
            if found is None:
                return 0
            left.remove(found)
        return min(prod(map(self._lowest, left)), _GREATEST_RATIO)


def _upper_sets(larger: Mapping[int, Collection[int]]) -> list[frozenset[int]] | None:
    """The sets that have, with each number, those that are larger, which come before it; None where they are too many."""
    sets: list[frozenset[int]] = [frozenset()]
    for place, above in larger.items():
        sets += [one | {place} for one in sets if one.issuperset(above)]
        if len(sets) > _MOST_SETS:
            return None
    return sets


def factors_of(monomial: sympy.Expr) -> list[sympy.Expr]:
    """The factors of a monomial, each as often as it is taken."""
    if monomial is ONE:
        return []
    return [atom for atom, exponent in powers(monomial) for _ in range(exponent)]
