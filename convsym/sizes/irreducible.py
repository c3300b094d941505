"""Integer polynomials as products of polynomials that have no factors any more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import sympy
from sympy.polys.domains import ZZ
from sympy.polys.rings import PolyElement, PolyRing

from convsym.sizes.polynomial import (
    ONE,
    TABLE_LIMIT,
    Size,
    from_terms,
    monomial_of,
    monomial_quotient,
    powers,
    sort_key,
    terms,
)
from convsym.sizes.sums import collect


@dataclass(frozen=True)
class Factorisation:
    """``content`` times the factors, each as often as it says; no factor is constant."""

    content: int
    factors: tuple[tuple[Size, int], ...]


_found: dict[sympy.Expr, Factorisation] = {}


def factorisation(size: sympy.Expr) -> Factorisation:
    """The factors of a size over the integers, its atoms taken for variables.

    >>> from convsym.sizes.arithmetic import multiply, symbol
    >>> factorisation(multiply(2 * symbol("H") - 6, symbol("W")))
    Factorisation(content=2, factors=((W, 1), (H - 3, 1)))
    """
    try:
        return _found[size]
    except KeyError:
        if len(_found) > TABLE_LIMIT:
            _found.clear()
        made = _found[size] = _factorised(size)
        return made


def _factorised(size: sympy.Expr) -> Factorisation:
    content, shared, rest = _taken_out(terms(size))
    apart = [(atom, e) for atom, e in powers(shared)]
    if set(rest) <= {ONE}:
        return Factorisation(content * rest[ONE], tuple(apart))
    atoms = sorted({atom for m in rest for atom, _ in powers(m)}, key=sort_key)
    if _is_one(rest, atoms):
        found = [(collect(dict(rest)), 1)]
    else:
        sign, found = _by_rings(rest, atoms)
        content *= sign
    return Factorisation(content, (*apart, *found))


def _taken_out(found: Mapping[sympy.Expr, int]) -> tuple[int, sympy.Expr, Mapping[sympy.Expr, int]]:
    """The number and the monomial that all terms share, and what is left of them."""
    first, *others = found
    shared = dict(powers(first))
    for m in others:
        have = dict(powers(m))
        shared = {atom: min(e, have[atom]) for atom, e in shared.items() if atom in have}
    content, monomial = math.gcd(*found.values()), monomial_of(shared.items())
    left = {monomial_quotient(m, monomial): c // content for m, c in found.items()}
    return content, monomial, {m: c for m, c in left.items() if m is not None}


def _by_rings(found: Mapping[sympy.Expr, int], atoms: list[sympy.Expr]) -> tuple[int, list[tuple[Size, int]]]:
    places = {atom: place for place, atom in enumerate(atoms)}
    # The ring of sympy itself: its `factor_list` would look for structure in what is a polynomial already.
    ring = PolyRing([f"x{place}" for place in range(len(atoms))], ZZ)

    def exponents(monomial: sympy.Expr) -> tuple[int, ...]:
        row = [0] * len(atoms)
        for atom, e in powers(monomial):
            row[places[atom]] = e
        return tuple(row)

    def size_of(element: PolyElement) -> Size:
        listed = ((monomial_of(zip(atoms, row, strict=True)), int(c)) for row, c in element.terms())
        return collect(dict(terms(from_terms(dict(listed)))))

    content, parts = ring.from_dict({exponents(m): ZZ(c) for m, c in found.items()}).factor_list()
    return int(content), [(size_of(part), int(e)) for part, e in parts]


def _is_one(found: Mapping[sympy.Expr, int], atoms: list[sympy.Expr]) -> bool:
    """Whether a polynomial of degree one in each atom surely has no factors but numbers.

    Its factors would share no atom, and of ``a + b*x + c*y + d*x*y`` with x and y in different factors ``a*d == b*c``, at
    whatever numbers for the other atoms. So pairs of atoms for which that fails somewhere stand in the same factor.
    """
    if any(e > 1 for m in found for _, e in powers(m)):
        return False
    numbers = {atom: 7919 * (place + 1) ** 2 + 10007 for place, atom in enumerate(atoms)}
    listed = [({atom for atom, _ in powers(m)}, c) for m, c in found.items()]

    def together(x: sympy.Expr, y: sympy.Expr) -> bool:
        sums = {(False, False): 0, (False, True): 0, (True, False): 0, (True, True): 0}
        for members, c in listed:
            rest = math.prod(numbers[atom] for atom in members if atom is not x and atom is not y)
            sums[x in members, y in members] += c * rest
        return sums[False, False] * sums[True, True] != sums[False, True] * sums[True, False]

    waiting = set(atoms[1:])
    growing = [atoms[0]]
    while growing and waiting:
        x = growing.pop()
        more = {y for y in waiting if together(x, y)}
        waiting -= more
        growing += more
    return not waiting
