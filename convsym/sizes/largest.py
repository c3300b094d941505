"""The largest of many sums, such as the bytes alive at each call, without those that others never fall below."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import lcm, prod

import numpy
import sympy

from convsym.sizes.arithmetic import add, multiply
from convsym.sizes.domain import Domain
from convsym.sizes.extremes import Maximum, sum_key
from convsym.sizes.frontier import frontier
from convsym.sizes.order import factors_of, keys
from convsym.sizes.polynomial import Size, expression, terms
from convsym.sizes.simplify import residue_class
from convsym.sizes.sums import collect, normal
from convsym.sizes.tables import Table, matrix_product


def largest(times: Table, sizes: Sequence[Size], domain: Domain) -> Size:
    """The maximum over sums of sizes in a domain where no size is negative: a row a sum, with how often each size is added.

    Sizes may count under conditions only, as in convsym.sizes.shares.

    >>> from convsym.sizes.arithmetic import floor_div, symbol
    >>> h = symbol("H")
    >>> largest(numpy.array([[4, 0, 0], [0, 3, 0], [1, 0, 5]]), [h, floor_div(h, 2), 1], Domain.positive(["H"]))
    max(4*H, H + 5)
    """
    table, monomials = in_monomials(times, sizes)
    scale, short = _shortened(monomials, domain) if domain.conditions else (1, monomials)
    parts, common = in_monomials(numpy.eye(len(short), dtype=numpy.int64), short)
    scaled = matrix_product(table, parts)
    kept = []
    for row in frontier(keys(scaled, common, domain)):
        if (scaled[row] % scale).any():
            # What does not come out even is made shorter by itself.
            each = table[row][:, None] * parts
            odd = (each % scale).any(axis=1)
            rest = domain.simplify(_sum(table[row] * odd, monomials))
            found = add(_sum(each[~odd].sum(axis=0) // scale, common), rest)
        else:
            found = _sum(scaled[row] // scale, common)
        kept.append(expression(found))
    if len(kept) > 1:
        # Each is there because no other stands in for it, so there is nothing for a maximum to leave out.
        return Maximum.raw(*sorted(kept, key=sum_key))
    return normal(kept[0]) if kept else 0


def in_monomials(times: Table, sizes: Sequence[Size]) -> tuple[Table, list[sympy.Expr]]:
    """Sums of sizes as sums of monomials, a row a sum."""
    places: dict[sympy.Expr, int] = {}
    entries = [
        (row, places.setdefault(m, len(places)), c) for row, size in enumerate(sizes) for m, c in terms(size).items()
    ]
    parts = numpy.zeros((len(sizes), len(places)), numpy.int64)
    for row, place, coefficient in entries:
        parts[row, place] = coefficient
    table = matrix_product(times, parts)
    used = numpy.flatnonzero(table.any(axis=0)).tolist()
    monomials = list(places)
    return table[:, used], [monomials[place] for place in used]


def _sum(coefficients: Table, monomials: Sequence[sympy.Expr]) -> Size:
    return collect({m: c for m, c in zip(monomials, coefficients.tolist(), strict=True) if c})


#: So many times a size that a machine holds is still one number of 64 bits.
_GREATEST_SCALE = 1 << 16


def _shortened(monomials: Sequence[sympy.Expr], domain: Domain) -> tuple[int, list[Size]]:
    """A number, and so many times each monomial, as short as the conditions on sizes let it be written.

    Where H is even 2*(H//2) is H, but H//2 alone cannot be written shorter.
    """
    of = cache(lambda s: residue_class(domain, s)[0])
    scale = lcm(*(prod(of(s) for f in factors_of(m) for s in f.free_symbols) for m in monomials))
    scale = scale if scale <= _GREATEST_SCALE else 1
    return scale, [domain.simplify(multiply(scale, monomial)) for monomial in monomials]
