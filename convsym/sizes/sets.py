"""Conditions that are Presburger as isl sets, over the condition's own symbols in the order of their names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import islpy as isl
import sympy

from convsym.sizes.bounds import symbol_interval
from convsym.sizes.condition import (
    TRUE,
    All,
    Combination,
    Comparison,
    Condition,
    Constant,
    Divides,
    free_symbols,
    negate,
)
from convsym.sizes.condition import Any as AnyOf
from convsym.sizes.extremes import Extreme, Minimum
from convsym.sizes.floats import RealFunction
from convsym.sizes.polynomial import ONE, TABLE_LIMIT, Size, powers, terms
from convsym.sizes.quotient import FloorDiv

Symbols = tuple[sympy.Symbol, ...]

#: isl stops when one question takes more steps than this (some tens of milliseconds).
MOST_OPERATIONS = 300_000

_linear: dict[sympy.Expr, bool] = {}
_sets: dict[tuple[Condition, Symbols], isl.Set] = {}
_spaces: dict[int, tuple[isl.LocalSpace, isl.Set]] = {}


class TooHard(Exception):
    """The sets would take too long to compute."""


@contextmanager
def limited(operations: int = MOST_OPERATIONS) -> Iterator[None]:
    """Inside, isl works on one question; one that takes too long raises TooHard."""
    context = isl.DEFAULT_CONTEXT
    context.reset_operations()
    context.set_max_operations(operations)
    try:
        yield
    except isl.Error as error:
        if "maximal number of operations" in str(error):
            raise TooHard from None
        raise
    finally:
        context.set_max_operations(0)
        context.reset_operations()


def is_linear(size: Size) -> bool:
    """Whether the size is made of symbols with + and integer factors, // by integers, min and max alone."""
    if isinstance(size, int):
        return True
    try:
        return _linear[size]
    except KeyError:
        if len(_linear) > TABLE_LIMIT:
            _linear.clear()
        found = _linear[size] = not isinstance(size, RealFunction) and all(
            m is ONE or _linear_atom(m) for m in terms(size)
        )
        return found


def _linear_atom(monomial: sympy.Expr) -> bool:
    if monomial.is_Symbol:
        return True
    if isinstance(monomial, FloorDiv):
        return bool(monomial.args[1].is_Integer) and is_linear(monomial.args[0])
    return isinstance(monomial, Extreme) and all(is_linear(arg) for arg in monomial.args)


def is_presburger(condition: Condition) -> bool:
    """Whether ``isl_set`` takes the condition."""
    if isinstance(condition, Comparison):
        return is_linear(condition.expr)
    if isinstance(condition, Divides):
        return isinstance(condition.divisor, int) and is_linear(condition.expr)
    if isinstance(condition, Combination):
        return all(is_presburger(part) for part in condition.parts)
    return True


def ordered(symbols: frozenset[sympy.Symbol]) -> Symbols:
    """The symbols in the order in which sets count them."""
    return tuple(sorted(symbols, key=lambda s: (s.name, str(s.assumptions0))))


def universe(dimensions: int) -> isl.Set:
    """All integer points."""
    return _space(dimensions)[1]


def positive(symbols: Symbols) -> isl.Set:
    """All points where every symbol is at least its own least value."""
    found = universe(len(symbols))
    for i, symbol in enumerate(symbols):
        low, _ = symbol_interval(symbol)
        if low is not None:
            found = found.lower_bound_val(isl.dim_type.set, i, value(low))
    return found


def value(number: int) -> isl.Val:
    """The number for isl, however large."""
    return isl.Val(number) if -(2**31) < number < 2**31 else isl.Val(str(number))


def _space(dimensions: int) -> tuple[isl.LocalSpace, isl.Set]:
    try:
        return _spaces[dimensions]
    except KeyError:
        space = isl.Space.set_alloc(isl.DEFAULT_CONTEXT, 0, dimensions)
        made = _spaces[dimensions] = (isl.LocalSpace.from_space(space), isl.Set.universe(space))
        return made


def isl_set(condition: Condition, symbols: Symbols) -> isl.Set:
    """All points over these symbols where the Presburger condition holds."""
    key = (condition, symbols)
    try:
        return _sets[key]
    except KeyError:
        if len(_sets) > TABLE_LIMIT // 10:
            _sets.clear()
        found = _sets[key] = _translated(condition, symbols)
        return found


def _translated(condition: Condition, symbols: Symbols) -> isl.Set:
    _, everything = _space(len(symbols))
    if isinstance(condition, Constant):
        return everything if condition is TRUE else isl.Set.empty(everything.get_space())
    if isinstance(condition, All):
        if sum(isinstance(part, AnyOf) for part in condition.parts) > 3:
            # An intersection of many unions grows beyond bounds where the complement of one union does not.
            return everything.subtract(isl_set(negate(condition), symbols))
        return reduce(isl.Set.intersect, (isl_set(part, symbols) for part in condition.parts))
    if isinstance(condition, AnyOf):
        return _united([isl_set(part, symbols) for part in condition.parts]).coalesce()
    assert isinstance(condition, (Comparison, Divides))
    own = ordered(condition.symbols)
    if own != symbols:
        return embedded(isl_set(condition, own), own, symbols)
    aff = _Affine(symbols).of(condition.expr)
    if isinstance(condition, Divides):
        assert isinstance(condition.divisor, int)
        found = _zero_set(aff.mod_val(value(condition.divisor)))
        return found if condition.wanted else everything.subtract(found)
    if condition.relation == ">=":
        if isinstance(aff, isl.PwAff):
            above: isl.Set = aff.nonneg_set()
        else:
            above = aff.ge_basic_set(isl.Aff.zero_on_domain(_space(len(symbols))[0])).to_set()
        return above
    found = _zero_set(aff)
    return found if condition.relation == "==" else everything.subtract(found)


def _united(parts: list[isl.Set]) -> isl.Set:
    # Halves of halves: one after the other would copy the growing union again for each part.
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return _united(parts[:half]).union(_united(parts[half:]))


def _zero_set(aff: isl.Aff | isl.PwAff) -> isl.Set:
    return aff.zero_set() if isinstance(aff, isl.PwAff) else aff.zero_basic_set().to_set()


class _Affine:
    """Builds the isl expression of a linear size."""

    def __init__(self, symbols: Symbols):
        self._space, _ = _space(len(symbols))
        self._places = {symbol: i for i, symbol in enumerate(symbols)}
        self._pieces = False

    def of(self, size: sympy.Expr) -> Any:
        self._pieces = _has_extreme(size)
        return self._sum(size)

    def _sum(self, size: sympy.Expr) -> Any:
        found = self._whole(isl.Aff.zero_on_domain(self._space))
        for monomial, coefficient in terms(size).items():
            if monomial is ONE:
                found = found.add(self._whole(isl.Aff.val_on_domain(self._space, value(coefficient))))
            else:
                found = found.add(self._atom(monomial).scale_val(value(coefficient)))
        return found

    def _whole(self, aff: isl.Aff) -> Any:
        # Aff and PwAff have the same methods; mypy cannot know that a sum never mixes them.
        return isl.PwAff.from_aff(aff) if self._pieces else aff

    def _atom(self, atom: sympy.Expr) -> Any:
        if atom.is_Symbol:
            return self._whole(isl.Aff.var_on_domain(self._space, isl.dim_type.set, self._places[atom]))
        if isinstance(atom, FloorDiv):
            return self._sum(atom.args[0]).scale_down_val(value(int(atom.args[1]))).floor()
        parts = [self._sum(arg) for arg in atom.args]
        return reduce(isl.PwAff.min if isinstance(atom, Minimum) else isl.PwAff.max, parts)


def _has_extreme(size: sympy.Expr) -> bool:
    return any(
        isinstance(atom, Extreme) or (isinstance(atom, FloorDiv) and _has_extreme(atom.args[0]))
        for m in terms(size)
        for atom, _ in powers(m)
    )


def embedded(found: isl.Set, own: Symbols, symbols: Symbols) -> isl.Set:
    """The set over more symbols, the new ones unconstrained."""
    for i, symbol in enumerate(symbols):
        if symbol not in own:
            found = found.insert_dims(isl.dim_type.set, i, 1)
    return found


def period(size: Size) -> int:
    """A number by which every symbol may be shifted so that the size's fractional behaviour repeats."""
    if isinstance(size, int):
        return 1
    found = 1
    for monomial in terms(size):
        for atom, _ in powers(monomial):
            if isinstance(atom, FloorDiv) and atom.args[1].is_Integer:
                found = math.lcm(found, period(atom.args[0]) * int(atom.args[1]))
            elif isinstance(atom, Extreme):
                for arg in atom.args:
                    found = math.lcm(found, period(arg))
    return found


def condition_period(condition: Condition) -> int:
    """A period of the condition's truth far from zero."""
    if isinstance(condition, Combination):
        return reduce(math.lcm, (condition_period(part) for part in condition.parts), 1)
    if isinstance(condition, Divides) and isinstance(condition.divisor, int):
        return period(condition.expr) * condition.divisor
    return period(condition.expr) if isinstance(condition, Comparison) else 1


def interval_of(found: isl.Set, place: int) -> tuple[int | None, int | None]:
    """The least and greatest value of one dimension of a set that is not empty."""
    low, high = found.dim_min_val(place), found.dim_max_val(place)
    return (low.to_python() if low.is_int() else None, high.to_python() if high.is_int() else None)


def regular(points: isl.Set) -> tuple[int, int, int, int | None] | None:
    """modulus, remainder, least and greatest member, when a set of one dimension that is not empty is all numbers of
    one remainder between its ends; None for any other set."""
    low, high = interval_of(points, 0)
    if low is None:
        return None
    modulus: int = points.get_stride(0).to_python()
    if low == high or modulus < 1:
        modulus = 1
    if evenly(modulus, low % modulus, low, high).is_subset(points):
        return modulus, low % modulus, low, high
    return None


def evenly(modulus: int, rest: int, low: int, high: int | None) -> isl.Set:
    """All numbers between the ends that leave the remainder."""
    space, found = _space(1)
    found = found.lower_bound_val(isl.dim_type.set, 0, value(low))
    if high is not None:
        found = found.upper_bound_val(isl.dim_type.set, 0, value(high))
    if modulus > 1:
        aff = isl.Aff.var_on_domain(space, isl.dim_type.set, 0)
        shifted = aff.add(isl.Aff.val_on_domain(space, value(-rest)))
        found = found.intersect(_zero_set(shifted.mod_val(value(modulus))))
    return found


__all__ = [
    "Symbols",
    "TooHard",
    "condition_period",
    "embedded",
    "evenly",
    "free_symbols",
    "interval_of",
    "is_linear",
    "is_presburger",
    "isl_set",
    "limited",
    "ordered",
    "period",
    "positive",
    "regular",
    "universe",
    "value",
]
