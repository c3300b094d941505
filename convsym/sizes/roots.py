"""Comparisons of powers as comparisons of their roots: ``x**2 == 49`` says ``x == 7`` of a size that is not negative."""

from __future__ import annotations

import math

import sympy

from convsym.sizes.bounds import BY_THEMSELVES
from convsym.sizes.polynomial import ONE, Size, Terms, from_terms, monomial_of, powers


def rooted(found: Terms, relation: str) -> tuple[Size, Size] | None:
    """Two sizes of which the relation, ``==`` or ``>=``, holds exactly where it holds between the sum and zero.

    The sum is a power and a number, or the difference of two powers; None for any other.

    >>> from convsym.sizes.polynomial import terms
    >>> H, W = sympy.symbols("H W", positive=True, integer=True)
    >>> rooted(terms(H**2 - 50), ">="), rooted(terms(4*H**2 - W**2), "==")
    ((H, 8), (2*H, W))
    """
    sides = [(m, c) for m, c in found.items() if m is not ONE]
    if len(sides) > 2 or len(sides) == len(found) == 1:
        return None
    degree = math.gcd(*(e for m, _ in sides for _, e in powers(m)))
    if degree < 2 or not all(_is_positive(m) for m, _ in sides):
        return None
    above = [side for side in sides if side[1] > 0]
    if len(sides) == 2:
        if ONE in found or len(above) != 1:
            return None
        (below,) = (side for side in sides if side[1] < 0)
        left, right = _root(*above[0], degree), _root(below[0], -below[1], degree)
        return None if left is None or right is None else (left, right)
    root = _root(sides[0][0], abs(sides[0][1]), degree)
    if root is None:
        return None
    value = -found[ONE] if above else found[ONE]
    if value < 0:
        # A power is never negative.
        return (0, 1) if relation == "==" or not above else (0, 0)
    whole, exact = sympy.integer_nthroot(value, degree)
    if relation == "==":
        return (root, int(whole)) if exact else (0, 1)
    return (root, int(whole) + (not exact)) if above else (int(whole), root)


def _is_positive(monomial: sympy.Expr) -> bool:
    lows = (BY_THEMSELVES.interval(atom)[0] for atom, _ in powers(monomial))
    return all(low is not None and low >= 0 for low in lows)


def _root(monomial: sympy.Expr, coefficient: int, degree: int) -> Size | None:
    number, exact = sympy.integer_nthroot(coefficient, degree)
    if not exact:
        return None
    return from_terms({monomial_of((atom, e // degree) for atom, e in powers(monomial)): int(number)})
