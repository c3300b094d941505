"""Arithmetic on sizes: plain ints, or sympy expressions in the one normal form.

Every function takes and gives ``int | sympy.Expr``, gives an int whenever the result is constant, and remembers its
answers. Equal polynomials over the same quotients come out as the same object, so ``equal`` is a look, not a proof.

>>> H = symbol("H")
>>> floor_div(add(floor_div(add(H, 1), 2), 1), 2)
(H + 3)//4
>>> subtract(H, floor_div(H, 2))
(H + 1)//2
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import prod
from typing import Any

import sympy

from convsym.sizes.bounds import BY_THEMSELVES
from convsym.sizes.division import ceil_div as _ceil_div
from convsym.sizes.division import floor_div
from convsym.sizes.extremes import Maximum, Minimum, extreme
from convsym.sizes.polynomial import (
    TABLE_LIMIT,
    Size,
    Terms,
    accumulate,
    divided,
    multiplied,
    terms,
)
from convsym.sizes.sums import collect, normal

__all__ = [
    "Size",
    "Unknown",
    "absolute",
    "add",
    "ceil_div",
    "equal",
    "exact_div",
    "floor_div",
    "maximum",
    "minimum",
    "modulo",
    "multiply",
    "negate",
    "normal",
    "power",
    "product",
    "subtract",
    "symbol",
    "total",
    "unknown",
]


class Unknown(sympy.Symbol):  # type: ignore[misc]
    """A size that depends on data: nothing is known of it but its least value."""

    __slots__ = ("minimum",)
    minimum: int

    def __new__(cls, name: str, minimum: int = 0) -> Unknown:
        made: Unknown = sympy.Symbol.__xnew__(cls, name, integer=True, **_sign(minimum))
        made.minimum = minimum
        return made

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.minimum)

    def __getnewargs_ex__(self) -> tuple[tuple[str, int], dict[str, bool]]:
        return ((self.name, self.minimum), {})

    def __getstate__(self) -> None:
        return None


def _sign(minimum: int) -> dict[str, bool]:
    if minimum < 0:
        raise ValueError(f"a size is never negative, so its least value cannot be {minimum}")
    return {"positive": True} if minimum else {"nonnegative": True}


_symbols: dict[str, sympy.Symbol] = {}
_unknowns: dict[tuple[str, int], Unknown] = {}


def symbol(name: str) -> sympy.Symbol:
    """The positive integer of that name; the same object every time."""
    try:
        return _symbols[name]
    except KeyError:
        made = _symbols[name] = sympy.Symbol(name, integer=True, positive=True)
        return made


def unknown(name: str, minimum: int = 0) -> Unknown:
    """A size that depends on data, at least ``minimum``; the same object every time."""
    try:
        return _unknowns[name, minimum]
    except KeyError:
        made = _unknowns[name, minimum] = Unknown(name, minimum)
        return made


_sums: dict[tuple[Size, Size], Size] = {}
_differences: dict[tuple[Size, Size], Size] = {}
_products: dict[tuple[Size, Size], Size] = {}
_ceilings: dict[tuple[Size, Size], Size] = {}
_remainders: dict[tuple[Size, Size], Size] = {}
_powers: dict[tuple[Size, int], Size] = {}
_exact: dict[tuple[Size, Size], Size | None] = {}
_extremes: dict[tuple[Any, ...], Size] = {}
_volumes: dict[tuple[Size, ...], Size] = {}


def _keep(table: dict[Any, Any], key: Any, found: Any) -> Any:
    if len(table) > TABLE_LIMIT:
        table.clear()
    table[key] = found
    return found


def add(a: Size, b: Size) -> Size:
    """``a + b``."""
    if type(a) is int and type(b) is int:
        return a + b
    try:
        return _sums[a, b]
    except KeyError:
        out = dict(terms(a))
        accumulate(out, terms(b), 1)
        found: Size = _keep(_sums, (a, b), collect(out))
        return found


def subtract(a: Size, b: Size) -> Size:
    """``a - b``."""
    if type(a) is int and type(b) is int:
        return a - b
    try:
        return _differences[a, b]
    except KeyError:
        out = dict(terms(a))
        accumulate(out, terms(b), -1)
        found: Size = _keep(_differences, (a, b), collect(out))
        return found


def negate(a: Size) -> Size:
    """``-a``."""
    return -a if type(a) is int else subtract(0, a)


def multiply(a: Size, b: Size) -> Size:
    """``a * b``, expanded."""
    if type(a) is int and type(b) is int:
        return a * b
    try:
        return _products[a, b]
    except KeyError:
        found: Size = _keep(_products, (a, b), collect(multiplied(terms(a), terms(b))))
        return found


def ceil_div(a: Size, b: Size) -> Size:
    """``a / b`` rounded up: ``-(-a // b)``, the same object as ``(a + b - 1) // b``."""
    if type(a) is int and type(b) is int:
        return -(-a // b)
    try:
        return _ceilings[a, b]
    except KeyError:
        found: Size = _keep(_ceilings, (a, b), _ceil_div(a, b))
        return found


def modulo(a: Size, b: Size) -> Size:
    """``a % b`` with Python's sign: ``a - b * (a // b)``."""
    if type(a) is int and type(b) is int:
        return a % b
    try:
        return _remainders[a, b]
    except KeyError:
        found: Size = _keep(_remainders, (a, b), subtract(a, multiply(b, floor_div(a, b))))
        return found


def power(a: Size, n: int) -> Size:
    """``a ** n`` for an integer n >= 0."""
    if n < 0:
        raise ValueError(f"a size has no integer power with the negative exponent {n}")
    if type(a) is int:
        return int(a**n)
    try:
        return _powers[a, n]
    except KeyError:
        found: Size = 1
        square = a
        left = n
        while left:
            if left % 2:
                found = multiply(found, square)
            left //= 2
            if left:
                square = multiply(square, square)
        return _keep(_powers, (a, n), found)


def minimum(*sizes: Size) -> Size:
    """The least of the sizes."""
    if all(type(size) is int for size in sizes):
        return min(sizes)
    try:
        return _extremes[Minimum, sizes]
    except KeyError:
        return _keep(_extremes, (Minimum, sizes), extreme(Minimum, list(sizes)))


def maximum(*sizes: Size) -> Size:
    """The greatest of the sizes."""
    if all(type(size) is int for size in sizes):
        return max(sizes)
    try:
        return _extremes[Maximum, sizes]
    except KeyError:
        return _keep(_extremes, (Maximum, sizes), extreme(Maximum, list(sizes)))


def absolute(a: Size) -> Size:
    """``abs(a)``."""
    if type(a) is int:
        return abs(a)
    low, high = BY_THEMSELVES.interval(a)
    if low is not None and low >= 0:
        return a
    if high is not None and high <= 0:
        return negate(a)
    return maximum(a, negate(a))


def total(sizes: Iterable[Size]) -> Size:
    """The sum of all the sizes, built once."""
    number = 0
    times: dict[Size, int] = {}
    for size in sizes:
        if type(size) is int:
            number += size
        else:
            times[size] = times.get(size, 0) + 1
    out: Terms = {}
    for size, count in times.items():
        accumulate(out, terms(size), count)
    if not out:
        return number
    accumulate(out, terms(number), 1)
    return collect(out)


def product(sizes: Iterable[Size]) -> Size:
    """The product of all the sizes."""
    factors = tuple(sizes)
    try:
        return _volumes[factors]
    except KeyError:
        numbers = [size for size in factors if type(size) is int]
        found: Size = reduce(multiply, (size for size in factors if type(size) is not int), 1)
        return _keep(_volumes, factors, multiply(found, prod(numbers)))


def exact_div(a: Size, b: Size) -> Size | None:
    """The size q with ``a == q * b`` identically, or None when b does not divide a as a polynomial."""
    if type(a) is int and type(b) is int:
        return a // b if b and a % b == 0 else None
    try:
        return _exact[a, b]
    except KeyError:
        found = divided(terms(a), terms(b))
        result: Size | None = _keep(_exact, (a, b), None if found is None else collect(found))
        return result


def equal(a: Size, b: Size) -> bool:
    """Whether both have the same normal form. True is a proof; False says only that the forms differ."""
    if a is b:
        return True
    if type(a) is int and type(b) is int:
        return a == b
    return normal(a) == normal(b)
