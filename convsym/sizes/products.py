"""Conditions over products, rewritten as unions of conditions over their factors.

``(H//32)*(W//32) == 4`` is a union over the divisors of 4, ``u*v >= 6`` a staircase of boxes, ``25 | N*h*w`` a way to
distribute the two fives over the factors, and ``u*v == x*y`` with ``u >= x`` and ``v >= y`` two equalities. Every
rewriting is an equivalence for all values the symbols can have; where none is known the answer is None.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product as combinations

import sympy

from convsym.sizes.arithmetic import modulo, negate, subtract
from convsym.sizes.bounds import BY_THEMSELVES
from convsym.sizes.cases import Piecewise
from convsym.sizes.condition import (
    FALSE,
    TRUE,
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
    le,
)
from convsym.sizes.condition import negate as contrary
from convsym.sizes.divisors import (
    MOST_PARTS,
    TooMany,
    ceiling_steps,
    compositions,
    divisors,
    floor_steps,
    prime_powers,
)
from convsym.sizes.evaluate import functions_in
from convsym.sizes.extremes import Extreme
from convsym.sizes.factors import factored
from convsym.sizes.monotone import solved
from convsym.sizes.pairing import paired, splits
from convsym.sizes.polynomial import ONE, TABLE_LIMIT, Size, SizeFunction, Terms, expression, powers, terms
from convsym.sizes.quotient import FloorDiv
from convsym.sizes.sets import is_linear, is_presburger, ordered
from convsym.sizes.sums import collect

Proves = Callable[[Condition], bool]

_rewritten: dict[Condition, Condition | None] = {}
#: Conditions that would become too many parts. What a domain proves makes few of them short enough to try again.
_too_long: set[Condition] = set()


def without_products(condition: Condition, proves: Proves | None = None) -> Condition | None:
    """A Presburger condition that holds exactly where this one does, or None.

    ``proves`` may know more than that symbols are positive, such as a domain; without it answers are kept.
    """
    if is_presburger(condition):
        return condition
    if proves is None and condition in _rewritten:
        return _rewritten[condition]
    if condition in _too_long:
        return None
    if isinstance(condition, (All, Any)):
        parts = [without_products(part, proves) for part in condition.parts]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            found = None
        else:
            found = all_of(*known) if isinstance(condition, All) else any_of(*known)
    else:
        try:
            found = _Rewriting(proves).of(condition)
        except TooMany:
            found = None
            _too_long.add(condition)
    if found is not None and not is_presburger(found):
        found = None
    if proves is None:
        if len(_rewritten) > TABLE_LIMIT // 10:
            _rewritten.clear()
            _too_long.clear()
        _rewritten[condition] = found
    return found


def _with(condition: Comparison, function: SizeFunction, value: sympy.Expr) -> Condition:
    """The condition where the function has this value. It holds nowhere if something would be divided by zero."""
    try:
        expr = collect(dict(terms(condition.expr.xreplace({function: value}))))
    except ZeroDivisionError:
        return FALSE
    return eq(expr, 0) if condition.relation == "==" else ge(expr, 0)


class _Rewriting:
    def __init__(self, proves: Proves | None):
        self._asked = proves
        self._parts = 0

    def of(self, condition: Condition) -> Condition | None:
        if is_presburger(condition):
            return condition
        if isinstance(condition, (All, Any)):
            parts = [self.of(part) for part in condition.parts]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return all_of(*known) if isinstance(condition, All) else any_of(*known)
        if isinstance(condition, Divides):
            if not condition.wanted:
                found = self.of(divides(condition.divisor, condition.expr))
                return None if found is None else contrary(found)
            return self._divisibility(condition.divisor, condition.expr)
        assert isinstance(condition, Comparison)
        if condition.relation == "!=":
            found = self.of(Comparison(condition.expr, "=="))
            return None if found is None else contrary(found)
        if len(condition.symbols) == 1:
            found = solved(condition)
            if found is not None:
                return found
        return self._comparison(condition)

    def _proves(self, condition: Condition) -> bool:
        if condition is TRUE or condition is FALSE:
            return condition is TRUE
        return self._asked is not None and self._asked(condition)

    def _count(self, parts: int) -> None:
        self._parts += parts
        if self._parts > MOST_PARTS:
            raise TooMany

    # Comparisons

    def _comparison(self, condition: Comparison) -> Condition | None:
        if not condition.expr.free_symbols or condition.relation == ">":
            return None
        try:
            found = dict(terms(condition.expr))
        except TypeError:
            return None
        pieces = self._by_pieces(condition)
        if pieces is not None:
            return self.of(pieces)
        others = [m for m in found if m is not ONE]
        if len(others) == 1 and isinstance(others[0], FloorDiv) and condition.relation == "==":
            value, left = divmod(-found.get(ONE, 0), found[others[0]])
            return FALSE if left else self.of(all_of(ge(others[0], value), le(others[0], value)))
        product = factored(condition.expr)
        if product is not None and product.constant == 0 and condition.relation == "==" and len(product.factors) > 1:
            return self.of(any_of(*(eq(factor, 0) for factor in product.factors)))
        if product is not None and all(is_linear(factor) for factor in product.factors):
            return self._product(
                list(product.factors), product.coefficient, product.constant, equal=condition.relation == "=="
            )
        return self._two_products(found, condition.relation)

    def _by_pieces(self, condition: Comparison) -> Condition | None:
        for function in functions_in([condition.expr]):
            if isinstance(function, Piecewise):
                parts = []
                before: list[Condition] = []
                for case, size in function.pieces:
                    there = _with(condition, function, expression(size))
                    parts.append(all_of(*before, case, there))
                    before.append(contrary(case))
                return any_of(*parts)
            if isinstance(function, Extreme) and not is_linear(function):
                return any_of(*(self._where_it_is(condition, function, arg) for arg in function.args))
        return None

    def _where_it_is(self, condition: Comparison, extreme: Extreme, arg: sympy.Expr) -> Condition:
        """Where the minimum or maximum is this one of its arguments, and the condition holds."""
        beaten = [le(other, arg) if extreme.sign > 0 else ge(other, arg) for other in extreme.args if other is not arg]
        return all_of(*beaten, _with(condition, extreme, arg))

    def _product(self, factors: list[sympy.Expr], coefficient: int, constant: int, equal: bool) -> Condition | None:
        """``coefficient * product(factors) + constant``, equal to zero or not negative."""
        signs = [self._signs(factor) for factor in factors]
        parts = []
        self._count(math.prod(map(len, signs)))
        for choice in combinations(*signs):
            sides = [
                TRUE if len(options) == 1 else (ge(factor, 0) if sign > 0 else le(factor, -1))
                for factor, sign, options in zip(factors, choice, signs, strict=True)
            ]
            sizes = [factor if sign > 0 else negate(factor) for factor, sign in zip(factors, choice, strict=True)]
            sign = coefficient * math.prod(choice)
            if equal:
                value, left = divmod(-constant, sign)
                there = FALSE if left else self._equals(sizes, value)
            elif sign > 0:
                there = self._at_least(sizes, -(constant // sign))
            else:
                there = self._at_most(sizes, constant // -sign)
            parts.append(all_of(*sides, there))
        return any_of(*parts)

    def _signs(self, factor: sympy.Expr) -> tuple[int, ...]:
        low, high = BY_THEMSELVES.interval(factor)
        if (low is not None and low >= 0) or self._proves(ge(factor, 0)):
            return (1,)
        if (high is not None and high < 0) or self._proves(le(factor, -1)):
            return (-1,)
        return (1, -1)

    def _equals(self, factors: list[Size], value: int) -> Condition:
        first, *rest = factors
        if value < 0:
            return FALSE
        if value == 0:
            return any_of(*(self._is(factor, 0) for factor in factors))
        if not rest:
            return self._is(first, value)
        found = list(divisors(value))
        self._count(len(found))
        return any_of(*(all_of(self._is(first, d), self._equals(rest, value // d)) for d in found))

    def _is(self, factor: Size, value: int) -> Condition:
        # Two bounds are simpler than an equation with a quotient.
        return all_of(ge(factor, value), le(factor, value)) if _is_quotient(factor) else eq(factor, value)

    def _at_least(self, factors: list[Size], value: int) -> Condition:
        first, *rest = factors
        if value <= 0:
            return TRUE
        if not rest:
            return ge(first, value)
        steps = list(ceiling_steps(value))
        self._count(len(steps))
        return any_of(*(all_of(ge(first, i), self._at_least(rest, -(-value // i))) for i in steps))

    def _at_most(self, factors: list[Size], value: int) -> Condition:
        first, *rest = factors
        if value < 0:
            return FALSE
        if not rest:
            return le(first, value)
        parts = [le(first, 0), self._at_most(rest, 0)]
        steps = list(floor_steps(value))
        self._count(len(steps))
        parts += [all_of(le(first, i), self._at_most(rest, value // i)) for i in steps]
        return any_of(*parts)

    def _two_products(self, found: Terms, relation: str) -> Condition | None:
        """``u*v*... - x*y*...`` where the factors over the same symbols can be ordered the same way throughout."""
        constant = found.get(ONE, 0)
        if relation == ">=" and constant == -1:
            # More than nothing: the products differ, the right way round.
            level = {m: c for m, c in found.items() if m is not ONE}
            return self._both(self._two_products(level, ">="), self._two_products(level, "=="))
        for left, right in splits(found):
            pairs = paired(left, right)
            if pairs is None:
                continue
            if all(self._ordered(u, v) for u, v in pairs):
                # u >= v >= 0 throughout: the products are equal where all pairs are, or where the larger is zero.
                if relation == ">=":
                    return TRUE
                return any_of(all_of(*(eq(u, v) for u, v in pairs)), *(eq(u, 0) for u, _ in pairs))
            if all(self._ordered(v, u) for u, v in pairs):
                same = any_of(all_of(*(eq(u, v) for u, v in pairs)), *(eq(v, 0) for _, v in pairs))
                return same
        return None

    def _both(self, order: Condition | None, same: Condition | None) -> Condition | None:
        return None if order is None or same is None else all_of(order, contrary(same))

    def _ordered(self, larger: Size, smaller: Size) -> bool:
        from convsym.sizes.domain import Domain

        claim = all_of(ge(smaller, 0), ge(larger, smaller))
        if self._proves(claim):
            return True
        from convsym.sizes.truth import Truth

        names = [s.name for s in ordered(claim.symbols)]
        return Domain.positive(names).decide(claim) is Truth.YES if is_presburger(claim) else False

    # Divisibility

    def _divisibility(self, divisor: Size, size: sympy.Expr) -> Condition | None:
        if not isinstance(divisor, int):
            return self._symbolic_divisor(divisor, size)
        product = factored(size)
        if product is not None and all(is_linear(f) for f in product.factors) and product.constant % divisor == 0:
            needed = divisor // math.gcd(divisor, product.coefficient)
            return all_of(*(self._shared(list(product.factors), p, e) for p, e in prime_powers(needed)))
        return self._by_residues(divisor, size)

    def _shared(self, factors: list[sympy.Expr], prime: int, exponent: int) -> Condition:
        """At least ``exponent`` factors of the prime, spread over the factors in some way."""
        ways = list(compositions(exponent, len(factors)))
        self._count(len(ways))
        return any_of(
            *(all_of(*(divides(prime**e, f) for e, f in zip(way, factors, strict=True) if e)) for way in ways)
        )

    def _by_residues(self, divisor: int, size: sympy.Expr) -> Condition | None:
        atoms = sorted({atom for m in terms(size) for atom, _ in powers(m)}, key=str)
        if not all(is_linear(atom) for atom in atoms) or divisor ** len(atoms) > MOST_PARTS:
            return None
        parts = []
        for residues in combinations(range(divisor), repeat=len(atoms)):
            values = dict(zip(atoms, residues, strict=True))
            total = sum(c * math.prod(values[a] ** e for a, e in powers(m)) for m, c in terms(size).items())
            if total % divisor == 0:
                parts.append(all_of(*(divides(divisor, subtract(a, r)) for a, r in values.items())))
        return any_of(*parts)

    def _symbolic_divisor(self, divisor: sympy.Expr, size: sympy.Expr) -> Condition | None:
        if size.is_Integer and is_linear(divisor):
            value = int(size)
            if value == 0:
                return contrary(eq(divisor, 0))
            found = list(divisors(abs(value)))
            self._count(2 * len(found))
            return any_of(*(any_of(eq(divisor, d), eq(divisor, -d)) for d in found))
        rest = modulo(size, divisor)
        low, _ = BY_THEMSELVES.interval(divisor)
        if isinstance(rest, int) and low is not None and low > 0:
            return eq(rest, 0)
        return None


def _is_quotient(factor: Size) -> bool:
    return not isinstance(factor, int) and any(isinstance(m, FloorDiv) for m in terms(factor))
