"""What generated code over numpy arrays calls, and the choice of a dtype that cannot overflow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import sympy

from convsym.sizes import evaluate
from convsym.sizes.cases import Piecewise
from convsym.sizes.condition import Condition, free_symbols
from convsym.sizes.extremes import Extreme
from convsym.sizes.floats import FloatDivision, FloatFunction, FloatQuotient, ISqrt, RealFunction, Rounded
from convsym.sizes.polynomial import powers, terms
from convsym.sizes.quotient import FloorDiv

if TYPE_CHECKING:
    from convsym.sizes.evaluate import Subject

Array = npt.NDArray[Any]

_LIMIT = 2**62


def every(*parts: Array) -> Array:
    return reduce(np.logical_and, parts)


def some(*parts: Array) -> Array:
    return reduce(np.logical_or, parts)


def min(*parts: Array) -> Array:
    return reduce(np.minimum, parts)


def max(*parts: Array) -> Array:
    return reduce(np.maximum, parts)


def where(condition: Array, yes: Array, no: Array) -> Array:
    return np.where(condition, yes, no)


def floor(real: Array) -> Array:
    return np.asarray(np.floor(real)).astype(np.int64)


def ceil(real: Array) -> Array:
    return np.asarray(np.ceil(real)).astype(np.int64)


def truncate(real: Array) -> Array:
    return np.asarray(np.trunc(real)).astype(np.int64)


def roundhalfeven(real: Array) -> Array:
    return np.asarray(np.rint(real)).astype(np.int64)


def isqrt(size: Array) -> Array:
    return np.asarray(np.frompyfunc(math.isqrt, 1, 1)(size)).astype(np.int64)


def function(name: str, real: Array) -> Array:
    # Python's own function: numpy's may differ in the last bit.
    return np.asarray(np.frompyfunc(getattr(math, name), 1, 1)(real)).astype(np.float64)


def over(subject: Subject, arrays: Mapping[str, npt.ArrayLike]) -> Array:
    """The subject's values over arrays that broadcast against each other."""
    given = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in given.items():
        if array.dtype.kind not in "iuO" and array.size:
            raise ValueError(f"sizes are integers, but {name} was given as {array.dtype}")
    exprs = evaluate.exprs_in(subject)
    names = {s.name for e in exprs for s in free_symbols(e)}
    for name in sorted(names):
        if name not in given:
            raise evaluate.missing(name, given)
    shape = np.broadcast_shapes(*(array.shape for array in given.values()))
    dtype: Any = np.bool_ if isinstance(subject, Condition) else np.int64
    if not math.prod(shape):
        return np.zeros(shape, dtype)
    reach = Reach({name: int(np.abs(array).max()) for name, array in given.items() if name in names})
    largest = reach.of(exprs)
    used = {name: given[name] for name in names}
    if largest >= _LIMIT:
        if reach.has_reals:
            return _one_by_one(subject, used, shape)
        used = {name: array.astype(object) for name, array in used.items()}
        dtype = dtype if isinstance(subject, Condition) else object
    else:
        used = {name: array.astype(np.int64) for name, array in used.items()}
    try:
        with np.errstate(divide="raise"):
            found = evaluate._remembered(subject, arrays=True)(used)
    except (FloatingPointError, ZeroDivisionError):
        return _one_by_one(subject, used, shape)
    whole: Array = np.broadcast_to(np.asarray(found).astype(dtype), shape).copy()
    return whole


def _one_by_one(subject: Subject, arrays: Mapping[str, Array], shape: tuple[int, ...]) -> Array:
    names = list(arrays)
    at = evaluate.compiled(subject)
    flat = zip(*(np.broadcast_to(arrays[name], shape).ravel().tolist() for name in names), strict=True)
    found = [at(dict(zip(names, row, strict=True))) for row in flat]
    if isinstance(subject, Condition):
        return np.array(found, np.bool_).reshape(shape)
    fits = all(abs(value) < _LIMIT for value in found)
    return np.array(found, np.int64 if fits else object).reshape(shape)


class Reach:
    """An upper bound of everything that is computed on the way."""

    def __init__(self, largest: Mapping[str, int]):
        self._symbols = largest
        self._known: dict[sympy.Expr, float | int] = {}
        self._most: float | int = 1
        self.has_reals = False

    def of(self, exprs: list[sympy.Expr]) -> float | int:
        """The bound over all of these expressions and their parts."""
        for part in evaluate.functions_in(exprs, pieces=True):
            self._known[part] = self._function(part)
        for expr in exprs:
            self._plain(expr)
        return self._most

    def _plain(self, expr: sympy.Expr) -> float | int:
        if isinstance(expr, RealFunction):
            return self._known[expr]
        if expr.is_Rational and not expr.is_Integer:
            return abs(float(expr))
        total: float | int = 0
        for monomial, coefficient in terms(expr).items():
            product: float | int = abs(coefficient)
            for atom, exponent in powers(monomial):
                product *= (self._symbols[atom.name] if atom.is_Symbol else self._known[atom]) ** exponent
            total += product
        self._most = total if total > self._most else self._most
        return total

    def _function(self, part: sympy.Expr) -> float | int:
        if isinstance(part, Piecewise):
            found = [self._plain(e) for e in evaluate.parts_of(part, pieces=True)]
            return sum(found)
        if isinstance(part, FloatFunction):
            self.has_reals = True
            return self._plain(part.args[1]) + 64 if str(part.args[0]) in ("sqrt", "log2", "log", "log10") else math.inf
        found = [self._plain(arg) for arg in part.args]
        if isinstance(part, FloorDiv):
            return found[0] + 1
        if isinstance(part, (Rounded, Extreme, ISqrt)):
            return sum(found) + 1
        self.has_reals = self.has_reals or isinstance(part, RealFunction)
        if isinstance(part, (FloatQuotient, FloatDivision)):
            bottom = part.args[1]
            return found[0] if not bottom.is_Rational else found[0] / abs(float(bottom))
        if type(part).__name__ == "FloatProduct":
            return found[0] * found[1]
        if type(part).__name__ in ("FloatSum", "FloatDifference"):
            return sum(found)
        return math.inf
