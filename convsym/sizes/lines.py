"""Sets of one symbol in words: such a set repeats itself from some size on, so looking at enough members says all."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import islpy as isl
import numpy as np
import numpy.typing as npt
import sympy

from convsym.sizes.bounds import symbol_interval
from convsym.sizes.residues import both, finite_text, residues_text
from convsym.sizes.sets import regular

Bits: TypeAlias = "npt.NDArray[np.bool_]"
Numbers: TypeAlias = "npt.NDArray[Any]"

#: No more members than this are looked at.
MOST_MEMBERS = 2_000_000


@dataclass(frozen=True)
class Pattern:
    """A set of integers from ``start`` on: ``members`` up to ``start + len(members)``, then ``tail`` over and over.

    ``tail[r]`` says whether numbers that are r modulo ``len(tail)`` belong.
    """

    start: int
    members: Bits
    tail: Bits


def line_text(symbol: sympy.Symbol, points: isl.Set) -> str | None:
    """The set in words, empty where it is all the symbol can be, None where it takes too many members to see a
    pattern."""
    start, _ = symbol_interval(symbol)
    plain = regular(points)
    if plain is not None:
        return _regular_text(symbol.name, start or 0, *plain)
    pattern = pattern_of(points, start or 0)
    return None if pattern is None else pattern_text(symbol.name, pattern)


def _regular_text(name: str, start: int, modulus: int, rest: int, low: int, high: int | None) -> str:
    if high is not None:
        members = range(low, high + 1, modulus)
        if modulus == 1 or len(members) <= 3:
            return finite_text(name, list(members) if modulus > 1 else members)
        return f"{name} % {modulus} == {rest} and {low} <= {name} <= {high}"
    same = "" if modulus == 1 else f"{name} % {modulus} == {rest}"
    return both(same, f"{name} >= {low}" if low - modulus >= start else "")


def residues_of(points: isl.Set, modulus: int) -> list[int] | None:
    """The remainders by the modulus that members leave, None where it takes too many members to see them."""
    pattern = pattern_of(points, 0)
    if pattern is None or len(pattern.members) > MOST_MEMBERS // 4:
        return None
    repeats = math.lcm(len(pattern.tail), modulus)
    if repeats > MOST_MEMBERS // 4:
        return None
    members = np.flatnonzero(pattern.members) + pattern.start
    settled = pattern.start + len(pattern.members)
    later = np.arange(settled, settled + repeats)
    later = later[pattern.tail[later % len(pattern.tail)]]
    return sorted({*(members % modulus).tolist(), *(later % modulus).tolist()})


def pattern_of(points: isl.Set, start: int) -> Pattern | None:
    """The set as a pattern, or None where it takes too many members to see one."""
    pieces = [_Piece(piece) for piece in points.compute_divs().get_basic_sets()]
    period = math.lcm(*(piece.period for piece in pieces))
    if period > MOST_MEMBERS // 4:
        return None
    settled = start
    for piece in pieces:
        reached = piece.settled(period)
        if reached > MOST_MEMBERS:
            return None
        settled = max(settled, reached)
    numbers = np.arange(start, settled + period, dtype=np.int64)
    members = np.zeros(len(numbers), np.bool_)
    for piece in pieces:
        members |= piece.holds(numbers)
    tail = np.zeros(period, np.bool_)
    tail[numbers[-period:] % period] = members[-period:]
    short = _least_period(tail)
    tail = tail[:short]
    expected = tail[numbers % short]
    different = np.flatnonzero(members != expected)
    return Pattern(start, members[: different[-1] + 1 if len(different) else 0], tail)


def _least_period(tail: Bits) -> int:
    length = len(tail)
    for prime in sympy.primefactors(length):
        while length % prime == 0 and np.array_equal(tail, np.roll(tail, length // prime)):
            length //= prime
            tail = tail[:length]
    return length


class _Piece:
    """A basic set of one dimension, as functions over arrays."""

    def __init__(self, piece: isl.BasicSet):
        self.period = 1
        self._rules: list[tuple[bool, Callable[[Numbers], Numbers]]] = []
        for constraint in piece.get_constraints():
            aff = constraint.get_aff()
            self.period = math.lcm(self.period, _period(aff))
            self._rules.append((constraint.is_equality(), _function(aff)))

    def holds(self, numbers: Numbers) -> Bits:
        found = np.ones(len(numbers), np.bool_)
        for equality, value in self._rules:
            found &= (value(numbers) == 0) if equality else (value(numbers) >= 0)
        return found

    def settled(self, period: int) -> int:
        """A number from which on no rule changes its sign within a residue class."""
        once = np.arange(period, dtype=np.int64)
        found = 0
        for _, value in self._rules:
            first = value(once)
            step = int(value(np.array([period], dtype=np.int64))[0] - first[0])
            if step:
                # first + k * step has its last sign for every k beyond this.
                found = max(found, period * (int(np.abs(first).max()) // abs(step) + 2))
        return found


def _whole(value: isl.Val, by: int) -> int:
    scaled = value.mul(isl.Val(by)) if by < 2**31 else value.mul(isl.Val(str(by)))
    number: int = scaled.to_python()
    return number


def _period(aff: isl.Aff) -> int:
    found = 1
    for i in range(aff.dim(isl.dim_type.div)):
        if not aff.get_coefficient_val(isl.dim_type.div, i).is_zero():
            inner = aff.get_div(i)
            found = math.lcm(found, _period(inner) * inner.get_denominator_val().to_python())
    return found


def _function(aff: isl.Aff) -> Callable[[Numbers], Numbers]:
    """The expression over arrays, times its denominator (which changes no sign)."""
    top = _numerator(aff)
    return top


def _numerator(aff: isl.Aff) -> Callable[[Numbers], Numbers]:
    bottom: int = aff.get_denominator_val().to_python()
    constant = _whole(aff.get_constant_val(), bottom)
    slope = _whole(aff.get_coefficient_val(isl.dim_type.in_, 0), bottom)
    parts: list[tuple[int, int, Callable[[Numbers], Numbers]]] = []
    for i in range(aff.dim(isl.dim_type.div)):
        coefficient = aff.get_coefficient_val(isl.dim_type.div, i)
        if not coefficient.is_zero():
            inner = aff.get_div(i)
            parts.append((_whole(coefficient, bottom), inner.get_denominator_val().to_python(), _numerator(inner)))

    def value(numbers: Numbers) -> Numbers:
        total = slope * numbers + constant
        for coefficient, divisor, inner in parts:
            total = total + coefficient * (inner(numbers) // divisor)
        return total

    return value


def pattern_text(name: str, pattern: Pattern) -> str:
    """The shortest of several ways to say it."""
    members = (np.flatnonzero(pattern.members) + pattern.start).tolist()
    if not pattern.tail.any():
        return finite_text(name, members)
    residues = np.flatnonzero(pattern.tail).tolist()
    modulus = len(pattern.tail)
    regular = residues_text(name, residues, modulus)
    settled = pattern.start + len(pattern.members)
    expected = [n for n in range(pattern.start, settled) if pattern.tail[n % modulus]]
    later = next(n for n in range(settled, settled + modulus) if pattern.tail[n % modulus])
    known = set(members)
    extra = [n for n in members if not pattern.tail[n % modulus]]
    options = []
    if not extra:
        # One bound, and sizes that are missing above it.
        first = members[0] if members else later
        missing = [n for n in expected if n > first and n not in known]
        options.append(both(regular, _at_least(name, first, expected), _without(name, missing)))
    elif known.issuperset(expected):
        # Regular throughout, and a few sizes besides; or all sizes up to the last of them.
        options.append(f"{finite_text(name, extra)} or {regular}")
        if known.issuperset(range(pattern.start, extra[-1] + 1)):
            options.append(f"{finite_text(name, list(range(pattern.start, extra[-1] + 1)))} or {regular}")
    if members:
        # The regular part from where it is regular, or one of the few before.
        options.append(f"{finite_text(name, members)} or {both(regular, _at_least(name, later, expected)) or 'True'}")
    return min(options, key=len)


def _at_least(name: str, bound: int, expected: list[int]) -> str:
    return f"{name} >= {bound}" if expected and expected[0] < bound else ""


def _without(name: str, missing: list[int]) -> str:
    if not missing:
        return ""
    if len(missing) == 1:
        return f"{name} != {missing[0]}"
    return f"{name} not in ({', '.join(map(str, missing))})"
