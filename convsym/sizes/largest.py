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

_Table = numpy.typing.NDArray[numpy.int64]


def largest(sums: Iterable[Mapping[Size, int]], domain: Domain) -> Size:
    """The maximum over sums of sizes, each size given with how often it is added, in a domain where no size is negative.

    >>> from convsym.sizes.arithmetic import floor_div, symbol
    >>> h = symbol("H")
    >>> largest([{h: 4}, {floor_div(h, 2): 3}, {h: 1, 5: 1}], Domain.positive(["H"]))
    max(4*H, H + 5)
    """
    counts = list(sums)
    sizes = list(dict.fromkeys(size for count in counts for size in count))
    # Conditions on sizes let some of them be written shorter, and then more sums are alike.
    short = [domain.simplify(size) for size in sizes] if domain.conditions else sizes
    places = {size: place for place, size in enumerate(sizes)}
    times = numpy.zeros((len(counts), len(sizes)), numpy.int64)
    for row, count in enumerate(counts):
        for size, number in count.items():
            times[row, places[size]] = number
    order = _Order(domain)
    kept = _not_exceeded(times, short, order, domain)
    if short != sizes:
        # A sum may be shorter than its parts: 4*(H//2) is 2*H where H is even.
        whole = [domain.simplify(found) for found in kept]
        kept = _not_exceeded(numpy.eye(len(whole), dtype=numpy.int64), whole, order, domain)
    if len(kept) > 1:
        # Each is there because no other stands in for it, so there is nothing for a maximum to leave out.
        return Maximum.raw(*sorted(map(expression, kept), key=sort_key))
    return kept[0] if kept else 0


def _not_exceeded(times: _Table, sizes: Sequence[Size], order: _Order, domain: Domain) -> list[Size]:
    """Of sums of sizes, each so many times, a row a sum, those that no other surely reaches."""
    monomials = list(dict.fromkeys(monomial for size in sizes for monomial in terms(size)))
    parts = [[terms(size).get(monomial, 0) for monomial in monomials] for size in sizes]
    table = times @ numpy.array(parts, numpy.int64).reshape(len(sizes), len(monomials))
    table = numpy.unique(table, axis=0)
    values = table @ _at_samples(monomials, domain)
    candidates: list[Terms] = [{m: c for m, c in zip(monomials, row, strict=True) if c} for row in table.tolist()]
    kept: list[int] = []
    # What is large at a sample is the likeliest to exceed others, and is met first.
    for new in numpy.argsort(-values.sum(axis=1)).tolist():
        # What is less at any sample never reaches another.
        above = numpy.flatnonzero((values[kept] >= values[new]).all(axis=1))
        if not any(order.reaches(candidates[kept[n]], candidates[new]) for n in above):
            kept.append(new)
    return [collect(candidates[n]) for n in kept]


#: Sizes that tell most sums apart; where none of them is in a domain, its own sample has to do.
_SAMPLES = ((1, 1), (1, 224), (2, 32), (16, 1024), (4096, 64))


def _at_samples(monomials: Sequence[sympy.Expr], domain: Domain) -> numpy.typing.NDArray[numpy.float64]:
    """What each monomial is at a few members of the domain, one row each."""
    others = {s.name for monomial in monomials for s in monomial.free_symbols} - set(domain.symbols)
    samples = [sizes for sizes in map(partial(_sample, domain.symbols), _SAMPLES) if domain.contains(**sizes)]
    if not samples:
        samples = [sizes for sizes in [domain.sample()] if sizes is not None]
    at = [Evaluation({**dict.fromkeys(others, 1), **sizes}) for sizes in samples]
    found = [[float(one.value(monomial)) for one in at] for monomial in monomials]
    return numpy.array(found, numpy.float64).reshape(len(monomials), len(at))


def _sample(names: Sequence[str], values: tuple[int, int]) -> dict[str, int]:
    first, rest = values
    return {name: rest if position else first for position, name in enumerate(names)}


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
