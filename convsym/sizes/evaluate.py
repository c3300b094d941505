"""Sizes and conditions at numbers: exactly in Python's integers, or over whole arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import sympy

from convsym.sizes import condition as conditions
from convsym.sizes.cases import Piecewise
from convsym.sizes.condition import Condition
from convsym.sizes.extremes import Extreme
from convsym.sizes.floats import FloatFunction, ISqrt, RealFunction, Rounded
from convsym.sizes.polynomial import ONE, TABLE_LIMIT, Size, SizeFunction, powers, terms
from convsym.sizes.quotient import FloorDiv

if TYPE_CHECKING:
    import numpy

Values: TypeAlias = Mapping[str, int]
Subject: TypeAlias = "Size | Condition"

_compiled: dict[tuple[Subject, bool], Callable[[Any], Any]] = {}


class Evaluation:
    """Values of sizes at one assignment; what sizes share is computed once.

    >>> from convsym.sizes.arithmetic import ceil_div, symbol
    >>> Evaluation({"H": 7}).value(ceil_div(symbol("H"), 2))
    4
    """

    def __init__(self, values: Values):
        self._values = values
        self._known: dict[sympy.Expr, Any] = {}

    def value(self, size: Size) -> int:
        """The integer (for an opaque real: the float) the size is. A missing symbol raises ValueError."""
        if isinstance(size, int):
            return size
        for function in _functions_of(size):
            if function not in self._known:
                self._known[function] = self._function(function)
        return self._plain(size)  # type: ignore[no-any-return]

    def holds(self, condition: Condition) -> bool:
        """Whether the condition holds; what divides by zero does not hold."""
        if isinstance(condition, conditions.All):
            return all(self.holds(part) for part in condition.parts)
        if isinstance(condition, conditions.Any):
            return any(self.holds(part) for part in condition.parts)
        try:
            if isinstance(condition, conditions.Divides):
                rest = self.value(condition.expr) % self.value(condition.divisor)
                return (rest == 0) == condition.wanted
            if isinstance(condition, conditions.Comparison):
                value = self.value(condition.expr)
                return {"==": value == 0, "!=": value != 0, ">=": value >= 0, ">": value > 0}[condition.relation]
        except ZeroDivisionError:
            return False
        assert isinstance(condition, conditions.Constant)
        return condition.value

    def _symbol(self, symbol: sympy.Symbol) -> int:
        try:
            return self._values[symbol.name]
        except KeyError:
            raise missing(symbol.name, self._values) from None

    def _function(self, function: sympy.Expr) -> Any:
        if isinstance(function, Piecewise):
            return self.value(next(size for condition, size in function.pieces if self.holds(condition)))
        if isinstance(function, FloatFunction):
            return function.real_value(0, self._plain(function.args[1]))
        values = [self._plain(arg) for arg in function.args]
        return function.real_value(*values) if isinstance(function, RealFunction) else function.value(*values)

    def _plain(self, size: sympy.Expr) -> Any:
        if isinstance(size, RealFunction):
            return self._known[size]
        if size.is_Symbol:
            return self._symbol(size)
        if size.is_Rational:
            return int(size) if size.is_Integer else float(size)
        total = 0
        for monomial, coefficient in terms(size).items():
            product = coefficient
            for atom, exponent in powers(monomial):
                product *= (self._symbol(atom) if atom.is_Symbol else self._known[atom]) ** exponent
            total += product
        return total


def missing(name: str, values: Iterable[str]) -> ValueError:
    """The error for a symbol without a value."""
    given = ", ".join(sorted(values)) or "nothing"
    return ValueError(f"no value was given for {name} (given: {given})")


@lru_cache(TABLE_LIMIT)
def _functions_of(size: sympy.Expr) -> tuple[sympy.Expr, ...]:
    # The same sizes are asked for at one assignment after the other.
    return tuple(functions_in([size]))


def functions_in(exprs: Iterable[sympy.Expr], pieces: bool = False) -> list[sympy.Expr]:
    """All integer and float functions inside, every one after those it is made of.

    What only some cases of a piecewise size need is left out unless ``pieces`` asks for it.
    """
    order: dict[sympy.Expr, None] = {}
    stack: list[tuple[sympy.Expr, bool]] = [(expr, False) for expr in exprs]
    while stack:
        expr, entered = stack.pop()
        if expr in order or expr.is_Symbol or expr.is_Rational:
            continue
        if not isinstance(expr, (SizeFunction, RealFunction)):
            stack += [(atom, False) for monomial in terms(expr) for atom, _ in powers(monomial)]
        elif entered:
            order[expr] = None
        else:
            stack.append((expr, True))
            stack += [(part, False) for part in parts_of(expr, pieces)]
    return list(order)


def parts_of(function: sympy.Expr, pieces: bool) -> list[sympy.Expr]:
    """The expressions a function is made of."""
    if isinstance(function, FloatFunction):
        return [function.args[1]]
    if not isinstance(function, Piecewise):
        return list(function.args)
    out: list[sympy.Expr] = []
    if pieces:
        for condition, size in function.pieces:
            out += [*exprs_in(condition), sympy.sympify(size)]
    return out


def exprs_in(subject: Subject) -> list[sympy.Expr]:
    """The expressions a size or condition is made of."""
    if isinstance(subject, conditions.Combination):
        return [expr for part in subject.parts for expr in exprs_in(part)]
    if isinstance(subject, conditions.Divides):
        return [subject.expr, sympy.sympify(subject.divisor)]
    if isinstance(subject, conditions.Comparison):
        return [subject.expr]
    return [] if isinstance(subject, (int, Condition)) else [subject]


def evaluate(size: Size, values: Values) -> int:
    """The size at these values, exact; a missing symbol raises ValueError.

    >>> from convsym.sizes.arithmetic import floor_div, symbol
    >>> evaluate(floor_div(symbol("H"), 2), {"H": 7})
    3
    """
    return Evaluation(values).value(size)


def compiled(subject: Subject) -> Callable[[Values], Any]:
    """A fast function from ``{"H": 224, ...}`` to the size's value, or the condition's truth.

    >>> from convsym.sizes.arithmetic import multiply, symbol
    >>> compiled(multiply(symbol("H"), symbol("W")))({"H": 3, "W": 5})
    15
    """
    return _remembered(subject, arrays=False)


def _remembered(subject: Subject, arrays: bool) -> Callable[[Any], Any]:
    try:
        return _compiled[subject, arrays]
    except KeyError:
        if len(_compiled) > TABLE_LIMIT // 20:
            _compiled.clear()
        made = _compiled[subject, arrays] = _compile(subject, arrays)
        return made


def _compile(subject: Subject, arrays: bool) -> Callable[[Any], Any]:
    source, tables = Source(subject, arrays).text()
    namespace: dict[str, Any] = {"math": math, "missing": missing, **tables}
    if arrays:
        from convsym.sizes import arrays as array_functions

        namespace["arrays"] = array_functions
    else:
        namespace["exact"] = (
            (lambda values: Evaluation(values).holds(subject))
            if isinstance(subject, Condition)
            else (lambda values: Evaluation(values).value(subject))
        )
    exec(compile(source, "<size>", "exec"), namespace)
    found: Callable[[Any], Any] = namespace["at"]
    return found


class Source:
    """Writes the Python function of a size or condition; every quotient gets a line of its own."""

    def __init__(self, subject: Subject, arrays: bool):
        self._subject = subject
        self._arrays = arrays
        self._names: dict[sympy.Expr, str] = {}
        self._tables: dict[str, Any] = {}

    def text(self) -> tuple[str, dict[str, Any]]:
        """The source, and what it refers to."""
        exprs = exprs_in(self._subject)
        functions = functions_in(exprs, pieces=True)
        symbols = sorted(
            {s for e in exprs for s in conditions.free_symbols(e)}, key=lambda s: (s.name, str(s.assumptions0))
        )
        lines = []
        for i, symbol in enumerate(symbols):
            self._names[symbol] = f"s{i}"
            lines.append(f"s{i} = values[{symbol.name!r}]")
        for i, function in enumerate(functions):
            lines.append(f"t{i} = {self._function(function)}")
            self._names[function] = f"t{i}"
        lines.append(f"return {self._subject_text(self._subject)}")
        if self._arrays:
            body = "\n".join(f"    {line}" for line in lines)
            return f"def at(values):\n{body}\n", self._tables
        body = "\n".join(f"        {line}" for line in lines)
        # A division by zero or the root of a negative number on a way that may not be needed: the exact evaluation goes
        # only where it must.
        return (
            f"def at(values):\n    try:\n{body}\n"
            "    except (ArithmeticError, ValueError):\n        return exact(values)\n"
            "    except KeyError as error:\n        raise missing(error.args[0], values) from None\n"
        ), self._tables

    def _subject_text(self, subject: Subject) -> str:
        if not isinstance(subject, Condition):
            return self._size(subject)
        if isinstance(subject, conditions.Combination):
            parts = [self._subject_text(part) for part in subject.parts]
            if self._arrays:
                return f"arrays.{'every' if isinstance(subject, conditions.All) else 'some'}({', '.join(parts)})"
            return "(" + f" {subject.word} ".join(parts) + ")"
        if isinstance(subject, conditions.Divides):
            relation = "==" if subject.wanted else "!="
            return f"(({self._size(subject.expr)}) % ({self._size(subject.divisor)}) {relation} 0)"
        if isinstance(subject, conditions.Comparison):
            return f"({self._size(subject.expr)} {subject.relation} 0)"
        return str(subject)

    def _size(self, size: Size) -> str:
        if isinstance(size, int):
            return str(size)
        if size in self._names:
            return self._names[size]
        if size.is_Rational:
            return str(int(size)) if size.is_Integer else repr(float(size))
        parts = []
        for monomial, coefficient in terms(size).items():
            factors = [] if monomial is not ONE and coefficient == 1 else [str(coefficient)]
            for atom, exponent in powers(monomial):
                factors += [self._names[atom] + (f"**{exponent}" if exponent > 1 else "")]
            parts.append("*".join(factors))
        return " + ".join(parts) or "0"

    def _function(self, function: sympy.Expr) -> str:
        if isinstance(function, Piecewise):
            *pairs, (_, last) = function.pieces
            if self._arrays:
                text = self._size(last)
                for condition, size in reversed(pairs):
                    text = f"arrays.where({self._subject_text(condition)}, {self._size(size)}, {text})"
                return text
            return "".join(f"{self._size(s)} if {self._subject_text(c)} else " for c, s in pairs) + self._size(last)
        if isinstance(function, FloatFunction):
            name, inner = function.args[0], self._size(function.args[1])
            return f"arrays.function({str(name)!r}, {inner})" if self._arrays else f"math.{name}({inner})"
        inner_parts = [f"({self._size(arg)})" for arg in function.args]
        if isinstance(function, FloorDiv):
            return "//".join(inner_parts)
        if isinstance(function, RealFunction):
            return function.spell(*inner_parts)
        if isinstance(function, Extreme):
            return f"{'arrays.' if self._arrays else ''}{function.word}({', '.join(inner_parts)})"
        if self._arrays and isinstance(function, (Rounded, ISqrt)):
            return f"arrays.{type(function).__name__.lower()}({inner_parts[0]})"
        name = f"f{len(self._tables)}"
        self._tables[name] = function.value
        return f"{name}({', '.join(inner_parts)})"


def vectorised(subject: Subject, arrays: Mapping[str, numpy.typing.ArrayLike]) -> numpy.typing.NDArray[Any]:
    """The size, or the condition's truth, for arrays that broadcast against each other.

    In 64-bit integers where nothing can overflow, else in Python's own integers.
    """
    from convsym.sizes.arrays import over

    return over(subject, arrays)
