"""Remainders, recognised in sums: ``H - 16*(H//16)`` is ``H % 16``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from convsym.sizes.polynomial import ONE, Size, Terms, divided, monomial_quotient, powers, terms
from convsym.sizes.quotient import FloorDiv


@dataclass(frozen=True)
class Remainder:
    """``number % divisor``, recognised in a sum as ``number - divisor*(number//divisor)``."""

    number: Size
    divisor: int


def remainder_in(found: Mapping[sympy.Expr, int]) -> tuple[int, Remainder, int] | None:
    """factor, remainder and constant when the sum is ``factor * (n % d) + constant``.

    >>> from convsym.sizes.arithmetic import modulo, symbol
    >>> remainder_in(terms(modulo(symbol("H"), 16) - 3))
    (1, Remainder(number=H, divisor=16), -3)
    """
    from convsym.sizes.division import floor_div

    for monomial, coefficient in found.items():
        if not isinstance(monomial, FloorDiv) or not monomial.args[1].is_Integer:
            continue
        numerator, outer = monomial.args[0], int(monomial.args[1])
        # floor(n / (a*d)) is the quotient of floor(n / a) by d, so d may be any divisor of both.
        for d in _divisors(math.gcd(coefficient, outer)):
            factor = -coefficient // d
            number = floor_div(numerator, outer // d)
            rest: Terms = {m: c for m, c in found.items() if m is not monomial}
            for m, c in terms(number).items():
                rest[m] = rest.get(m, 0) - factor * c
            constant = rest.pop(ONE, 0)
            if not any(rest.values()):
                return factor, Remainder(number, d), constant
    return None


def _divisors(number: int) -> list[int]:
    """The divisors above one, greatest first."""
    return [d for d in range(number, 1, -1) if number % d == 0] if number < 10_000 else [number]


def remainder_range(found: Mapping[sympy.Expr, int]) -> tuple[int, int] | None:
    """The least and the greatest value of a sum that is a multiple of one remainder plus a constant."""
    recognised = remainder_in(found)
    if recognised is None:
        return None
    factor, remainder, constant = recognised
    ends = (constant, constant + factor * (remainder.divisor - 1))
    return (min(ends), max(ends))


def symbolic_remainder_in(found: Mapping[sympy.Expr, int]) -> tuple[sympy.Expr, sympy.Expr] | None:
    """d and n when the sum is a multiple of ``n % d`` for a divisor with symbols in it: ``12 - N*(12//N)``."""
    quotients = {
        atom
        for m in found
        for atom, e in powers(m)
        if e == 1 and isinstance(atom, FloorDiv) and not atom.args[1].is_Integer
    }
    for quotient in quotients:
        numerator, denominator = quotient.args
        before: Terms = {}
        rest: Terms = {}
        for m, c in found.items():
            others = monomial_quotient(m, quotient)
            (rest if others is None else before)[m if others is None else others] = c
        # found == before * (n//d) + rest, which is factor * (n % d) if before == -factor * d and rest == factor * n.
        down, up = divided(before, terms(denominator)), divided(rest, terms(numerator))
        if down is not None and up is not None and set(down) == set(up) == {ONE} and down[ONE] == -up[ONE]:
            return denominator, numerator
    return None
