"""Symbols that equations tell, put in their place everywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy

from convsym.sizes.arithmetic import Size, Unknown, negate
from convsym.sizes.cases import decoded, encoded
from convsym.sizes.condition import (
    All,
    Any,
    Comparison,
    Condition,
    Divides,
    all_of,
    any_of,
    divides,
    eq,
    ge,
    ne,
)
from convsym.sizes.condition import negate as negated
from convsym.sizes.domain import Domain
from convsym.sizes.floats import RealFunction
from convsym.sizes.polynomial import expression, from_terms, terms
from convsym.sizes.simplify import Rewriting


def replaced(condition: Condition, sizes: Mapping[sympy.Symbol, Size]) -> Condition:
    """The condition with sizes in place of symbols, normalised.

    >>> from convsym.sizes.arithmetic import symbol
    >>> replaced(ge(symbol("H"), 8), {symbol("H"): 2 * symbol("h")})
    h >= 4
    """
    if condition.symbols.isdisjoint(sizes):
        return condition
    if isinstance(condition, (All, Any)):
        combined = all_of if isinstance(condition, All) else any_of
        return combined(*(replaced(part, sizes) for part in condition.parts))
    if isinstance(condition, Divides):
        found = divides(in_place(condition.divisor, sizes), in_place(condition.expr, sizes))
        return found if condition.wanted else negated(found)
    if isinstance(condition, Comparison) and not isinstance(condition.expr, RealFunction):
        return _RELATIONS[condition.relation](in_place(condition.expr, sizes), 0)
    return decoded(encoded(condition).xreplace({s: expression(v) for s, v in sizes.items()}))


_RELATIONS = {"==": eq, "!=": ne, ">=": ge}


def in_place(size: Size, sizes: Mapping[sympy.Symbol, Size]) -> Size:
    """The size with others in place of symbols, normalised."""
    # Much faster than replacing in the expression as it stands, which sympy would have to bring into its own form.
    return Rewriting(Domain.positive(()), dict(sizes)).of(size)


@dataclass(frozen=True)
class Eliminated:
    """What is left of a condition, and what the symbols that are gone from it are in terms of the others."""

    condition: Condition
    sizes: Mapping[sympy.Symbol, Size]


def eliminated(condition: Condition, kept: Sequence[sympy.Symbol] = ()) -> Eliminated:
    """A conjunction without the symbols that its equations tell; those of ``kept`` stay wherever that is possible.

    >>> from convsym.sizes.spelling import parse_condition
    >>> eliminated(parse_condition("H == W and W == 512 and H*N <= 4096"))
    Eliminated(condition=N <= 8, sizes={H: 512, W: 512})
    """
    sizes: dict[sympy.Symbol, Size] = {}
    while True:
        found = next((f for part in _parts(condition) if (f := _told(part, kept)) is not None), None)
        if found is None:
            return Eliminated(condition, sizes)
        part, symbol, value = found
        others = all_of(*(p for p in _parts(condition) if p is not part))
        condition = all_of(replaced(others, {symbol: value}), ge(value, 1))
        sizes = {s: in_place(v, {symbol: value}) for s, v in sizes.items()} | {symbol: value}


def _parts(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, All) else (condition,)


def _told(part: Condition, kept: Sequence[sympy.Symbol]) -> tuple[Condition, sympy.Symbol, Size] | None:
    """A symbol that the equation says outright, with what it is."""
    if not isinstance(part, Comparison) or part.relation != "==":
        return None
    found = terms(part.expr)
    lone = [
        m
        for m, c in found.items()
        if m.is_Symbol
        and abs(c) == 1
        and not isinstance(m, Unknown)
        and not any(m in other.free_symbols for other in found if other is not m)
    ]
    values: list[tuple[sympy.Symbol, Size]] = []
    for symbol in lone:
        rest = from_terms({m: c for m, c in found.items() if m is not symbol})
        value = negate(rest) if found[symbol] > 0 else rest
        if symbol not in kept or isinstance(value, int):
            values.append((symbol, value))
    # A sum is better to go on with than a difference: W = H + N, not N = W - H.
    values.sort(key=lambda told: (told[0] in kept, any(c < 0 for c in terms(told[1]).values()), told[0].name))
    return (part, *values[0]) if values else None
