"""Integer polynomials as products of polynomials that have no factors any more."""

from __future__ import annotations

import math
from dataclasses import dataclass

import sympy
from sympy.polys.domains import ZZ
from sympy.polys.rings import PolyElement, PolyRing

from convsym.sizes.polynomial import TABLE_LIMIT, Size, from_terms, monomial_of, powers, sort_key, terms
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
    Factorisation(content=2, factors=((H - 3, 1), (W, 1)))
    """
    try:
        return _found[size]
    except KeyError:
        if len(_found) > TABLE_LIMIT:
            _found.clear()
        made = _found[size] = _factorised(size)
        return made


def _factorised(size: sympy.Expr) -> Factorisation:
    found = terms(size)
    if all(sum(e for _, e in powers(m)) < 2 for m in found):
        # Of the first degree there is nothing to divide but a number.
        content = math.gcd(*found.values())
        rest = collect({m: c // content for m, c in found.items()})
        return Factorisation(content, () if isinstance(rest, int) else ((rest, 1),))
    atoms = sorted({atom for m in found for atom, _ in powers(m)}, key=sort_key)
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
    factors = sorted(((size_of(part), int(e)) for part, e in parts), key=lambda factor: str(factor[0]))
    return Factorisation(int(content), tuple(factors))
