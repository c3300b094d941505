"""Interval bounds of sizes: cheap, sound, and often enough to decide a sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import sympy

from convsym.sizes.polynomial import ONE, TABLE_LIMIT, Size, SizeFunction, powers, terms
from convsym.sizes.remainders import remainder_range

#: Lowest and highest value; None where there is no bound.
Interval: TypeAlias = "tuple[int | None, int | None]"

ANYTHING: Interval = (None, None)


def symbol_interval(symbol: sympy.Symbol) -> Interval:
    """What is known of a symbol by itself: its least value."""
    minimum = getattr(symbol, "minimum", None)
    if minimum is not None:
        return (minimum, None)
    if symbol.is_positive:
        return (1, None)
    if symbol.is_nonnegative:
        return (0, None)
    return ANYTHING


class Bounds:
    """Intervals of sizes when symbols lie in the given intervals; answers are kept.

    >>> from convsym.sizes.arithmetic import floor_div, symbol
    >>> Bounds({}).interval(floor_div(symbol("H") + 1, 2))
    (1, None)
    """

    def __init__(self, ranges: Mapping[sympy.Symbol, Interval]):
        self.ranges = ranges
        self._known: dict[Size, Interval] = {}

    def interval(self, size: Size) -> Interval:
        """Bounds of the size's values."""
        if isinstance(size, int):
            return (size, size)
        known = self._known.get(size)
        if known is None:
            try:
                known = self._sum(size)
            except RecursionError:
                # Nested too deep to look at in one go; no bound is always a bound.
                known = ANYTHING
            if len(self._known) > TABLE_LIMIT:
                self._known.clear()
            self._known[size] = known
        return known

    def _sum(self, size: sympy.Expr) -> Interval:
        found = terms(size)
        if len(found) > 1 and any(m.is_Function for m in found):
            ends = remainder_range(found)
            if ends is not None:
                return ends
        low: int | None = 0
        high: int | None = 0
        for monomial, coefficient in found.items():
            least, most = scaled((1, 1) if monomial is ONE else self._product(monomial), coefficient)
            low = None if low is None or least is None else low + least
            high = None if high is None or most is None else high + most
            if low is None and high is None:
                break
        return (low, high)

    def _product(self, monomial: sympy.Expr) -> Interval:
        known = self._known.get(monomial)
        if known is not None:
            return known
        found: Interval = (1, 1)
        for atom, exponent in powers(monomial):
            low, high = self._atom(atom)
            if exponent % 2 == 0 and (low is None or low < 0):
                found = product(found, _even_power(low, high, exponent))
            else:
                found = product(
                    found,
                    (None if low is None else low**exponent, None if high is None else high**exponent),
                )
        self._known[monomial] = found
        return found

    def _atom(self, atom: sympy.Expr) -> Interval:
        known = self._known.get(atom)
        if known is None:
            if isinstance(atom, SizeFunction):
                known = atom.interval(self)
            else:
                known = self.ranges.get(atom) or symbol_interval(atom)
            self._known[atom] = known
        return known


def _even_power(low: int | None, high: int | None, exponent: int) -> Interval:
    top = None if low is None or high is None else max(-low, high) ** exponent
    bottom = (-high) ** exponent if high is not None and high < 0 else 0
    return (bottom, top)


def scaled(interval: Interval, factor: int) -> Interval:
    """All values of the interval times an integer."""
    low, high = interval
    ends = (None if low is None else low * factor, None if high is None else high * factor)
    return ends if factor >= 0 else (ends[1], ends[0])


def product(a: Interval, b: Interval) -> Interval:
    """All products of a value of ``a`` with a value of ``b``."""
    if a == (1, 1):
        return b
    if b == (1, 1):
        return a
    inf = float("inf")
    lows = [-inf if a[0] is None else a[0], -inf if b[0] is None else b[0]]
    highs = [inf if a[1] is None else a[1], inf if b[1] is None else b[1]]
    corners = [0 if 0 in (x, y) else x * y for x in (lows[0], highs[0]) for y in (lows[1], highs[1])]
    low, high = min(corners), max(corners)
    return (None if low == -inf else int(low), None if high == inf else int(high))


#: What holds for every size whose symbols are only known by themselves.
BY_THEMSELVES = Bounds({})
