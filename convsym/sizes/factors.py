"""Products hidden in expanded sums: ``16*h*w - 48*h - 48*w`` is ``16*(h - 3)*(w - 3) - 144``."""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from convsym.sizes.bounds import BY_THEMSELVES
from convsym.sizes.irreducible import factorisation
from convsym.sizes.polynomial import (
    ONE,
    TABLE_LIMIT,
    Terms,
    expression,
    from_terms,
    monomial_of,
    monomial_quotient,
    powers,
    sort_key,
    terms,
)


@dataclass(frozen=True)
class Factored:
    """``coefficient * product(factors) + constant``; every factor is a size that is not constant."""

    coefficient: int
    factors: tuple[sympy.Expr, ...]
    constant: int


_factored: dict[sympy.Expr, Factored | None] = {}


def factored(size: sympy.Expr) -> Factored | None:
    """The size as a multiple of two or more factors plus a constant, None where it is no such product.

    >>> from convsym.sizes.arithmetic import multiply, symbol
    >>> factored(multiply(symbol("H") - 3, symbol("W") - 3) - 1)
    Factored(coefficient=1, factors=(H - 3, W - 3), constant=-1)
    """
    try:
        return _factored[size]
    except KeyError:
        pass
    found = dict(terms(size))
    constant = found.pop(ONE, 0)
    answer: Factored | None = None
    degrees = [sum(e for _, e in powers(m)) for m in found]
    if degrees and max(degrees) > 1:
        if len(found) == 1:
            ((monomial, coefficient),) = found.items()
            factors = [atom for atom, e in powers(monomial) for _ in range(e)]
            answer = Factored(coefficient, tuple(sorted(factors, key=sort_key)), constant)
        else:
            answer = _as_product(found, constant) or _completed(found, constant)
            if answer is None and constant:
                answer = _as_product({**found, ONE: constant}, 0)
    if len(_factored) > TABLE_LIMIT:
        _factored.clear()
    _factored[size] = answer
    return answer


def _as_product(found: Terms, constant: int) -> Factored | None:
    whole = factorisation(expression(from_terms(found)))
    factors = [expression(factor) for factor, exponent in whole.factors for _ in range(exponent)]
    if len(factors) < 2:
        return None
    flipped = []
    sign = whole.content
    for factor in factors:
        parts_of = terms(factor)
        lead = min((m for m in parts_of if m is not ONE), key=sort_key)
        if parts_of[lead] < 0:
            sign = -sign
            factor = expression(from_terms({m: -c for m, c in parts_of.items()}))
        flipped.append(factor)
    return Factored(sign, tuple(sorted(flipped, key=sort_key)), constant)


def _completed(found: Terms, constant: int) -> Factored | None:
    """``a*u*v + b*u + c*v`` is a product once ``b*c/a`` is added, also where u and v are parts of sums."""
    crossed = next((m for m in found if len(powers(m)) == 2 and all(e == 1 for _, e in powers(m))), None)
    if crossed is None:
        return None
    u, v = (atom for atom, _ in powers(crossed))
    added, left = divmod(found.get(u, 0) * found.get(v, 0), found[crossed])
    return None if left or not added else _as_product({**found, ONE: added}, constant - added)


def without_positive_factors(found: Terms) -> Terms:
    """Divided by every atom that is surely positive and stands in all terms."""
    if ONE in found or not found:
        return found
    first, *others = found
    shared = {atom: e for atom, e in powers(first) if (low := BY_THEMSELVES.interval(atom)[0]) is not None and low >= 1}
    for m in others:
        if not shared:
            return found
        have = dict(powers(m))
        shared = {atom: min(e, have[atom]) for atom, e in shared.items() if atom in have}
    if not shared:
        return found
    factor = monomial_of(shared.items())
    return {monomial_quotient(m, factor): c for m, c in found.items()}
