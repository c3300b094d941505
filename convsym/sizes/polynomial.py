"""Integer polynomials over symbols and integer functions, the ground under every size.

A size that is not a plain int is a sympy expression in expanded form: a sum of integer multiples of monomials, where
a monomial is a product of powers of *atoms* (symbols, ``FloorDiv`` and the other integer functions of this package).
Here such an expression is taken apart into ``{monomial: coefficient}`` and put together again. Equal polynomials over
the same atoms come out as the same object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import sympy
from sympy.core.add import _addsort
from sympy.core.function import Function
from sympy.core.mul import _mulsort

Size: TypeAlias = "int | sympy.Expr"
Terms: TypeAlias = "dict[sympy.Expr, int]"

ONE: sympy.Expr = sympy.S.One
#: Tables are emptied when they grow past this, so that a long-lived process does not grow without end.
TABLE_LIMIT = 400_000

_terms: dict[sympy.Expr, Mapping[sympy.Expr, int]] = {}
_interned: dict[sympy.Expr, sympy.Expr] = {}
_times: dict[tuple[sympy.Expr, sympy.Expr], sympy.Expr] = {}
_sort_keys: dict[sympy.Expr, str] = {}
_powers: dict[sympy.Expr, tuple[tuple[sympy.Expr, int], ...]] = {}


class SizeFunction(Function):  # type: ignore[misc]
    """An integer function of sizes. Subclasses normalise in ``__new__`` and evaluate in ``value``."""

    is_commutative = True
    is_integer = True
    is_real = True
    is_finite = True
    # Between a sum and a product: `2*(H//2)`, but `H//2 + 1`.
    precedence = 45

    @classmethod
    def raw(cls, *args: sympy.Expr) -> sympy.Expr:
        """The application itself, arguments taken as already normal."""
        made = sympy.Expr.__new__(cls, *args)
        return _interned.setdefault(made, made)

    def value(self, *args: int) -> int:
        """The function's value at integers, exactly as Python computes it."""
        raise NotImplementedError

    def _eval_evalf(self, prec: int) -> None:
        return None


class NotASize(TypeError):
    """The expression is not an integer polynomial over sizes."""


def expression(size: Size) -> sympy.Expr:
    """The size as a sympy object."""
    return sympy.Integer(size) if isinstance(size, int) else size


def intern(expr: sympy.Expr) -> sympy.Expr:
    """The one object that stands for all expressions equal to this one."""
    if len(_interned) > TABLE_LIMIT:
        _interned.clear()
    return _interned.setdefault(expr, expr)


def terms(size: Size) -> Mapping[sympy.Expr, int]:
    """Coefficients by monomial; the constant stands under ``ONE``. Not to be changed by the caller."""
    if isinstance(size, int):
        return {ONE: int(size)} if size else {}
    try:
        return _terms[size]
    except KeyError:
        found = _taken_apart(size)
        if len(_terms) > TABLE_LIMIT:
            _terms.clear()
        _terms[size] = found
        return found


def _taken_apart(expr: sympy.Expr) -> Mapping[sympy.Expr, int]:
    if isinstance(expr, float):
        raise NotASize(f"{expr} is not a size, which must be an integer")
    if expr.is_Integer:
        return {ONE: int(expr)} if expr else {}
    if expr.is_Symbol or isinstance(expr, SizeFunction):
        return {intern(expr): 1}
    if expr.is_Add:
        out: Terms = {}
        for arg in expr.args:
            coefficient, rest = arg.as_coeff_Mul()
            if coefficient.is_Integer:
                accumulate(out, terms(rest), int(coefficient))
            else:
                accumulate(out, terms(arg), 1)
        return cleaned(out)
    if expr.is_Mul:
        product: Mapping[sympy.Expr, int] = {ONE: 1}
        for arg in expr.args:
            product = multiplied(product, terms(arg))
        return product
    if expr.is_Pow and expr.exp.is_Integer and expr.exp.p > 0:
        base = terms(expr.base)
        if len(base) == 1:
            ((monomial, coefficient),) = base.items()
            exponent = int(expr.exp)
            return {intern(monomial**exponent): coefficient**exponent}
        product = base
        for _ in range(int(expr.exp) - 1):
            product = multiplied(product, base)
        return product
    raise NotASize(f"{expr} is not a size: sizes are made of integers with + - * // % min max")


def accumulate(into: Terms, more: Mapping[sympy.Expr, int], factor: int) -> None:
    """Add ``factor`` times ``more`` to ``into``; zeros may stay."""
    for monomial, coefficient in more.items():
        into[monomial] = into.get(monomial, 0) + factor * coefficient


def cleaned(found: Terms) -> Terms:
    """Without zero coefficients."""
    return {monomial: c for monomial, c in found.items() if c} if not all(found.values()) else found


def multiplied(a: Mapping[sympy.Expr, int], b: Mapping[sympy.Expr, int]) -> Terms:
    """The product of two polynomials."""
    out: Terms = {}
    for x, c in a.items():
        for y, d in b.items():
            monomial = times(x, y)
            out[monomial] = out.get(monomial, 0) + c * d
    return cleaned(out)


def times(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    """The product of two monomials."""
    if a is ONE:
        return b
    if b is ONE:
        return a
    try:
        return _times[a, b]
    except KeyError:
        if len(_times) > TABLE_LIMIT:
            _times.clear()
        exponents = dict(powers(a))
        for atom, exponent in powers(b):
            exponents[atom] = exponents.get(atom, 0) + exponent
        parts = [atom if n == 1 else sympy.Pow(atom, n, evaluate=False) for atom, n in exponents.items()]
        _mulsort(parts)
        made = parts[0] if len(parts) == 1 else sympy.Mul._from_args(parts, is_commutative=True)
        made = intern(made)
        _times[a, b] = made
        return made


def powers(monomial: sympy.Expr) -> tuple[tuple[sympy.Expr, int], ...]:
    """The atoms of a monomial, each with its exponent."""
    try:
        return _powers[monomial]
    except KeyError:
        parts = monomial.args if monomial.is_Mul else (monomial,)
        found = tuple((part.base, int(part.exp)) if part.is_Pow else (part, 1) for part in parts if part is not ONE)
        if len(_powers) > TABLE_LIMIT:
            _powers.clear()
        _powers[monomial] = found
        return found


def monomial_of(factors: Iterable[tuple[sympy.Expr, int]]) -> sympy.Expr:
    """The product of powers of atoms."""
    out = ONE
    for atom, exponent in factors:
        if exponent:
            out = times(out, atom if exponent == 1 else intern(atom**exponent))
    return out


def monomial_quotient(monomial: sympy.Expr, divisor: sympy.Expr) -> sympy.Expr | None:
    """``monomial / divisor`` when every atom's exponent suffices."""
    if divisor is ONE:
        return monomial
    have = dict(powers(monomial))
    for atom, exponent in powers(divisor):
        left = have.get(atom, 0) - exponent
        if left < 0:
            return None
        have[atom] = left
    return monomial_of(have.items())


def from_terms(found: Mapping[sympy.Expr, int]) -> Size:
    """The size with these coefficients (which may include zeros)."""
    parts: list[sympy.Expr] = []
    constant = 0
    for monomial, coefficient in found.items():
        if monomial is ONE:
            constant = coefficient
        elif coefficient == 1:
            parts.append(monomial)
        elif coefficient:
            parts.append(_multiple(coefficient, monomial))
    if not parts:
        return constant
    if len(parts) == 1 and not constant:
        return intern(parts[0])
    _addsort(parts)
    if constant:
        parts.insert(0, sympy.Integer(constant))
    made: sympy.Expr = intern(sympy.Add._from_args(parts, is_commutative=True))
    if made not in _terms:
        _terms[made] = {monomial: c for monomial, c in found.items() if c}
    return made


def _multiple(coefficient: int, monomial: sympy.Expr) -> sympy.Expr:
    # What sympy's own product would give, without asking again whether the parts commute.
    parts = monomial.args if monomial.is_Mul else (monomial,)
    return sympy.Mul._from_args((sympy.Integer(coefficient), *parts), is_commutative=True)


def leading(found: Mapping[sympy.Expr, int], order: Mapping[sympy.Expr, int]) -> tuple[tuple[int, ...], sympy.Expr]:
    """The lexicographically largest monomial, with its exponents, when atoms are ranked by ``order``."""
    best: tuple[tuple[int, ...], sympy.Expr] | None = None
    for monomial in found:
        exponents = [0] * len(order)
        for atom, exponent in powers(monomial):
            exponents[order[atom]] = exponent
        key = tuple(exponents)
        if best is None or key > best[0]:
            best = (key, monomial)
    assert best is not None
    return best


def divided(a: Mapping[sympy.Expr, int], b: Mapping[sympy.Expr, int]) -> Terms | None:
    """The polynomial q with ``a == q * b`` identically, or None."""
    if not b:
        return None
    if len(b) == 1:
        ((divisor, by),) = b.items()
        out: Terms = {}
        for monomial, coefficient in a.items():
            if coefficient % by:
                return None
            rest = monomial_quotient(monomial, divisor)
            if rest is None:
                return None
            out[rest] = coefficient // by
        return out
    atoms = {atom for found in (a, b) for monomial in found for atom, _ in powers(monomial)}
    order = {atom: rank for rank, atom in enumerate(sorted(atoms, key=sort_key))}
    _, top = leading(b, order)
    rest_of_a = dict(a)
    quotient: Terms = {}
    while rest_of_a:
        _, monomial = leading(rest_of_a, order)
        coefficient = rest_of_a[monomial]
        step = monomial_quotient(monomial, top)
        if step is None or coefficient % b[top]:
            return None
        factor = coefficient // b[top]
        quotient[step] = factor
        for other, c in b.items():
            place = times(step, other)
            left = rest_of_a.get(place, 0) - factor * c
            if left:
                rest_of_a[place] = left
            else:
                rest_of_a.pop(place, None)
    return quotient


def sort_key(expr: sympy.Expr) -> str:
    """A stable order for monomials and atoms, the same in every process."""
    try:
        return _sort_keys[expr]
    except KeyError:
        if len(_sort_keys) > TABLE_LIMIT:
            _sort_keys.clear()
        made = _sort_keys[expr] = str(expr)
        return made
