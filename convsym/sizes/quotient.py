"""The quotient ``numerator // denominator`` as a part of sizes. ``division`` brings it to its one normal form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy

from convsym.sizes.polynomial import ONE, Size, SizeFunction, expression, from_terms, terms

if TYPE_CHECKING:
    from convsym.sizes.bounds import Bounds, Interval


class FloorDiv(SizeFunction):
    """``numerator // denominator`` with Python's floor.

    >>> H = sympy.Symbol("H", integer=True, positive=True)
    >>> FloorDiv(FloorDiv(H + 1, 2) + 1, 2)
    (H + 3)//4
    """

    nargs = 2

    def __new__(cls, numerator: Size, denominator: Size) -> sympy.Expr:
        top, bottom = sympy.sympify(numerator), sympy.sympify(denominator)
        if top.is_Number and bottom.is_Number:
            if not bottom:
                raise ZeroDivisionError("a size is divided by zero")
            return sympy.floor(top / bottom)
        from convsym.sizes.division import floor_div

        return expression(floor_div(top, bottom))

    @property
    def numerator(self) -> sympy.Expr:
        return self.args[0]

    @property
    def denominator(self) -> sympy.Expr:
        return self.args[1]

    def value(self, *args: int) -> int:
        numerator, denominator = args
        return numerator // denominator

    def interval(self, bounds: Bounds) -> Interval:
        low, high = bounds.interval(self.args[0])
        least, most = bounds.interval(self.args[1])
        if least is None or least < 1:
            return (None, None)
        # The quotient is monotone in both, so its extremes lie where both are extreme.
        if low is not None:
            low = low // least if low < 0 else (0 if most is None else low // most)
        if high is not None:
            high = high // least if high >= 0 else (-1 if most is None else high // most)
        return (low, high)

    def _sympystr(self, printer: sympy.printing.str.StrPrinter) -> str:
        numerator, denominator = self.args
        left = printer._print(numerator)
        right = printer._print(denominator)
        # `a*b//c` groups as (a*b)//c, but a quotient inside the numerator's product would not stand out.
        if numerator.is_Add or numerator.is_Mul or left.startswith("-"):
            left = f"({left})"
        if not (denominator.is_Integer or denominator.is_Symbol):
            right = f"({right})"
        return f"{left}//{right}"

    def _latex(self, printer: sympy.printing.latex.LatexPrinter) -> str:
        numerator, denominator = self.args
        shown = as_ceiling(self)
        if shown is not None:
            return rf"\left\lceil \frac{{{printer._print(shown)}}}{{{printer._print(denominator)}}} \right\rceil"
        return rf"\left\lfloor \frac{{{printer._print(numerator)}}}{{{printer._print(denominator)}}} \right\rfloor"


def as_ceiling(quotient: FloorDiv) -> sympy.Expr | None:
    """The x for which the quotient is best read as ``ceil(x / d)``, None where the floor reads better."""
    numerator, denominator = quotient.args
    if not denominator.is_Integer:
        return None
    d = int(denominator)
    constant = terms(numerator).get(ONE, 0)
    if (constant and constant > d // 2) or constant == d - 1:
        return expression(from_terms({**terms(numerator), ONE: constant - d + 1}))
    return None
