"""Conditions on one symbol whose two sides only ever grow: solved by bisection, whatever they are made of.

``H*H == 4096``, ``math.floor(H*0.7) >= 5`` and ``math.isqrt(H) == 7`` are no Presburger conditions as they stand, but
what they say is a range of H.
"""

from __future__ import annotations

import sympy

from convsym.sizes.bounds import BY_THEMSELVES, symbol_interval
from convsym.sizes.condition import FALSE, TRUE, Comparison, Condition, all_of, ge, le
from convsym.sizes.evaluate import compiled
from convsym.sizes.extremes import Extreme
from convsym.sizes.floats import (
    FloatDifference,
    FloatDivision,
    FloatFunction,
    FloatProduct,
    FloatQuotient,
    FloatSum,
    ISqrt,
    RealFunction,
    Rounded,
)
from convsym.sizes.polynomial import ONE, SizeFunction, powers, terms
from convsym.sizes.quotient import FloorDiv

#: Sizes beyond this are not looked at; what has not turned by then is left unsolved.
FARTHEST = 2**40


def solved(condition: Comparison) -> Condition | None:
    """The range of the one symbol where the comparison holds, or None where the sides do not grow steadily."""
    (symbol,) = condition.symbols
    expr = condition.expr
    sign = direction(expr)
    if sign is None:
        return None
    at = compiled(expr)
    start, _ = symbol_interval(symbol)
    if start is None:
        return None

    def turning_point(strict: bool) -> int | None:
        """The first size at which the expression, taken growing, is not negative (or, strictly, positive)."""

        def reached(size: int) -> bool:
            value = at({symbol.name: size}) * sign
            return bool(value > 0 if strict else value >= 0)

        low, high = start, max(start, 1)
        if reached(low):
            return low
        while not reached(high):
            if high > FARTHEST:
                return None
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if reached(middle) else (middle, high)
        return high

    try:
        first, after = turning_point(strict=False), turning_point(strict=True)
    except (OverflowError, ValueError, ZeroDivisionError):
        return None
    if first is None or (after is None and condition.relation != ">="):
        return None
    if condition.relation in ("==", "!="):
        assert after is not None
        same = all_of(ge(symbol, first), le(symbol, after - 1))
        from convsym.sizes.condition import negate

        return same if condition.relation == "==" else negate(same)
    strict = condition.relation == ">"
    if sign > 0:
        bound = after if strict else first
        return None if bound is None else (TRUE if bound <= start else ge(symbol, bound))
    bound = first if strict else after
    return None if bound is None else (FALSE if bound <= start else le(symbol, bound - 1))


def direction(expr: sympy.Expr) -> int | None:
    """1 where the expression never falls, -1 where it never rises, None where neither is plain."""
    if isinstance(expr, FloatDifference):
        left, right = expr.args
        if right.is_Rational:
            return 1 if _grows(left) else None
        if left.is_Rational:
            return -1 if _grows(right) else None
        return None
    if isinstance(expr, RealFunction):
        return 1 if _grows(expr) else None
    found = [(m, c) for m, c in terms(expr).items() if m is not ONE]
    for sign in (1, -1):
        if all(sign * c > 0 and _grows_from_zero(m) for m, c in found):
            return sign
    return None


def _grows_from_zero(monomial: sympy.Expr) -> bool:
    parts = powers(monomial)
    if len(parts) == 1 and parts[0][1] == 1:
        return _grows(parts[0][0])
    # A product of factors that never fall never falls only where none is negative.
    for atom, _ in parts:
        low, _ = BY_THEMSELVES.interval(atom)
        if low is None or low < 0 or not _grows(atom):
            return False
    return True


def _grows(expr: sympy.Expr) -> bool:
    """Whether the expression never falls as its symbol grows."""
    if expr.is_Symbol or expr.is_Rational:
        return True
    if isinstance(expr, FloorDiv):
        return bool(expr.args[1].is_Integer) and _grows(expr.args[0])
    if isinstance(expr, (Extreme, Rounded, ISqrt)):
        return all(_grows(arg) for arg in expr.args)
    if isinstance(expr, FloatSum):
        return all(_grows(arg) for arg in expr.args)
    if isinstance(expr, FloatDifference):
        return _grows(expr.args[0]) and bool(expr.args[1].is_Rational)
    if isinstance(expr, FloatProduct):
        number = next((arg for arg in expr.args if arg.is_Rational), None)
        return number is not None and number > 0 and all(_grows(arg) for arg in expr.args)
    if isinstance(expr, (FloatQuotient, FloatDivision)):
        return bool(expr.args[1].is_Rational) and expr.args[1] > 0 and _grows(expr.args[0])
    if isinstance(expr, FloatFunction):
        return str(expr.args[0]) in ("sqrt", "log", "log2", "log10", "exp", "cbrt") and _grows(expr.args[1])
    return not isinstance(expr, (RealFunction, SizeFunction)) and all(
        c > 0 and _grows_from_zero(m) for m, c in terms(expr).items() if m is not ONE
    )
