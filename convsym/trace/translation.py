"""Sizes and conditions that torch's symbolic shapes speak of, read as ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import sympy

from convsym.sizes import condition, ratio
from convsym.sizes.arithmetic import (
    Size,
    ceil_div,
    floor_div,
    maximum,
    minimum,
    modulo,
    multiply,
    power,
    product,
    total,
)
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, negate
from convsym.sizes.ratio import Real, is_real


class Untranslatable(Exception):
    """An expression of torch's that sizes cannot hold."""


class Translation:
    """Reads torch's expressions; `symbols` says what its symbols stand for.

    >>> from convsym.sizes.arithmetic import symbol
    >>> s = sympy.Symbol("s0", integer=True)
    >>> Translation({s: symbol("H")}).size(2 * s + 1)
    2*H + 1
    """

    def __init__(self, symbols: Mapping[sympy.Symbol, Real]) -> None:
        self.symbols = symbols

    def size(self, expr: Any) -> Size:
        """An integer expression.

        Raises Untranslatable for what is no integer, or made with a function that sizes do not have.
        """
        found = self.real(expr)
        if is_real(found):
            raise Untranslatable(f"{expr} is no integer")
        return found

    def real(self, expr: Any) -> Real:
        """An expression of integers or floats."""
        if isinstance(expr, (int, float)):
            return expr
        if expr.is_Integer:
            return int(expr)
        if expr.is_Float:
            return float(expr)
        if expr.is_Symbol:
            if expr not in self.symbols:
                raise Untranslatable(f"{expr} stands for no size")
            return self.symbols[expr]
        name = type(expr).__name__
        if name == "Where":
            return piecewise([(self.condition(expr.args[0]), self.size(expr.args[1])), (TRUE, self.size(expr.args[2]))])
        if name == "Pow":
            return power(self.size(expr.args[0]), _exponent(expr.args[1]))
        parts = [self.real(arg) for arg in expr.args]
        if name.startswith("OpaqueUnaryFn_"):
            return ratio.function(name.partition("_")[2], *parts)
        operation = _ON_INTEGERS.get(name) if not any(map(is_real, parts)) else _ON_REALS.get(name)
        operation = operation or _ON_REALS.get(name)
        if operation is None:
            raise Untranslatable(f"sizes have no {name}")
        return operation(*parts)

    def condition(self, expr: Any) -> Condition:
        """A relation, or a combination of relations."""
        if expr is True or expr == sympy.true:
            return TRUE
        if expr is False or expr == sympy.false:
            return FALSE
        combine = _COMBINATIONS.get(type(expr).__name__)
        if combine is not None:
            return combine(*map(self.condition, expr.args))
        build = _RELATIONS.get(type(expr).__name__)
        if build is None:
            raise Untranslatable(f"{expr} is no relation between sizes")
        return build(self.real(expr.args[0]), self.real(expr.args[1]))


def _exponent(expr: sympy.Expr) -> int:
    if not expr.is_Integer or expr < 0:
        raise Untranslatable(f"{expr} is no exponent of a size")
    return int(expr)


def _folded(operation: Callable[[Real, Real], Real]) -> Callable[..., Real]:
    return lambda *parts: reduce(operation, parts)


_ON_INTEGERS: dict[str, Callable[..., Any]] = {
    "Add": lambda *parts: total(parts),
    "Mul": lambda *parts: product(parts),
    "FloorDiv": floor_div,
    "CleanDiv": floor_div,
    "CeilDiv": ceil_div,
    "Mod": modulo,
    "PythonMod": modulo,
    "ModularIndexing": lambda number, divisor, modulus: modulo(floor_div(number, divisor), modulus),
    "Max": maximum,
    "Min": minimum,
    "Abs": lambda number: maximum(number, multiply(-1, number)),
    "PowByNatural": lambda base, exponent: power(base, exponent),
    "LShift": lambda number, bits: multiply(number, 2**bits),
    "RShift": lambda number, bits: floor_div(number, 2**bits),
    "floor": lambda number: number,
    "ceiling": lambda number: number,
}
_ON_REALS: dict[str, Callable[..., Any]] = {
    "Add": _folded(ratio.add),
    "Mul": _folded(ratio.multiply),
    "IntTrueDiv": ratio.divide,
    "FloatTrueDiv": ratio.divide,
    "FloatPow": ratio.power,
    "ToFloat": lambda number: number,
    "Identity": lambda number: number,
    "CeilToInt": ratio.ceil,
    "FloorToInt": ratio.floor,
    "TruncToInt": ratio.truncate,
    "RoundToInt": ratio.round_half_even,
    "floor": ratio.floor,
    "ceiling": ratio.ceil,
}
_RELATIONS: dict[str, Callable[[Real, Real], Condition]] = {
    "Equality": condition.eq,
    "Unequality": condition.ne,
    "GreaterThan": condition.ge,
    "StrictGreaterThan": condition.gt,
    "LessThan": condition.le,
    "StrictLessThan": condition.lt,
}
_COMBINATIONS: dict[str, Callable[..., Condition]] = {"And": all_of, "Or": any_of, "Not": negate}
