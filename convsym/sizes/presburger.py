"""Conditions in Presburger terms, with the help of what a domain knows of their symbols."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sympy

from convsym.sizes.arithmetic import Size, multiply
from convsym.sizes.cases import substituted
from convsym.sizes.condition import All, Any, Comparison, Condition, all_of, any_of, eq, negate
from convsym.sizes.evaluate import exprs_in, functions_in
from convsym.sizes.floats import RealFunction
from convsym.sizes.polynomial import ONE, terms
from convsym.sizes.products import without_products
from convsym.sizes.quotient import FloorDiv
from convsym.sizes.sets import is_linear, is_presburger
from convsym.sizes.truth import Truth

if TYPE_CHECKING:
    from convsym.sizes.domain import Domain

#: A symbol with fewer values than this in a domain may be looked at value by value.
MOST_VALUES = 12


def in_presburger_terms(domain: Domain, condition: Condition) -> Condition | None:
    """A Presburger condition that holds in the domain exactly where this one does; None where none is known.

    >>> from convsym.sizes.domain import Domain
    >>> from convsym.sizes.spelling import parse_condition
    >>> in_presburger_terms(Domain.positive(["H", "W"]), parse_condition("H*W == 1"))
    H == 1 and W == 1
    """
    if is_presburger(condition):
        return condition
    if isinstance(condition, (All, Any)):
        return _in_turn(domain, condition)
    found = without_products(condition)
    if found is None:
        found = without_products(_with_known(domain, condition), lambda claim: _proves(domain, claim))
    return found if found is not None else _value_by_value(domain, condition)


def _in_turn(domain: Domain, condition: All | Any) -> Condition | None:
    """Each part where those before it leave it open: of ``a or b``, b matters only where a does not hold."""
    everywhere = isinstance(condition, All)
    there, found = domain, []
    for part in sorted(condition.parts, key=is_presburger, reverse=True):
        if there.is_surely_empty:
            break
        exact = in_presburger_terms(there, part)
        if exact is None:
            return None
        found.append(exact)
        if exact is part:
            there = there.assume_alone(part if everywhere else negate(part))
    return all_of(*found) if everywhere else any_of(*found)


def _with_known(domain: Domain, condition: Condition) -> Condition:
    """The condition with numbers for what can have one value only, and with multiples of coarse quotients for the finer
    ones of which the domain says that they come out even."""
    known: dict[sympy.Expr, Size] = dict(_products(domain, condition))
    quotients = []
    for atom in (*condition.symbols, *functions_in(exprs_in(condition))):
        low, high = (None, None) if isinstance(atom, RealFunction) else domain.interval(atom)
        if low is not None and low == high:
            known[atom] = low
        elif isinstance(atom, FloorDiv) and atom.args[1].is_Integer and is_linear(atom):
            quotients.append(atom)
    quotients.sort(key=lambda quotient: -int(quotient.args[1]))
    for place, fine in enumerate(quotients):
        for coarse in quotients[:place]:
            ratio, left = divmod(int(coarse.args[1]), int(fine.args[1]))
            if ratio > 1 and not left and fine.free_symbols == coarse.free_symbols and coarse not in known:
                multiple = multiply(ratio, coarse)
                if _proves(domain, eq(fine, multiple)):
                    known[fine] = multiple
                    break
    return substituted(condition, known) if known else condition


def _products(domain: Domain, condition: Condition) -> Iterator[tuple[sympy.Expr, int]]:
    """Products of which the domain assumes what they are."""
    for equation in (equation for part in domain.components() for equation in part.conditions):
        if isinstance(equation, Comparison) and equation.relation == "==" and equation.symbols <= condition.symbols:
            found = None if isinstance(equation.expr, RealFunction) else dict(terms(equation.expr))
            if found is not None and len(found) == 2 and ONE in found:
                value = -found.pop(ONE)
                ((monomial, coefficient),) = found.items()
                if monomial.is_Mul and coefficient == 1:
                    yield monomial, value


def _value_by_value(domain: Domain, condition: Condition) -> Condition | None:
    """A union over the values of one symbol, where it has few."""
    ranges = {s: range(low, high + 1) for s in condition.symbols for low, high in [domain.interval(s)] if low and high}
    few = [s for s, values in ranges.items() if 1 < len(values) < MOST_VALUES]
    if not few or len(condition.symbols) == 1:
        return None
    symbol = min(few, key=lambda s: (len(ranges[s]), s.name))
    parts = []
    for value in ranges[symbol]:
        exact = without_products(substituted(condition, {symbol: value}), lambda claim: _proves(domain, claim))
        if exact is None:
            return None
        parts.append(all_of(eq(symbol, value), exact))
    return any_of(*parts)


def _proves(domain: Domain, condition: Condition) -> bool:
    return domain.decide(condition) is Truth.YES
