"""The largest of many sums, such as the bytes alive at each call, without those that others never fall below."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from math import lcm, prod

import numpy
import sympy

from convsym.sizes.arithmetic import multiply
from convsym.sizes.condition import ge
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import Evaluation
from convsym.sizes.extremes import Maximum
from convsym.sizes.frontier import Table, frontier
from convsym.sizes.polynomial import ONE, Size, expression, powers, sort_key, terms
from convsym.sizes.shares import is_indicator
from convsym.sizes.simplify import residue_class
from convsym.sizes.sums import collect, normal
from convsym.sizes.truth import Truth


def largest(times: Table, sizes: Sequence[Size], domain: Domain) -> Size:
    """The maximum over sums of sizes in a domain where no size is negative: a row a sum, with how often each size is added.

    Sizes may count under conditions only, as in convsym.sizes.shares.

    >>> from convsym.sizes.arithmetic import floor_div, symbol
    >>> h = symbol("H")
    >>> largest(numpy.array([[4, 0, 0], [0, 3, 0], [1, 0, 5]]), [h, floor_div(h, 2), 1], Domain.positive(["H"]))
    max(4*H, H + 5)
    """
    table, monomials = in_monomials(times, sizes)
    scale, short = _shortened(monomials, domain) if domain.conditions else (1, monomials)
    scaled, common = in_monomials(table, short)
    kept = []
    for row in _not_exceeded(scaled, common, domain):
        whole = not (scaled[row] % scale).any()
        found = _sum(scaled[row] // scale, common) if whole else domain.simplify(_sum(table[row], monomials))
        kept.append(expression(found))
    has_shares = any(is_indicator(factor) for monomial in monomials for factor in _factors(monomial))
    if len(kept) > 1:
        # Each is there because no other stands in for it, so there is nothing for a maximum to leave out.
        return Maximum.raw(*sorted(kept, key=_by_monomial if has_shares else sort_key))
    return normal(kept[0]) if kept else 0


def in_monomials(times: Table, sizes: Sequence[Size]) -> tuple[Table, list[sympy.Expr]]:
    """Sums of sizes as sums of monomials, a row a sum."""
    places: dict[sympy.Expr, int] = {}
    entries = [
        (row, places.setdefault(m, len(places)), c) for row, size in enumerate(sizes) for m, c in terms(size).items()
    ]
    parts = numpy.zeros((len(sizes), len(places)), numpy.int64)
    for row, place, coefficient in entries:
        parts[row, place] = coefficient
    table = times @ parts
    used = numpy.flatnonzero(table.any(axis=0)).tolist()
    monomials = list(places)
    return table[:, used], [monomials[place] for place in used]


def _sum(coefficients: Table, monomials: Sequence[sympy.Expr]) -> Size:
    return collect({m: c for m, c in zip(monomials, coefficients.tolist(), strict=True) if c})


def _by_monomial(expr: sympy.Expr) -> list[tuple[str, int]]:
    """A stable order for sums of many conditional parts, which take long to write."""
    return sorted((sort_key(monomial), coefficient) for monomial, coefficient in terms(expr).items())


#: So many times a size that a machine holds is still one number of 64 bits.
_GREATEST_SCALE = 1 << 16


def _shortened(monomials: Sequence[sympy.Expr], domain: Domain) -> tuple[int, list[Size]]:
    """A number, and so many times each monomial, as short as the conditions on sizes let it be written.

    Where H is even 2*(H//2) is H, but H//2 alone cannot be written shorter.
    """
    of = cache(lambda s: residue_class(domain, s)[0])
    scale = lcm(*(prod(of(s) for f in _factors(m) for s in f.free_symbols) for m in monomials))
    scale = scale if scale <= _GREATEST_SCALE else 1
    return scale, [domain.simplify(multiply(scale, monomial)) for monomial in monomials]


def _not_exceeded(table: Table, monomials: Sequence[sympy.Expr], domain: Domain) -> list[int]:
    """The rows of sums of monomials that can be the largest, as far as is known."""
    falling = _falling(monomials, domain)
    return frontier(_Order([monomials[place] for place in falling], domain).keys(table[:, falling]))


#: Sizes that tell most monomials apart; where none of them is in a domain, its own sample has to do.
_SAMPLES = ((3, 1009), (2, 224))


def _falling(monomials: Sequence[sympy.Expr], domain: Domain) -> list[int]:
    """The places of monomials, those that are larger at some member of the domain first."""
    others = {s.name for monomial in monomials for s in monomial.free_symbols} - set(domain.symbols)
    samples = map(partial(_sample, domain.symbols), _SAMPLES)
    sizes = next((sizes for sizes in samples if domain.contains(**sizes)), None) or domain.sample() or {}
    at = Evaluation({**dict.fromkeys(others, 1), **sizes})
    return sorted(range(len(monomials)), key=lambda place: -at.value(monomials[place]))


def _sample(names: Sequence[str], values: tuple[int, int]) -> dict[str, int]:
    first, rest = values
    return {name: rest if position else first for position, name in enumerate(names)}


#: Scaled by no more, sums of bytes are still exact as floating-point numbers.
_GREATEST_RATIO = 1 << 12
#: Beyond so many sets, sums are compared term by term.
_MOST_SETS = 1 << 12


class _Order:
    """Which monomials are at least as large as which in a whole domain; they are given the largest first."""

    def __init__(self, monomials: Sequence[sympy.Expr], domain: Domain) -> None:
        self._domain = domain
        self._monomials = monomials
        self._signed = [self._is_positive(monomial) for monomial in monomials]

    def keys(self, table: Table) -> Table:
        """Numbers for each sum of monomials, a row of coefficients, by which sums compare.

        A sum is surely nowhere less than another if none of its keys is less. What is missing of a monomial then is made
        up for by larger ones: by Hall's theorem it can be shared out so if no upper set lacks anything as a whole.
        """
        # Of what may be negative there has to be as much in both.
        unknown = table[:, [not signed for signed in self._signed]]
        larger = self._larger()
        scaled = table * self._scales(larger)
        return numpy.hstack([scaled @ self._upper_sets(larger).T, unknown, -unknown])

    def _larger(self) -> dict[int, dict[int, int]]:
        """For each monomial that is nowhere negative, those before it that are nowhere smaller, and how often at least
        they contain it."""
        larger: dict[int, dict[int, int]] = {}
        for place, signed in enumerate(self._signed):
            found: dict[int, int] = {}
            for other in reversed(larger) if signed else ():
                if other in found:
                    continue
                ratio = self._least_ratio(self._monomials[other], self._monomials[place])
                if ratio:
                    found |= {far: min(ratio * more, _GREATEST_RATIO) for far, more in larger[other].items()}
                    found[other] = ratio
            if signed:
                larger[place] = found
        return larger

    def _scales(self, larger: dict[int, dict[int, int]]) -> list[int]:
        """A number for each monomial: also divided by these, one is nowhere smaller than what it was larger than."""
        scales = [1] * len(self._monomials)
        for place in reversed(range(len(scales))):
            below = [more[place] * scales[other] for other, more in larger.items() if place in more]
            scales[place] = min([_GREATEST_RATIO, *below]) if below else 1
        return scales

    def _upper_sets(self, larger: dict[int, dict[int, int]]) -> Table:
        """The sets of monomials that have, with each, all that are larger: a row a set, with ones at its members."""
        sets: list[frozenset[int]] = [frozenset()]
        for place, above in larger.items():
            sets += [one | {place} for one in sets if one.issuperset(above)]
            if len(sets) > _MOST_SETS:
                sets = [frozenset([one]) for one in larger]
                break
        return numpy.array([[n in one for n in range(len(self._monomials))] for one in sets], numpy.int64)

    def _is_positive(self, monomial: sympy.Expr) -> bool:
        low = self._domain.interval(monomial)[0]
        return low is not None and low >= 0

    def _least_ratio(self, high: sympy.Expr, low: sympy.Expr) -> int:
        """How often one monomial at least contains another; 0 where it may be smaller, or nothing is known.

        Each factor of the lower has one of the higher that is at least as large, and all others of that are at least 1.
        """
        left = _factors(high)
        for factor in _factors(low):
            if is_indicator(factor):
                # Without it, the lower is no smaller.
                if factor in left:
                    left.remove(factor)
                continue
            found = next((f for f in left if f == factor or self._domain.decide(ge(f, factor)) is Truth.YES), None)
            if found is None:
                return 0
            left.remove(found)
        return min(prod(self._domain.interval(f)[0] or 0 for f in left), _GREATEST_RATIO)


def _factors(monomial: sympy.Expr) -> list[sympy.Expr]:
    if monomial is ONE:
        return []
    return [atom for atom, exponent in powers(monomial) for _ in range(exponent)]
