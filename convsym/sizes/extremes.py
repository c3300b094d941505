"""Minimum and maximum of sizes, flat, without arguments that never count."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import sympy

from convsym.sizes.bounds import BY_THEMSELVES, Interval
from convsym.sizes.polynomial import ONE, TABLE_LIMIT, Size, SizeFunction, expression, terms
from convsym.sizes.sums import collect

if TYPE_CHECKING:
    from convsym.sizes.bounds import Bounds


class Extreme(SizeFunction):
    """What Minimum and Maximum share."""

    sign = 1
    word = ""

    def __new__(cls, *args: Size) -> sympy.Expr:
        return expression(extreme(cls, [sympy.sympify(a) for a in args]))

    def _sympystr(self, printer: sympy.printing.str.StrPrinter) -> str:
        return f"{self.word}({', '.join(printer._print(a) for a in self.args)})"

    def _latex(self, printer: sympy.printing.latex.LatexPrinter) -> str:
        return rf"\{self.word}\left({', '.join(printer._print(a) for a in self.args)}\right)"


class Minimum(Extreme):
    """The least of its arguments."""

    sign = -1
    word = "min"

    def value(self, *args: int) -> int:
        return min(args)

    def interval(self, bounds: Bounds) -> Interval:
        lows, highs = zip(*(bounds.interval(a) for a in self.args), strict=True)
        known = [h for h in highs if h is not None]
        return (None if None in lows else min(lows), min(known) if known else None)


class Maximum(Extreme):
    """The greatest of its arguments."""

    word = "max"

    def value(self, *args: int) -> int:
        return max(args)

    def interval(self, bounds: Bounds) -> Interval:
        lows, highs = zip(*(bounds.interval(a) for a in self.args), strict=True)
        known = [low for low in lows if low is not None]
        return (max(known) if known else None, None if None in highs else max(highs))


def candidates(size: Size) -> int:
    """How many sizes a maximum or minimum is taken over; 1 for any other size."""
    return len(size.args) if isinstance(size, Extreme) else 1


def extreme(kind: type[Extreme], sizes: list[Size]) -> Size:
    """The normal form of ``kind(*sizes)``."""
    flat: list[Size] = []
    constant: int | None = None
    pick = max if kind.sign > 0 else min
    waiting = list(reversed(sizes))
    while waiting:
        size = waiting.pop()
        if isinstance(size, sympy.Expr) and size.is_Integer:
            size = int(size)
        if isinstance(size, kind):
            waiting.extend(reversed(size.args))
        elif isinstance(size, int):
            constant = size if constant is None else pick(constant, size)
        elif size not in flat:
            flat.append(size)
    if constant is not None:
        flat.append(constant)
    kept: list[Size] = []
    for i, size in enumerate(flat):
        rivals = kept + flat[i + 1 :]
        if not any(_never_beyond(size, rival, kind.sign) for rival in rivals):
            kept.append(size)
    if len(kept) == 1:
        return kept[0]
    kept.sort(key=lambda size: (isinstance(size, int), sum_key(size)))
    return kind.raw(*(expression(size) for size in kept))


@lru_cache(TABLE_LIMIT)
def _monomial_key(monomial: sympy.Expr) -> str:
    from convsym.sizes.text import text

    return text(monomial)


def sum_key(size: Size) -> list[tuple[str, int]]:
    """A stable order for sums, by their monomials, those with more of one first; it takes long to spell whole sums."""
    return sorted(((_monomial_key(m), -c) for m, c in terms(size).items() if m is not ONE), reverse=True)


def _never_beyond(size: Size, rival: Size, sign: int) -> bool:
    """Whether the rival always counts at least as much."""
    if isinstance(size, int) and isinstance(rival, int):
        return sign * rival >= sign * size
    gap = {m: sign * c for m, c in terms(rival).items()}
    for m, c in terms(size).items():
        gap[m] = gap.get(m, 0) - sign * c
    if set(gap) <= {ONE}:
        return gap.get(ONE, 0) >= 0
    low, _ = BY_THEMSELVES.interval(collect(gap))
    return low is not None and low >= 0
