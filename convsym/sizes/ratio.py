"""Real values that user code makes of sizes, ``h * 0.5`` or ``h / 3``, exactly as Python's doubles compute them.

A real is one of

* a size (read as a float),
* ``FloatQuotient(n, d)``: a quotient of two sizes, rounded once as ``n / d`` is; exact where d is a power of two,
* a double constant, kept as the exact fraction it is,
* an opaque operation on reals (``h * 0.7``), evaluated in doubles like Python does.

Rounded back to an integer, the first two give plain floor divisions; an opaque one stays inside ``Floor``, ``Ceil``,
``Truncate`` or ``RoundHalfEven``. Sizes are taken to be below 2**32, so that products with short constants are exact.

>>> from convsym.sizes.arithmetic import symbol
>>> H = symbol("H")
>>> floor(multiply(H, 0.5)), ceil(divide(H, 3)), floor(multiply(H, 0.7))
(H//2, (H + 2)//3, math.floor(H*0.7))
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TypeAlias

import sympy

from convsym.sizes import arithmetic
from convsym.sizes.bounds import BY_THEMSELVES
from convsym.sizes.floats import (
    Ceil,
    FloatDifference,
    FloatDivision,
    FloatFunction,
    FloatPower,
    FloatProduct,
    FloatQuotient,
    FloatSum,
    Floor,
    ISqrt,
    RealFunction,
    Rounded,
    RoundHalfEven,
    Truncate,
    real_interval,
)
from convsym.sizes.irreducible import factorisation
from convsym.sizes.polynomial import ONE, Size, expression, powers, terms

#: What user code may hold: a size, a float, or a real made by the functions below.
Real: TypeAlias = "int | float | sympy.Expr"

#: Constants with at most this many mantissa bits multiply sizes without rounding.
SHORT_MANTISSA = 21


def _constant(value: Real) -> Fraction | None:
    if isinstance(value, float):
        return Fraction(value)
    if isinstance(value, int):
        return Fraction(value)
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    return None


def is_real(value: object) -> bool:
    """Whether the value is a real that is no size: a float, or made with the functions of this module."""
    return isinstance(value, (float, RealFunction)) or (
        isinstance(value, sympy.Rational) and not isinstance(value, sympy.Integer)
    )


def fraction(value: Real) -> tuple[Size, Size] | None:
    """Sizes n and d with the value being ``n / d`` rounded once, None for an opaque real."""
    constant = _constant(value)
    if constant is not None:
        return (constant.numerator, constant.denominator)
    if isinstance(value, FloatQuotient):
        n, d = value.args
        return (arithmetic.normal(n), arithmetic.normal(d))
    return None if isinstance(value, RealFunction) else (value, 1)


def _is_power_of_two(d: Size) -> bool:
    return isinstance(d, int) and d > 0 and d & (d - 1) == 0


def _short(value: Real) -> tuple[Size, int] | None:
    """n and a power of two d with the value exactly ``n / d`` and few mantissa bits, so that arithmetic is exact."""
    found = fraction(value)
    if found is None or not _is_power_of_two(found[1]):
        return None
    n, d = found
    if isinstance(n, int):
        odd = abs(n) // (n & -n) if n else 0
        if odd.bit_length() > SHORT_MANTISSA:
            return None
    return (n, int(d))


def _made(n: Size, d: Size) -> Real:
    """The real ``n / d``, common factors cancelled; a size where it is one, a float where it is constant."""
    if isinstance(n, int) and isinstance(d, int):
        found = Fraction(n, d)
        return found.numerator if found.denominator == 1 else found.numerator / found.denominator
    exact = arithmetic.exact_div(n, d)
    if exact is not None:
        return exact
    n, d = _lowest(n, d)
    return FloatQuotient(expression(n), expression(d))


def _lowest(n: Size, d: Size) -> tuple[Size, Size]:
    numbers = [*terms(n).values(), *terms(d).values()]
    common = math.gcd(*numbers)
    shared: dict[sympy.Expr, int] | None = None
    for monomial in (*terms(n), *terms(d)):
        have = dict(powers(monomial)) if monomial is not ONE else {}
        shared = have if shared is None else {a: min(e, have[a]) for a, e in shared.items() if a in have}
    factor = arithmetic.multiply(common, arithmetic.product(arithmetic.power(a, e) for a, e in (shared or {}).items()))
    low_n, low_d = arithmetic.exact_div(n, factor), arithmetic.exact_div(d, factor)
    return (n, d) if low_n is None or low_d is None else (low_n, low_d)


def _operand(value: Real) -> sympy.Expr:
    if isinstance(value, float):
        exact = Fraction(value)
        return sympy.Rational(exact.numerator, exact.denominator)
    return expression(value)


def _finite(*values: Real) -> None:
    for value in values:
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"a size cannot be computed with {value}")


def add(a: Real, b: Real) -> Real:
    """``a + b`` as Python computes it."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a + b
    _finite(a, b)
    x, y = _short(a), _short(b)
    if x is not None and y is not None:
        n = arithmetic.add(arithmetic.multiply(x[0], y[1]), arithmetic.multiply(y[0], x[1]))
        return _made(n, x[1] * y[1])
    return FloatSum(_operand(a), _operand(b))


def negate(a: Real) -> Real:
    """``-a``."""
    return multiply(a, -1)


def subtract(a: Real, b: Real) -> Real:
    """``a - b`` as Python computes it."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a - b
    _finite(a, b)
    if _short(a) is not None and _short(b) is not None:
        return add(a, negate(b))
    return FloatDifference(_operand(a), _operand(b))


def multiply(a: Real, b: Real) -> Real:
    """``a * b`` as Python computes it."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a * b
    _finite(a, b)
    x, y = _short(a), _short(b)
    if x is not None and y is not None:
        return _made(arithmetic.multiply(x[0], y[0]), x[1] * y[1])
    for value, by in ((a, y), (b, x)):
        # Doubles scale by powers of two, and change sign, without rounding.
        once = fraction(value)
        if once is not None and by is not None and isinstance(by[0], int) and _is_power_of_two(abs(by[0])):
            return _made(arithmetic.multiply(once[0], by[0]), arithmetic.multiply(once[1], by[1]))
    return FloatProduct(_operand(a), _operand(b))


def divide(a: Real, b: Real) -> Real:
    """``a / b`` as Python computes it; a zero constant b raises ZeroDivisionError."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a / b
    _finite(a, b)
    if _constant(b) == 0:
        raise ZeroDivisionError("a size is divided by zero")
    x, y = _short(a), _short(b)
    if x is not None and y is not None:
        return _made(arithmetic.multiply(x[0], y[1]), arithmetic.multiply(y[0], x[1]))
    if y is not None and isinstance(y[0], int) and _is_power_of_two(abs(y[0])):
        return multiply(a, y[1] / y[0])
    return FloatDivision(_operand(a), _operand(b))


def power(a: Real, exponent: Real) -> Real:
    """``a ** exponent`` as Python computes it."""
    if isinstance(exponent, int) and exponent >= 0 and not is_real(a):
        return arithmetic.power(a, exponent)
    if isinstance(a, (int, float)) and isinstance(exponent, (int, float)):
        found: Real = a**exponent
        return found
    if exponent == 0.5:
        root = _polynomial_root(a)
        if root is not None:
            return root
    return FloatPower(_operand(a), _operand(exponent))


def sqrt(a: Real) -> Real:
    """``math.sqrt(a)``: the root itself where a is the square of a size."""
    if isinstance(a, (int, float)):
        found = math.sqrt(a)
        return int(found) if found.is_integer() and isinstance(a, int) and int(found) ** 2 == a else found
    root = _polynomial_root(a)
    return FloatFunction(sympy.Symbol("sqrt"), _operand(a)) if root is None else root


def function(name: str, a: Real) -> Real:
    """``math.<name>(a)`` for any function of one real in Python's math module."""
    if not callable(getattr(math, name, None)):
        raise ValueError(f"Python's math module has no function {name}")
    if isinstance(a, (int, float)):
        found: Real = getattr(math, name)(a)
        return found
    if name in ("floor", "ceil", "trunc"):
        return {"floor": floor, "ceil": ceil, "trunc": truncate}[name](a)
    return sqrt(a) if name == "sqrt" else FloatFunction(sympy.Symbol(name), _operand(a))


def _polynomial_root(a: Real) -> Size | None:
    """The size r >= 0 with ``r * r == a`` identically."""
    if is_real(a) or isinstance(a, float):
        return None
    if isinstance(a, int):
        return math.isqrt(a) if a >= 0 and math.isqrt(a) ** 2 == a else None
    found = terms(a)
    if len(found) == 1:
        ((monomial, c),) = found.items()
        if c < 0 or math.isqrt(c) ** 2 != c or any(e % 2 for _, e in powers(monomial)):
            return None
        root = arithmetic.product([math.isqrt(c), *(arithmetic.power(atom, e // 2) for atom, e in powers(monomial))])
    else:
        whole = factorisation(a)
        constant = math.isqrt(max(whole.content, 0))
        if constant**2 != whole.content or any(e % 2 for _, e in whole.factors):
            return None
        root = arithmetic.product([constant, *(arithmetic.power(factor, e // 2) for factor, e in whole.factors)])
    return arithmetic.absolute(root)


def isqrt(a: Size) -> Size:
    """``math.isqrt(a)``: the integer part of the root."""
    if isinstance(a, sympy.Expr) and a.is_Integer:
        a = int(a)
    if isinstance(a, int):
        return math.isqrt(a)
    root = _polynomial_root(a)
    return ISqrt.raw(a) if root is None else root


def rounded(kind: type[Rounded], real: Real) -> Size:
    """The real brought to an integer the given way, as a plain floor division wherever that is exact."""
    found = fraction(real)
    if found is not None:
        n, d = found
        if kind is Floor:
            return arithmetic.floor_div(n, d)
        if kind is Ceil:
            return arithmetic.ceil_div(n, d)
        if kind is RoundHalfEven:
            nearest = _nearest(n, d)
            return RoundHalfEven.raw(real) if nearest is None else nearest
        return _toward_zero(n, d)
    if isinstance(real, FloatFunction) and str(real.args[0]) == "sqrt" and kind in (Floor, Truncate):
        # The nearest double of a root below 2**26 never reaches the next integer.
        under = real.args[1]
        if not is_real(under):
            return isqrt(under)
    low, _ = real_interval(real, BY_THEMSELVES)
    if kind is Truncate and low is not None and low >= 0:
        kind = Floor
    return kind.raw(real)


def _toward_zero(n: Size, d: Size) -> Size:
    (low, high), (least, _) = BY_THEMSELVES.interval(n), BY_THEMSELVES.interval(d)
    if least is not None and least > 0:
        if low is not None and low >= 0:
            return arithmetic.floor_div(n, d)
        if high is not None and high <= 0:
            return arithmetic.ceil_div(n, d)
    down, up = arithmetic.floor_div(n, d), arithmetic.ceil_div(n, d)
    # Below zero the upper, above zero the lower: the one nearer to zero.
    return arithmetic.add(arithmetic.maximum(down, 0), arithmetic.minimum(up, 0))


def _nearest(n: Size, d: Size) -> Size | None:
    if not isinstance(d, int):
        return None
    if d % 2:
        return arithmetic.floor_div(arithmetic.add(n, d // 2), d)
    # Two steps up per 2*d: one just after the tie at d/2 (down to even), one at the tie 3*d/2 (up to even).
    half = d // 2
    return arithmetic.add(
        arithmetic.floor_div(arithmetic.add(n, 3 * half - 1), 2 * d),
        arithmetic.floor_div(arithmetic.add(n, half), 2 * d),
    )


def floor(a: Real) -> Size:
    """``math.floor(a)``."""
    return math.floor(a) if isinstance(a, (int, float)) else rounded(Floor, a)


def ceil(a: Real) -> Size:
    """``math.ceil(a)``."""
    return math.ceil(a) if isinstance(a, (int, float)) else rounded(Ceil, a)


def truncate(a: Real) -> Size:
    """``int(a)``: towards zero."""
    return int(a) if isinstance(a, (int, float)) else rounded(Truncate, a)


def round_half_even(a: Real) -> Size:
    """``round(a)``: to the nearest integer, ties to even."""
    return round(a) if isinstance(a, (int, float)) else rounded(RoundHalfEven, a)
