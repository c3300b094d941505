"""Floor division with ONE normal form.

A quotient ``floor(n / d)`` is kept with every multiple of ``d`` taken out of ``n``, common factors cancelled, nested
quotients collapsed by ``floor((floor(x/a) + y) / c) == floor((x + a*y) / (a*c))``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd

import sympy

from convsym.sizes.polynomial import (
    ONE,
    TABLE_LIMIT,
    Size,
    Terms,
    accumulate,
    cleaned,
    divided,
    expression,
    from_terms,
    monomial_of,
    monomial_quotient,
    multiplied,
    powers,
    sort_key,
    terms,
)
from convsym.sizes.quotient import FloorDiv
from convsym.sizes.remainders import remainder_range
from convsym.sizes.sums import collect

_quotients: dict[tuple[Size, Size], Size] = {}


def floor_div(numerator: Size, denominator: Size) -> Size:
    """``numerator // denominator`` in normal form; a zero denominator raises ZeroDivisionError."""
    if type(numerator) is int and type(denominator) is int:
        return numerator // denominator
    key = (numerator, denominator)
    try:
        return _quotients[key]
    except KeyError:
        pass
    if isinstance(denominator, sympy.Expr) and denominator.is_Integer:
        denominator = int(denominator)
    if isinstance(denominator, int):
        if denominator == 0:
            raise ZeroDivisionError("a size is divided by zero")
        top = dict(terms(numerator))
        if denominator < 0:
            top, denominator = {m: -c for m, c in top.items()}, -denominator
        found = collect(_over_integer(top, denominator))
    else:
        found = _over_polynomial(numerator, denominator)
    if len(_quotients) > TABLE_LIMIT:
        _quotients.clear()
    _quotients[key] = found
    return found


def ceil_div(numerator: Size, denominator: Size) -> Size:
    """The quotient rounded up; the same object as ``(numerator + denominator - 1) // denominator``."""
    if type(numerator) is int and type(denominator) is int:
        return -((-numerator) // denominator)
    if isinstance(denominator, int) and denominator > 0:
        raised = dict(terms(numerator))
        raised[ONE] = raised.get(ONE, 0) + denominator - 1
        return floor_div(from_terms(raised), denominator)
    negative = {m: -c for m, c in terms(numerator).items()}
    below = floor_div(from_terms(negative), denominator)
    return collect({m: -c for m, c in terms(below).items()})


def _over_integer(top: Terms, d: int) -> Terms:
    """``floor(top / d)`` for a positive d, as terms that are not settled yet."""
    if len(top) > 1 and any(isinstance(m, FloorDiv) for m in top):
        # A remainder is small: (H % 16)//16 is 0 whatever H is.
        ends = remainder_range(top)
        if ends is not None and ends[0] // d == ends[1] // d:
            return {ONE: ends[0] // d} if ends[0] // d else {}
    whole: Terms = {}
    rest: Terms = {}
    common = d
    for monomial, coefficient in top.items():
        k, left = divmod(coefficient, d)
        if k:
            whole[monomial] = k
        if left:
            rest[monomial] = left
            if monomial is not ONE:
                common = gcd(common, left)
    if not rest or (len(rest) == 1 and ONE in rest):
        return whole
    if common > 1:
        # The constant loses its remainder here: floor((g*n + c) / (g*d)) == floor((n + floor(c/g)) / d).
        d //= common
        rest = {m: c // common for m, c in rest.items() if c // common}
        if d == 1:
            accumulate(whole, rest, 1)
            return cleaned(whole)
    inner = [m for m, c in rest.items() if isinstance(m, FloorDiv) and c == 1]
    if inner:
        nested = inner[0] if len(inner) == 1 else min(inner, key=sort_key)
        by = nested.args[1]
        outer = {m: c for m, c in rest.items() if m is not nested}
        lifted = dict(terms(nested.args[0]))
        accumulate(lifted, multiplied(outer, terms(by)), 1)
        lifted = dict(terms(collect(lifted)))
        if by.is_Integer:
            accumulate(whole, _over_integer(lifted, int(by) * d), 1)
        else:
            below = from_terms({m: d * c for m, c in terms(by).items()})
            accumulate(whole, terms(floor_div(from_terms(lifted), below)), 1)
        return cleaned(whole)
    accumulate(whole, {FloorDiv.raw(expression(from_terms(rest)), sympy.Integer(d)): 1}, 1)
    return cleaned(whole)


def _over_polynomial(numerator: Size, denominator: sympy.Expr) -> Size:
    """``floor(numerator / denominator)`` for a denominator with symbols in it."""
    top, bottom = dict(terms(numerator)), dict(terms(denominator))
    if set(bottom) <= {ONE}:
        return floor_div(numerator, bottom.get(ONE, 0))
    lead = min((m for m in bottom if m is not ONE), key=sort_key)
    if bottom[lead] < 0:
        top, bottom = {m: -c for m, c in top.items()}, {m: -c for m, c in bottom.items()}
    exact = divided(top, bottom)
    if exact is not None:
        return collect(exact)
    whole: Terms = {}
    if len(bottom) == 1:
        ((monomial, by),) = bottom.items()
        rest: Terms = {}
        for m, c in top.items():
            reduced = monomial_quotient(m, monomial)
            k, left = divmod(c, by)
            if reduced is not None and k:
                whole[reduced] = k
                if left:
                    rest[m] = left
            else:
                rest[m] = c
        top = rest
    top, bottom = _cancelled(top, bottom)
    if set(bottom) <= {ONE}:
        accumulate(whole, terms(floor_div(from_terms(top), bottom.get(ONE, 0))), 1)
        return collect(whole)
    if len(top) == 1 and _surely_positive(bottom):
        ((only, c),) = top.items()
        if c == 1 and isinstance(only, FloorDiv):
            below = collect(multiplied(terms(only.args[1]), bottom))
            accumulate(whole, terms(floor_div(only.args[0], below)), 1)
            return collect(whole)
    made = FloorDiv.raw(expression(from_terms(top)), expression(from_terms(bottom)))
    accumulate(whole, {made: 1}, 1)
    return collect(whole)


def _surely_positive(found: Mapping[sympy.Expr, int]) -> bool:
    return all(c > 0 and all(atom.is_Symbol and atom.is_positive for atom, _ in powers(m)) for m, c in found.items())


def _cancelled(top: Terms, bottom: Terms) -> tuple[Terms, Terms]:
    """Both without their common factor. Where the factor is zero the division is undefined anyway."""
    if not top:
        return {}, {ONE: 1}
    number = 0
    shared: dict[sympy.Expr, int] | None = None
    for found in (top, bottom):
        for m, c in found.items():
            number = gcd(number, c)
            have = dict(powers(m))
            if shared is None:
                shared = have
            else:
                shared = {a: min(e, have[a]) for a, e in shared.items() if a in have}
    factor = {monomial_of((shared or {}).items()): number}
    if factor != {ONE: 1}:
        top, bottom = divided(top, factor) or {}, divided(bottom, factor) or {}
    if len(bottom) > 1:
        inverse = divided(bottom, top)
        if inverse is not None:
            return {ONE: 1}, inverse
        if len(top) > 1:
            return _without_common_polynomial(top, bottom)
    return top, bottom


def _without_common_polynomial(top: Terms, bottom: Terms) -> tuple[Terms, Terms]:
    atoms = sorted({a for found in (top, bottom) for m in found for a, _ in powers(m)}, key=sort_key)
    names = {atom: sympy.Dummy(f"x{i}") for i, atom in enumerate(atoms)}
    polynomials = [
        sympy.Poly(
            {tuple(dict(powers(m)).get(a, 0) for a in atoms): c for m, c in found.items()}, *names.values(), domain="ZZ"
        )
        for found in (top, bottom)
    ]
    common = polynomials[0].gcd(polynomials[1])
    if common.is_one or common.is_ground:
        return top, bottom
    reduced = [
        {monomial_of(zip(atoms, exponents, strict=True)): int(c) for exponents, c in p.quo(common).terms()}
        for p in polynomials
    ]
    lead = min((m for m in reduced[1]), key=sort_key)
    if reduced[1][lead] < 0:
        reduced = [{m: -c for m, c in found.items()} for found in reduced]
    return reduced[0], reduced[1]
