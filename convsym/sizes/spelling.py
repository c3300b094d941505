"""Sizes and conditions as people write them: ``"N 3 H W"``, ``"n 3 32*h w"``, ``"H % 32 == 0 and H >= 64"``.

Everything is read with Python's own parser and walked, never evaluated.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import sympy

from convsym.sizes import arithmetic, ratio
from convsym.sizes.arithmetic import Size, symbol
from convsym.sizes.cases import piecewise
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, eq, ge, gt, le, lt, ne, negate
from convsym.sizes.ratio import Real
from convsym.sizes.text import latex, pretty, text

__all__ = ["Spec", "SpellingError", "latex", "parse_condition", "parse_size", "parse_spec", "pretty", "text"]


class SpellingError(ValueError):
    """What was written is no spec, size or condition; the message is one sentence that says why."""


@dataclass(frozen=True)
class Spec:
    """One input as it was spelled: its shape, its symbols in order, and a dtype's name if one was given."""

    shape: tuple[Size, ...]
    dtype: str | None = None

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names in the order in which they first appear."""
        found: dict[str, None] = {}
        for size in self.shape:
            if not isinstance(size, int):
                found.update(dict.fromkeys(sorted(s.name for s in size.free_symbols)))
        return tuple(found)

    @property
    def declaring(self) -> tuple[str, ...]:
        """Names of which it says more than that there is such a size: those in ``32*h``."""
        return tuple(dict.fromkeys(n for s in self.shape if not getattr(s, "is_Symbol", False) for n in names_in(s)))


def parse_spec(spelled: str) -> Spec:
    """The shape and dtype of an input.

    >>> parse_spec("N 3 32*h w")
    Spec(shape=(N, 3, 32*h, w), dtype=None)
    >>> parse_spec("N L:int64").dtype
    'int64'
    """
    body, colon, dtype = spelled.partition(":")
    dtype = dtype.strip()
    if colon and not re.fullmatch(r"[A-Za-z_]\w*", dtype):
        raise SpellingError(f"after the colon of {spelled!r} stands no dtype such as int64")
    shape = tuple(_entry(entry, spelled) for entry in body.split())
    return Spec(shape, dtype or None)


def _entry(entry: str, spelled: str) -> Size:
    try:
        size = parse_size(entry)
    except SpellingError as error:
        raise SpellingError(
            f"{entry!r} in {spelled!r} is not a size: write numbers, names, or sums and products "
            f"without spaces such as 2*h+1 ({error})"
        ) from None
    if isinstance(size, int) and size < 0:
        raise SpellingError(f"{entry!r} in {spelled!r} is negative, and a size never is")
    return size


def parse_size(spelled: str) -> Size:
    """A size from Python's arithmetic over names: ``+ - * // % **``, min, max, abs, ceil, floor, round, sqrt.

    >>> parse_size("ceil(H/2) + 1")
    (H + 1)//2 + 1
    """
    value = _read(spelled, lambda reader, node: reader.real(node))
    if ratio.is_real(value):
        raise SpellingError(f"{spelled!r} is not a whole number for every size: use // or ceil or floor")
    return value


_EVERY = re.compile(r"\s*every\s+(\w+(?:\s*,\s*\w+)*)\s*>=\s*1\s*")


def parse_condition(spelled: str) -> Condition:
    """A condition from Python's comparisons joined by and, or, not; and what domains print, comments too.

    >>> parse_condition("H % 32 == 0 and 64 <= H <= 1024")
    H % 32 == 0 and 64 <= H <= 1024
    """
    said = spelled.partition("#")[0].strip()
    if said == "nothing":
        return FALSE
    if said == "everything" or _EVERY.fullmatch(said):
        return TRUE
    return _read(spelled, lambda reader, node: reader.condition(node))


_Found = TypeVar("_Found")


_Walker = TypeVar("_Walker", bound="Reader")


def _read(spelled: str, walk: Callable[[Reader, ast.expr], _Found]) -> _Found:
    return read_with(Reader(spelled), walk)


def read_with(reader: _Walker, walk: Callable[[_Walker, ast.expr], _Found]) -> _Found:
    """What a reader makes of what was written.

    Raises SpellingError, whatever goes wrong.
    """
    spelled = reader.spelled
    try:
        return walk(reader, _parsed(spelled))
    except SpellingError:
        raise
    except (ValueError, OverflowError, ZeroDivisionError, TypeError) as error:
        raise SpellingError(f"{spelled!r} cannot be computed: {error}") from None
    except RecursionError:
        raise SpellingError("what is written is nested too deep") from None


def _parsed(spelled: str) -> ast.expr:
    if not spelled.strip():
        raise SpellingError("nothing is written where a size or condition is expected")
    try:
        return ast.parse(spelled.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        hint = " (= should be ==)" if re.search(r"(?<![<>=!])=(?!=)", spelled) else ""
        raise SpellingError(f"{spelled!r} does not read as Python arithmetic{hint}") from None


COMPARISONS: dict[type[ast.cmpop], Callable[[Real, Real], Condition]] = {
    ast.Eq: eq,
    ast.NotEq: ne,
    ast.GtE: ge,
    ast.Gt: gt,
    ast.LtE: le,
    ast.Lt: lt,
}

_REAL_FUNCTIONS: dict[str, Callable[[Real], Real]] = {
    "floor": ratio.floor,
    "ceil": ratio.ceil,
    "int": ratio.truncate,
    "trunc": ratio.truncate,
    "round": ratio.round_half_even,
    "sqrt": ratio.sqrt,
    "isqrt": lambda value: ratio.isqrt(_whole(value)),
    "abs": lambda value: arithmetic.absolute(_whole(value)),
}


#: Powers of numbers beyond this many bits are not computed.
MOST_BITS = 4096


def _bits(value: Real) -> int:
    return value.bit_length() if isinstance(value, int) else 1


def _whole(value: Real) -> Size:
    if ratio.is_real(value):
        raise SpellingError("a whole number is needed there: use // or ceil or floor")
    return value


class Reader:
    """Walks a parsed expression; every complaint quotes what was written.

    What a name stands for, and anything that is no arithmetic, is for subclasses to say.
    """

    def __init__(self, spelled: str):
        self.spelled = spelled

    def error(self, node: ast.AST, complaint: str) -> SpellingError:
        """The complaint about one part of what was written."""
        return SpellingError(f"{ast.unparse(node)!r} {complaint} in {self.spelled!r}")

    def condition(self, node: ast.expr) -> Condition:
        """The condition that an expression is."""
        if isinstance(node, ast.BoolOp):
            parts = [self.condition(value) for value in node.values]
            return all_of(*parts) if isinstance(node.op, ast.And) else any_of(*parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return negate(self.condition(node.operand))
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return TRUE if node.value else FALSE
        if isinstance(node, ast.IfExp):
            test = self.condition(node.test)
            return any_of(all_of(test, self.condition(node.body)), all_of(negate(test), self.condition(node.orelse)))
        if not isinstance(node, ast.Compare):
            raise self.error(node, "is no comparison such as H >= 64")
        parts = []
        left = node.left
        for relation, right in zip(node.ops, node.comparators, strict=True):
            parts.append(self.comparison(left, relation, right))
            left = right
        return all_of(*parts)

    def comparison(self, left: ast.expr, relation: ast.cmpop, right: ast.expr) -> Condition:
        """The condition that one comparison is."""
        if isinstance(relation, (ast.In, ast.NotIn)):
            if not isinstance(right, (ast.Tuple, ast.List, ast.Set)):
                raise self.error(right, "is no list of sizes such as (1, 2, 3)")
            value = self.real(left)
            found = any_of(*(eq(value, self.real(item)) for item in right.elts))
            return found if isinstance(relation, ast.In) else negate(found)
        build = COMPARISONS.get(type(relation))
        if build is None:
            raise self.error(left, "is compared in a way that sizes do not know")
        return build(self.real(left), self.real(right))

    def real(self, node: ast.expr) -> Real:
        """The number that an expression is."""
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
                raise self.error(node, "is no number")
            return node.value
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self.real(node.operand)
            return value if isinstance(node.op, ast.UAdd) else ratio.negate(value)
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.IfExp):
            cases = [(self.condition(node.test), _whole(self.real(node.body))), (TRUE, _whole(self.real(node.orelse)))]
            return piecewise(cases)
        return self.other(node)

    def name(self, node: ast.Name) -> Real:
        """What a name stands for: a size that nobody knows."""
        return symbol(node.id)

    def other(self, node: ast.expr) -> Real:
        """What anything stands for that is no arithmetic."""
        raise self.error(node, "is no arithmetic over sizes")

    def _operation(self, node: ast.BinOp) -> Real:
        left, right = self.real(node.left), self.real(node.right)
        try:
            if isinstance(node.op, ast.Add):
                return ratio.add(left, right)
            if isinstance(node.op, ast.Sub):
                return ratio.subtract(left, right)
            if isinstance(node.op, ast.Mult):
                return ratio.multiply(left, right)
            if isinstance(node.op, ast.Div):
                return ratio.divide(left, right)
            if isinstance(node.op, ast.FloorDiv):
                return arithmetic.floor_div(_whole(left), _whole(right))
            if isinstance(node.op, ast.Mod):
                return arithmetic.modulo(_whole(left), _whole(right))
            if isinstance(node.op, ast.Pow):
                if isinstance(right, int) and (abs(right) > 64 or _bits(left) * abs(right) > MOST_BITS):
                    raise self.error(node, "is too high a power")
                return ratio.power(left, right)
        except ZeroDivisionError:
            raise self.error(node, "divides by zero") from None
        raise self.error(node, "uses an operator that sizes do not know")

    def _call(self, node: ast.Call) -> Real:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            name = node.func.attr if node.func.value.id == "math" else None
        arguments = [self.real(argument) for argument in node.args]
        if node.keywords or name is None or not arguments:
            raise self.error(node, "is no function of sizes")
        if name in ("min", "max"):
            return (arithmetic.minimum if name == "min" else arithmetic.maximum)(*map(_whole, arguments))
        if name == "prod":
            return reduce(ratio.multiply, arguments)
        if name == "gcd" and all(isinstance(a, int) for a in arguments):
            return math.gcd(*arguments)  # type: ignore[arg-type]
        if len(arguments) == 1 and name in _REAL_FUNCTIONS:
            return _REAL_FUNCTIONS[name](arguments[0])
        if len(arguments) == 1 and callable(getattr(math, name, None)):
            return ratio.function(name, arguments[0])
        raise self.error(node, "is no function of sizes (there are min, max, abs, ceil, floor, round, sqrt)")


def names_in(size: Size | Condition) -> tuple[str, ...]:
    """The names of the symbols, sorted."""
    found: frozenset[sympy.Symbol] = (
        size.symbols if isinstance(size, Condition) else frozenset(sympy.sympify(size).free_symbols)
    )
    return tuple(sorted(s.name for s in found))
