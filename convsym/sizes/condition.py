"""Conditions over sizes: comparisons, divisibility, and their combinations.

Conditions are frozen and hashable, are built by the lower-case functions of this module, and come out as ``TRUE`` or
``FALSE`` where that is plain to see. ``str`` gives Python that is true exactly where the condition holds.

>>> from convsym.sizes.arithmetic import modulo, symbol
>>> H = symbol("H")
>>> all_of(eq(modulo(H, 16), 0), ge(H, 16))
H % 16 == 0 and H >= 16
>>> negate(ge(H, 16)).holds(H=15)
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any as Anything

import sympy

from convsym.sizes import ratio
from convsym.sizes.arithmetic import add, exact_div, modulo, subtract
from convsym.sizes.bounds import BY_THEMSELVES
from convsym.sizes.division import floor_div
from convsym.sizes.extremes import Extreme
from convsym.sizes.factors import without_positive_factors
from convsym.sizes.floats import FloatDifference, FloatQuotient, RealFunction
from convsym.sizes.polynomial import (
    ONE,
    TABLE_LIMIT,
    Size,
    SizeFunction,
    Terms,
    expression,
    monomial_of,
    powers,
    sort_key,
    terms,
)
from convsym.sizes.quotient import FloorDiv
from convsym.sizes.ratio import Real
from convsym.sizes.relations import (
    FALSE,
    TRUE,
    All,
    Any,
    Combination,
    Comparison,
    Condition,
    Constant,
    Divides,
    free_symbols,
)
from convsym.sizes.remainders import remainder_in, symbolic_remainder_in
from convsym.sizes.roots import rooted
from convsym.sizes.sums import collect

__all__ = [
    "FALSE",
    "TRUE",
    "All",
    "Any",
    "Combination",
    "Comparison",
    "Condition",
    "Constant",
    "Divides",
    "all_of",
    "any_of",
    "divides",
    "eq",
    "free_symbols",
    "ge",
    "gt",
    "le",
    "lt",
    "ne",
    "negate",
]

_built: dict[Anything, Condition] = {}


def _remembered(key: Anything, build: Callable[[], Condition]) -> Condition:
    try:
        return _built[key]
    except KeyError:
        if len(_built) > TABLE_LIMIT:
            _built.clear()
        made = build()
        made = _built.setdefault(("same", made), made)
        _built[key] = made
        return made


def eq(a: Real, b: Real) -> Condition:
    """``a == b``."""
    if type(a) is int and type(b) is int:
        return TRUE if a == b else FALSE
    return _remembered(("==", a, b), lambda: _compared(a, b, "=="))


def ne(a: Real, b: Real) -> Condition:
    """``a != b``."""
    return negate(eq(a, b))


def ge(a: Real, b: Real) -> Condition:
    """``a >= b``."""
    if type(a) is int and type(b) is int:
        return TRUE if a >= b else FALSE
    return _remembered((">=", a, b), lambda: _compared(a, b, ">="))


def gt(a: Real, b: Real) -> Condition:
    """``a > b``."""
    if type(a) is int and type(b) is int:
        return TRUE if a > b else FALSE
    return _remembered((">", a, b), lambda: _compared(a, b, ">"))


def le(a: Real, b: Real) -> Condition:
    """``a <= b``."""
    return ge(b, a)


def lt(a: Real, b: Real) -> Condition:
    """``a < b``."""
    return gt(b, a)


def _compared(a: Real, b: Real, relation: str) -> Condition:
    if ratio.is_real(a) or ratio.is_real(b):
        return _reals(a, b, relation)
    difference = subtract(a, b)
    if relation == ">":
        difference, relation = subtract(difference, 1), ">="
    return _zero(difference) if relation == "==" else _not_negative(difference)


def _reals(a: Real, b: Real, relation: str) -> Condition:
    x, y = ratio.fraction(a), ratio.fraction(b)
    if x is not None and y is not None and all(_exact_quotient(v) for v in (a, b)):
        low = [BY_THEMSELVES.interval(d)[0] for d in (x[1], y[1])]
        if all(least is not None and least > 0 for least in low):
            from convsym.sizes.arithmetic import multiply

            return _compared(multiply(x[0], y[1]), multiply(y[0], x[1]), relation)
    difference = ratio.subtract(a, b)
    if isinstance(difference, (int, float)):
        return TRUE if {"==": difference == 0, ">=": difference >= 0, ">": difference > 0}[relation] else FALSE
    if not isinstance(difference, RealFunction):
        return _compared(difference, 0, relation)
    return Comparison(difference, relation)


def _equals_own_argument(found: Terms) -> Condition | None:
    """``min(a, b) == a`` says that no argument is smaller than a; None where this is no such comparison."""
    for atom, coefficient in found.items():
        if isinstance(atom, Extreme) and abs(coefficient) == 1:
            value = collect({m: -c * coefficient for m, c in found.items() if m is not atom})
            if expression(value) in atom.args:
                return all_of(*(ge(value, arg) if atom.sign > 0 else le(value, arg) for arg in atom.args))
    return None


def _exact_quotient(value: Real) -> bool:
    # A double this near to a short constant is that constant: quotients of sizes keep at least 1/d apart.
    if isinstance(value, float):
        return value.as_integer_ratio()[1] <= 2**16
    return not isinstance(value, RealFunction) or isinstance(value, FloatQuotient)


def _zero(size: Size) -> Condition:
    if isinstance(size, int):
        return TRUE if size == 0 else FALSE
    found = without_positive_factors(dict(terms(size)))
    if set(found) <= {ONE}:
        return FALSE
    common = math.gcd(*(c for m, c in found.items() if m is not ONE))
    constant = found.get(ONE, 0)
    if constant % common:
        return FALSE
    lead = min((m for m in found if m is not ONE), key=sort_key)
    if found[lead] < 0:
        common = -common
    found = {m: c // common for m, c in found.items()}
    low, high = BY_THEMSELVES.interval(collect(found))
    if (low is not None and low > 0) or (high is not None and high < 0):
        return FALSE
    extreme = _equals_own_argument(found)
    if extreme is not None:
        return extreme
    roots = rooted(found, "==")
    if roots is not None:
        return eq(*roots)
    recognised = remainder_in(found)
    if recognised is not None:
        factor, remainder, constant = recognised
        value, left = divmod(-constant, factor)
        if left or not 0 <= value < remainder.divisor:
            return FALSE
        return divides(remainder.divisor, subtract(remainder.number, value))
    symbolic = symbolic_remainder_in(found)
    if symbolic is not None:
        return divides(*symbolic)
    return Comparison(expression(collect(found)), "==")


def _not_negative(size: Size) -> Condition:
    if isinstance(size, int):
        return TRUE if size >= 0 else FALSE
    found = without_positive_factors(dict(terms(size)))
    if set(found) <= {ONE}:
        return TRUE if found.get(ONE, 0) >= 0 else FALSE
    common = math.gcd(*(c for m, c in found.items() if m is not ONE))
    if common > 1:
        # What is left of the constant is rounded down: 2*n + 3 >= 0 says the same as n + 1 >= 0.
        found = {m: c // common for m, c in found.items()}
    size = collect(found)
    low, high = BY_THEMSELVES.interval(size)
    if low is not None and low >= 0:
        return TRUE
    if high is not None and high < 0:
        return FALSE
    others = [m for m in found if m is not ONE]
    if len(others) == 1:
        (atom,) = others
        sign, constant = found[atom], found.get(ONE, 0)
        if isinstance(atom, FloorDiv) and atom.args[1].is_Integer:
            d = int(atom.args[1])
            if sign == 1:
                return ge(atom.args[0], -constant * d)
            return le(atom.args[0], constant * d + d - 1)
        if isinstance(atom, Extreme):
            parts = [ge(arg, -constant) if sign == 1 else le(arg, constant) for arg in atom.args]
            return any_of(*parts) if atom.sign == sign else all_of(*parts)
    roots = rooted(found, ">=")
    if roots is not None:
        return ge(*roots)
    recognised = remainder_in(found)
    if recognised is not None:
        return _remainder_not_negative(size, *recognised)
    return Comparison(expression(size), ">=")


def _remainder_not_negative(size: Size, factor: int, remainder: Anything, constant: int) -> Condition:
    # factor * (n % d) + constant >= 0: only some remainders are high, or low, enough.
    d = remainder.divisor
    if factor > 0:
        least = -(constant // factor)
        good = range(max(least, 0), d)
    else:
        good = range(min(constant // -factor, d - 1) + 1)
    if len(good) in (0, d):
        return TRUE if good else FALSE
    if len(good) == 1:
        return divides(d, subtract(remainder.number, good[0]))
    if len(good) == d - 1:
        (bad,) = set(range(d)) - set(good)
        return negate(divides(d, subtract(remainder.number, bad)))
    return Comparison(expression(size), ">=")


def divides(divisor: Size, size: Size) -> Condition:
    """``size % divisor == 0``. Nothing is divisible by zero."""
    if type(divisor) is int and type(size) is int:
        return TRUE if divisor and size % divisor == 0 else FALSE
    return _remembered(("|", divisor, size), lambda: _divisible(divisor, size))


def _divisible(divisor: Size, size: Size) -> Condition:
    if isinstance(divisor, sympy.Expr) and divisor.is_Integer:
        divisor = int(divisor)
    if not isinstance(divisor, int):
        return _divisible_by_symbols(divisor, size)
    if divisor == 0:
        return FALSE
    d = abs(divisor)
    found = {m: c % d for m, c in terms(size).items() if c % d}
    others = [c for m, c in found.items() if m is not ONE]
    constant = found.get(ONE, 0)
    if not others:
        return TRUE if constant == 0 else FALSE
    common = math.gcd(d, *others)
    if constant % common:
        return FALSE
    d //= common
    found = {m: c // common for m, c in found.items()}
    if d == 1:
        return TRUE
    # A factor prime to d may go, or be turned round: of both signs the one with the smaller coefficients stands.
    found = {m: c % d for m, c in found.items() if c % d}
    unit = math.gcd(*(c for m, c in found.items() if m is not ONE))
    options = [found, {m: (-c) % d for m, c in found.items()}]
    if math.gcd(unit, d) == 1 and unit > 1:
        inverse = pow(unit, -1, d)
        options += [{m: (c * inverse) % d for m, c in option.items()} for option in options]
    found = min(options, key=lambda o: (sum(c for m, c in o.items() if m is not ONE), o.get(ONE, 0)))
    return Divides(d, expression(collect(found)))


def _shared_factor(a: Size, b: Size) -> sympy.Expr:
    """The product of symbols that is a factor of both, as far as it is surely not zero."""
    first, *others = (*terms(a), *terms(b))
    least = {atom: exponent for atom, exponent in powers(first) if (BY_THEMSELVES.interval(atom)[0] or 0) > 0}
    for monomial in others:
        have = dict(powers(monomial))
        least = {atom: min(exponent, have.get(atom, 0)) for atom, exponent in least.items()}
    return monomial_of(least.items())


def _divisible_by_symbols(divisor: sympy.Expr, size: Size) -> Condition:
    if exact_div(size, divisor) is not None:
        low, _ = BY_THEMSELVES.interval(divisor)
        return TRUE if low is not None and low > 0 else negate(eq(divisor, 0))
    if size == 0:
        return negate(eq(divisor, 0))
    shared = _shared_factor(divisor, size)
    if shared is not ONE:
        (left, right) = (exact_div(part, shared) for part in (divisor, size))
        assert left is not None and right is not None
        return divides(left, right)
    rest = modulo(size, divisor)
    if isinstance(rest, sympy.Expr) and not isinstance(rest, SizeFunction):
        quotient = floor_div(size, divisor)
        top = [m for m in terms(quotient) if isinstance(m, FloorDiv)]
        if len(top) == 1 and terms(quotient)[top[0]] == 1:
            # The quotient's own numerator and denominator have lost what divides both.
            n, d = top[0].args
            if d.is_Integer:
                return divides(int(d), n)
            return Divides(d, expression(n))
    return Divides(divisor, expression(size))


def all_of(*conditions: Condition) -> Condition:
    """All of them hold."""
    return _remembered((All, conditions), lambda: _combined(All, conditions))


def any_of(*conditions: Condition) -> Condition:
    """At least one of them holds."""
    return _remembered((Any, conditions), lambda: _combined(Any, conditions))


def _combined(kind: type[Combination], conditions: Iterable[Condition]) -> Condition:
    neutral, decisive = (TRUE, FALSE) if kind is All else (FALSE, TRUE)
    parts: dict[Condition, None] = {}
    for condition in conditions:
        if condition is decisive:
            return decisive
        if isinstance(condition, kind):
            parts.update(dict.fromkeys(condition.parts))
        elif condition is not neutral:
            parts[condition] = None
    if len(parts) < 2:
        return next(iter(parts), neutral)
    if any(negate(part) in parts for part in parts if not isinstance(part, Combination)):
        return decisive
    return kind(tuple(parts))


def negate(condition: Condition) -> Condition:
    """The condition that holds where this one does not."""
    if isinstance(condition, Constant):
        return FALSE if condition.value else TRUE
    return _remembered(("not", condition), lambda: _negated(condition))


def _negated(condition: Condition) -> Condition:
    if isinstance(condition, Divides):
        if condition.divisor == 2:
            return divides(2, add(condition.expr, 1))
        return Divides(condition.divisor, condition.expr, not condition.wanted)
    if isinstance(condition, Combination):
        parts = [negate(part) for part in condition.parts]
        return any_of(*parts) if isinstance(condition, All) else all_of(*parts)
    assert isinstance(condition, Comparison)
    if condition.relation in ("==", "!="):
        return Comparison(condition.expr, "!=" if condition.relation == "==" else "==")
    if isinstance(condition.expr, RealFunction):
        relation = ">" if condition.relation == ">=" else ">="
        if isinstance(condition.expr, FloatDifference):
            left, right = condition.expr.args
            return Comparison(FloatDifference(right, left), relation)
        return Comparison(expression(ratio.negate(condition.expr)), relation)
    return _not_negative(subtract(subtract(0, condition.expr), 1))
