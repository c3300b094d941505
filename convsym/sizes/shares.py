"""Sums of which some parts count under conditions only: each part times an indicator, 1 where its condition holds, else 0.

Where conditions divide the sizes among themselves, what all of their parts have in common counts everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy
import sympy

from convsym.sizes.arithmetic import add, total
from convsym.sizes.cases import Piecewise, piecewise
from convsym.sizes.condition import TRUE, Condition
from convsym.sizes.polynomial import Size, Terms, accumulate, monomial_quotient, powers, terms, times
from convsym.sizes.sums import collect
from convsym.sizes.tables import Table


@lru_cache(maxsize=1 << 12)
def indicator(condition: Condition) -> Size:
    """1 where a condition holds, else 0.

    >>> from convsym.sizes.arithmetic import symbol
    >>> from convsym.sizes.condition import ge
    >>> indicator(ge(symbol("H"), 4))
    (1 if H >= 4 else 0)
    """
    return 1 if condition is TRUE else piecewise([(condition, 1), (TRUE, 0)])


@dataclass(frozen=True, slots=True)
class Partition:
    """Conditions of which exactly one holds wherever the `whole` does."""

    parts: tuple[Condition, ...]
    whole: Condition = TRUE


def levelled(
    table: Table, monomials: Sequence[sympy.Expr], partitions: Sequence[Partition]
) -> tuple[Table, list[sympy.Expr]]:
    """Sums of monomials, a row a sum, in which what all parts of a partition have in common stands once, for the whole.

    Of partitions inside of parts of others the inner ones come first.
    """
    columns = {monomial: table[:, place] for place, monomial in enumerate(monomials)}
    nothing = numpy.zeros(len(table), numpy.int64)
    for partition in partitions:
        whole = terms(indicator(partition.whole))
        parts = [next(iter(terms(indicator(part)))) for part in partition.parts]
        rests = {q: None for m in columns for part in parts if (q := monomial_quotient(m, part)) is not None}
        for rest in rests:
            places = [times(rest, part) for part in parts]
            common = numpy.minimum.reduce([columns.get(place, nothing) for place in places])
            if common.any():
                for place in places:
                    columns[place] = columns[place] - common
                above = times(rest, next(iter(whole)))
                columns[above] = columns.get(above, nothing) + common
    kept = [monomial for monomial, column in columns.items() if column.any()]
    return numpy.array([columns[m] for m in kept], numpy.int64).reshape(len(kept), len(table)).T, kept


def without_rivals(
    table: Table, monomials: Sequence[sympy.Expr], conditions: Sequence[Condition], partitions: Sequence[Partition]
) -> Table:
    """Sums of monomials of which each counts under a condition, without what only counts where that does not hold.

    They are lower elsewhere, and so may leave a maximum to others.
    """
    excluded: dict[Condition, set[sympy.Expr]] = {}
    for partition in partitions:
        for part in partition.parts:
            rivals = {next(iter(terms(indicator(other)))) for other in partition.parts if other != part}
            excluded.setdefault(part, set()).update(rivals)
            excluded[part] |= excluded.get(partition.whole, set())
    shares = [next((atom for atom, _ in powers(m) if is_indicator(atom)), None) for m in monomials]
    different = {condition: number for number, condition in enumerate(dict.fromkeys(conditions))}
    kept = numpy.array([[share not in excluded.get(c, ()) for share in shares] for c in different], numpy.int64)
    return table * kept.reshape(len(different), len(shares))[[different[c] for c in conditions]]


def sum_of_shares(sizes: Sequence[tuple[Condition, Size]], partitions: Sequence[Partition]) -> Size:
    """The sum of sizes that count where their conditions hold.

    >>> from convsym.sizes.arithmetic import symbol
    >>> from convsym.sizes.condition import ge, negate
    >>> h = symbol("H")
    >>> large = ge(h, 4)
    >>> sum_of_shares([(large, 3 * h), (negate(large), 2 * h)], [Partition((large, negate(large)))])
    2*H + ((H if H >= 4 else 0))
    """
    given: dict[Condition, list[Size]] = {}
    for condition, size in sizes:
        given.setdefault(condition, []).append(size)
    found: dict[Condition, Terms] = {condition: dict(terms(total(each))) for condition, each in given.items()}
    for partition in partitions:
        parts = [found.get(part, {}) for part in partition.parts]
        for monomial in parts[0].keys() & set.intersection(*(set(part) for part in parts)):
            common = min(part[monomial] for part in parts)
            for part in parts:
                part[monomial] -= common
            accumulate(found.setdefault(partition.whole, {}), {monomial: common}, 1)
    everywhere = collect(found.pop(TRUE, {}))
    sums = {condition: size for condition, part in found.items() if (size := collect(part)) != 0}
    return add(everywhere, total([piecewise(pieces) for pieces in _pieces(sums, partitions)]))


def _pieces(
    sums: Mapping[Condition, Size], partitions: Sequence[Partition]
) -> Iterator[Sequence[tuple[Condition, Size]]]:
    """Sums under conditions, those of one partition as the cases of one sum."""
    left = dict(sums)
    for partition in partitions:
        cases = [(part, left.pop(part, 0)) for part in partition.parts]
        found = [case for case in cases if case[1] != 0]
        if len(found) == len(cases) and partition.whole is TRUE:
            yield [*found[:-1], (TRUE, found[-1][1])]
        elif found:
            yield [*found, (TRUE, 0)]
    yield from ([(condition, size), (TRUE, 0)] for condition, size in left.items())


def is_indicator(atom: sympy.Expr) -> bool:
    """Whether a factor is 1 or 0, as `indicator` writes it."""
    return isinstance(atom, Piecewise) and atom.args[1:] == (sympy.S.One, sympy.S.Zero)
