"""Conditions in the words a person would use: symbols left, the constant right, remainders as remainders."""

from __future__ import annotations

import sympy

from convsym.sizes.condition import All, Any, Comparison, Condition, Constant, Divides
from convsym.sizes.extremes import Extreme
from convsym.sizes.factors import factored
from convsym.sizes.floats import FloatDifference, RealFunction
from convsym.sizes.polynomial import ONE, Size, Terms, from_terms, terms
from convsym.sizes.remainders import remainder_in
from convsym.sizes.text import text

_FLIPPED = {"==": "==", "!=": "!=", ">=": "<=", ">": "<"}


def phrase(condition: Condition) -> str:
    """Python source that is true exactly where the condition holds."""
    if isinstance(condition, Constant):
        return str(condition.value)
    if isinstance(condition, Comparison):
        return _comparison(condition)
    if isinstance(condition, Divides):
        return _divisibility(condition)
    if isinstance(condition, All):
        return joined(condition.parts)
    assert isinstance(condition, Any)
    return " or ".join(f"({phrase(p)})" if isinstance(p, All) else phrase(p) for p in condition.parts)


def joined(parts: tuple[Condition, ...]) -> str:
    """The parts with ``and`` between them; two bounds of one thing become one chain."""
    waiting = list(parts)
    out = []
    while waiting:
        part = waiting.pop(0)
        mine = _bound(part)
        partner = None
        if mine is not None:
            opposite = {m: -c for m, c in mine[0].items()}
            partner = next((p for p in waiting if (b := _bound(p)) is not None and b[0] == opposite), None)
        if mine is not None and partner is not None:
            theirs = _bound(partner)
            assert theirs is not None
            low, high = (mine, theirs) if _leads(mine[0]) else (theirs, mine)
            out.append(f"{-low[1]} <= {text(from_terms(low[0]))} <= {high[1]}")
            waiting.remove(partner)
        else:
            out.append(f"({phrase(part)})" if isinstance(part, Any) and len(parts) > 1 else phrase(part))
    return " and ".join(out)


def _bound(condition: Condition) -> tuple[Terms, int] | None:
    """``(terms, constant)`` of a comparison ``terms + constant >= 0`` of sizes."""
    if not isinstance(condition, Comparison) or condition.relation != ">=":
        return None
    if isinstance(condition.expr, RealFunction) or remainder_in(terms(condition.expr)) is not None:
        return None
    found = dict(terms(condition.expr))
    constant = found.pop(ONE, 0)
    return found, constant


def _leads(found: Terms) -> bool:
    positive = sum(1 for c in found.values() if c > 0)
    return positive * 2 > len(found) or (positive * 2 == len(found) and text(from_terms(found))[0] != "-")


def _comparison(condition: Comparison) -> str:
    expr, relation = condition.expr, condition.relation
    if isinstance(expr, RealFunction):
        if isinstance(expr, FloatDifference):
            left, right = (_operand(arg) for arg in expr.args)
            if expr.args[0].is_Rational:
                left, right, relation = right, left, _FLIPPED[relation]
            return f"{left} {relation} {right}"
        return f"{text(expr)} {relation} 0"
    found = dict(terms(expr))
    recognised = remainder_in(found)
    if recognised is not None:
        factor, remainder, constant = recognised
        shown = text(from_terms(found) if not constant else _plain(found, constant))
        if factor > 0 and " % " in shown:
            return f"{shown} {relation} {-constant}"
        if relation == ">=" and factor < 0:
            return f"{_remainder(remainder.number, remainder.divisor)} <= {constant // -factor}"
    product = factored(expr) if len(found) > 2 or (len(found) == 2 and ONE not in found) else None
    if product is not None and any(factor.is_Add for factor in product.factors):
        return _product(product.coefficient, product.factors, product.constant, relation)
    constant = found.pop(ONE, 0)
    above: Terms = {m: c for m, c in found.items() if c > 0}
    below: Terms = {m: -c for m, c in found.items() if c < 0}
    if not above:
        above, below, constant, relation = below, above, -constant, _FLIPPED[relation]
    if relation == ">=" and below and constant == -1:
        constant, relation = 0, ">"
    if below and constant > 0 and len(below) > 1:
        above[ONE] = constant
    elif constant:
        below[ONE] = -constant
    return f"{text(from_terms(above))} {relation} {text(from_terms(below))}"


def _plain(found: Terms, constant: int) -> Size:
    return from_terms({m: (c - constant if m is ONE else c) for m, c in found.items()})


def _product(coefficient: int, factors: tuple[sympy.Expr, ...], constant: int, relation: str) -> str:
    if coefficient < 0:
        coefficient, constant, relation = -coefficient, -constant, _FLIPPED[relation]
    shown = [text(f) if f.is_Symbol else f"({text(f)})" for f in factors]
    if coefficient != 1:
        shown.insert(0, str(coefficient))
    return f"{'*'.join(shown)} {relation} {-constant}"


def _operand(arg: sympy.Expr) -> str:
    if arg.is_Rational:
        return str(int(arg)) if arg.is_Integer else repr(float(arg))
    return text(arg)


def _remainder(number: Size, divisor: Size) -> str:
    left = text(number) if isinstance(number, (sympy.Symbol, Extreme)) else f"({text(number)})"
    right = text(divisor) if isinstance(divisor, (int, sympy.Symbol)) else f"({text(divisor)})"
    return f"{left} % {right}"


def _divisibility(condition: Divides) -> str:
    relation = "==" if condition.wanted else "!="
    found = dict(terms(condition.expr))
    value = 0
    if isinstance(condition.divisor, int):
        constant = found.pop(ONE, 0)
        value = -constant % condition.divisor
        product = factored(condition.expr) if len(found) > 1 else None
        if product is not None and any(f.is_Add for f in product.factors):
            shown = "*".join(
                [str(product.coefficient)] * (product.coefficient != 1)
                + [text(f) if f.is_Symbol else f"({text(f)})" for f in product.factors]
            )
            return f"({shown}) % {condition.divisor} {relation} {-product.constant % condition.divisor}"
    return f"{_remainder(from_terms(found), condition.divisor)} {relation} {value}"
