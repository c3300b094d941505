"""The largest of many sums, such as the bytes alive at each call, without those that another never falls below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import numpy
import numpy.typing
import sympy

from convsym.sizes.condition import ge
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import Evaluation
from convsym.sizes.extremes import Maximum
from convsym.sizes.polynomial import ONE, Size, Terms, accumulate, expression, powers, sort_key, terms
from convsym.sizes.sums import collect
from convsym.sizes.truth import Truth


def largest(sums: Iterable[Mapping[Size, int]], domain: Domain) -> Size:
    """The maximum over sums of sizes, each size given with how often it is added, in a domain where no size is negative.

    >>> from convsym.sizes.arithmetic import floor_div, symbol
    >>> h = symbol("H")
    >>> largest([{h: 4}, {floor_div(h, 2): 3}, {h: 1, 5: 1}], Domain.positive(["H"]))
    max(4*H, H + 5)
    """
    shorter = _Shorter(domain)
    candidates: dict[frozenset[tuple[sympy.Expr, int]], Terms] = {}
    for sizes in sums:
        found: Terms = {}
        for size, times in sizes.items():
            accumulate(found, shorter.terms_of(size), times)
        candidates.setdefault(frozenset(found.items()), found)
    order = _Order(domain)
    kept = _not_exceeded(list(candidates.values()), order, domain)
    if shorter.helped:
        # A sum may be shorter than its parts: 4*(H//2) is 2*H where H is even.
        kept = _not_exceeded([dict(terms(domain.simplify(collect(found)))) for found in kept], order, domain)
    made = [expression(collect(found)) for found in kept]
    if len(made) > 1:
        # Each is there because no other stands in for it, so there is nothing for a maximum to leave out.
        return Maximum.raw(*sorted(made, key=sort_key))
    return collect(kept[0]) if kept else 0


def _not_exceeded(candidates: list[Terms], order: _Order, domain: Domain) -> list[Terms]:
    """The polynomials that no other surely reaches."""
    values = _at_samples(candidates, domain)
    kept: list[int] = []
    # What is large at a sample is the likeliest to exceed others, and is met first.
    for new in sorted(range(len(candidates)), key=lambda n: -float(values[n].sum())):
        above = [n for n in kept if numpy.all(values[n] >= values[new])]
        if not any(order.reaches(candidates[n], candidates[new]) for n in above):
            kept.append(new)
    return [candidates[n] for n in kept]


#: Sizes that tell most sums apart; where none of them is in a domain, its own sample has to do.
_SAMPLES = ((1, 1), (1, 224), (2, 32), (16, 1024), (4096, 64))


def _at_samples(candidates: list[Terms], domain: Domain) -> numpy.typing.NDArray[numpy.float64]:
    """What each polynomial is at a few members of the domain, one row each: what is less there never reaches another."""
    monomials = list(dict.fromkeys(monomial for found in candidates for monomial in found))
    others = {s.name for monomial in monomials for s in monomial.free_symbols} - set(domain.symbols)
    samples = [sizes for sizes in map(partial(_sample, domain.symbols), _SAMPLES) if domain.contains(**sizes)]
    if not samples:
        samples = [sizes for sizes in [domain.sample()] if sizes is not None]
    at = [Evaluation({**dict.fromkeys(others, 1), **sizes}) for sizes in samples]
    known = numpy.array([[float(one.value(m)) for one in at] for m in monomials]).reshape(len(monomials), len(at))
    table = numpy.array([[float(found.get(m, 0)) for m in monomials] for found in candidates])
    return table.reshape(len(candidates), len(monomials)) @ known


def _sample(names: Sequence[str], values: tuple[int, int]) -> dict[str, int]:
    first, rest = values
    return {name: rest if position else first for position, name in enumerate(names)}


class _Shorter:
    """Sizes as polynomials, as short as a domain allows; `helped` is whether that made any of them shorter."""

    def __init__(self, domain: Domain) -> None:
        self.helped = False
        self._domain = domain
        self._known: dict[Size, Mapping[sympy.Expr, int]] = {}

    def terms_of(self, size: Size) -> Mapping[sympy.Expr, int]:
        """Coefficients by monomial."""
        found = self._known.get(size)
        if found is None:
            short = self._domain.simplify(size) if self._domain.conditions else size
            self.helped |= short != size
            found = self._known[size] = terms(short)
        return found


class _Order:
    """Which monomials are at least as large as which in a whole domain."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._known: dict[tuple[sympy.Expr, sympy.Expr], bool] = {}

    def reaches(self, high: Mapping[sympy.Expr, int], low: Mapping[sympy.Expr, int]) -> bool:
        """Whether one polynomial is surely never below another: every missing term is made up for by larger ones."""
        gap = dict(high)
        accumulate(gap, low, -1)
        spare = {monomial: c for monomial, c in gap.items() if c > 0 and self._is_positive(monomial)}
        for monomial, coefficient in gap.items():
            missing = -coefficient
            if missing <= 0:
                continue
            for larger in spare:
                if missing <= 0:
                    break
                if spare[larger] and self._at_least(larger, monomial):
                    taken = min(missing, spare[larger])
                    missing -= taken
                    spare[larger] -= taken
            if missing > 0:
                return False
        return all(c <= 0 or monomial in spare for monomial, c in gap.items())

    def _is_positive(self, monomial: sympy.Expr) -> bool:
        low = self._domain.interval(monomial)[0]
        return low is not None and low >= 0

    def _at_least(self, high: sympy.Expr, low: sympy.Expr) -> bool:
        key = (high, low)
        if key not in self._known:
            self._known[key] = self._is_positive(low) and self._factors_match(_factors(high), _factors(low))
        return self._known[key]

    def _factors_match(self, high: list[sympy.Expr], low: list[sympy.Expr]) -> bool:
        """Whether each factor of the lower has one of the higher that is at least as large, the rest being at least 1."""
        left = list(high)
        for factor in low:
            found = next((f for f in left if f == factor or self._domain.decide(ge(f, factor)) is Truth.YES), None)
            if found is None:
                return False
            left.remove(found)
        return all((self._domain.interval(f)[0] or 0) >= 1 for f in left)


def _factors(monomial: sympy.Expr) -> list[sympy.Expr]:
    if monomial is ONE:
        return []
    return [atom for atom, exponent in powers(monomial) for _ in range(exponent)]
